//! `--in-flight`, `--rate`, `--ramp`, `--spike` and `--spacing`: how the attempts are spread over time.
//!
//! They belong together: what a flag says of them replaces all that a file says of them.

use super::{layers::Layers, settings::RunSettings};
use crate::model::workload::{Arrivals, Profile, Spacing};
use crate::text::values::span;
use crate::{
    input::error::UsageError,
    text::{problem::Problem, values},
};

/// A billion a second is one a nanosecond, the clock's own step.
const FASTEST: f64 = 1e9;

/// What the settings mean together.
pub(crate) fn arrivals(layers: &Layers) -> Result<Arrivals, UsageError> {
    let layers = layers.first_that_says(|said| {
        let all = [&said.in_flight, &said.rate, &said.ramp, &said.spike];
        all.iter().any(|typed| typed.is_some())
    });
    let in_flight = layers.value("in_flight", |s| &s.in_flight, values::positive(u64::MAX))?;
    let rate = layers.value("rate", |s| &s.rate, rate)?;
    let ramp = layers.value("ramp", |s| &s.ramp, span)?;
    let spike = layers.value("spike", |s| &s.spike, span)?;
    let spacing = layers.value("spacing", |s| &s.spacing, spacing)?;

    let open = |profile| {
        let spacing = spacing.unwrap_or(Spacing::Even);
        Arrivals::OpenLoop { profile, spacing }
    };
    let arrivals = match (in_flight, rate, ramp, spike) {
        (None, None, None, None) => Arrivals::Burst,
        (Some(in_flight), None, None, None) => Arrivals::ClosedLoop { in_flight },
        (None, Some(per_second), None, None) => open(Profile::Constant { per_second }),
        (None, up_to_per_second, Some(over), None) => open(Profile::Ramp {
            over,
            up_to_per_second,
        }),
        (None, None, None, Some(over)) => open(Profile::Spike { over }),
        (Some(_), ..) => {
            return contradiction(
                &layers,
                "in_flight",
                |s| &s.in_flight,
                "a closed loop has no rate of its own, so leave out --rate, --ramp and --spike, or this",
            );
        }
        _ => {
            return contradiction(
                &layers,
                "spike",
                |s| &s.spike,
                "a spike has its own rates, so leave out --rate and --ramp, or this",
            );
        }
    };
    match arrivals {
        Arrivals::Burst | Arrivals::ClosedLoop { .. } if spacing.is_some() => contradiction(
            &layers,
            "spacing",
            |s| &s.spacing,
            "only an open loop is spaced, so add --rate, --ramp or --spike",
        ),
        arrivals => Ok(arrivals),
    }
}

/// The error that `name` does not go with the others.
fn contradiction(
    layers: &Layers,
    name: &'static str,
    get: for<'a> fn(&'a RunSettings) -> &'a Option<crate::input::typed::Typed>,
    advice: &str,
) -> Result<Arrivals, UsageError> {
    let found = layers.find(name, get);
    found.map_or(Ok(Arrivals::Burst), |found| {
        found.parse(|text| Err(Problem::invalid(text, advice)))
    })
}

fn rate(text: &str) -> Result<f64, Problem> {
    match values::rate(text)? {
        none if none <= 0.0 => Err(Problem::invalid(text, "must be more than 0")),
        high if high > FASTEST => Err(Problem::invalid(text, "must be at most 1000m (a billion)")),
        rate => Ok(rate),
    }
}

fn spacing(text: &str) -> Result<Spacing, Problem> {
    match text.trim() {
        "even" => Ok(Spacing::Even),
        "poisson" => Ok(Spacing::Poisson),
        _ => Err(Problem::invalid(text, "say even or poisson")),
    }
}
