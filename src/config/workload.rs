//! The workload: users, limit, attempts, and how the attempts are spread over time.
//!
//! `--in-flight`, `--rate`, `--ramp`, `--spike` and `--spacing` are resolved together: one flag among them replaces all of them
//! in the file.

use std::time::Duration;

use super::{layers::Layers, settings::Field};
use crate::{
    input::error::UsageError,
    model::workload::{Arrivals, MAX_ATTEMPTS, Profile, Spacing, Workload},
    text::{
        problem::Problem,
        values::{self, span},
    },
};

/// More coupons than attempts are allowed and mean "no limit". Databases and Redis count in signed 64 bits.
const MAX_LIMIT: u64 = i64::MAX as u64;

/// One attempt a nanosecond, the resolution of the clock.
const MAX_RATE: f64 = 1e9;

/// The workload of the settings, with defaults.
pub(crate) fn workload(layers: &Layers) -> Result<Workload, UsageError> {
    let workload = Workload {
        users: layers
            .value("users", |s| &s.users, values::positive(MAX_ATTEMPTS))?
            .unwrap_or(10_000),
        limit: layers
            .value("limit", |s| &s.limit, values::positive(MAX_LIMIT))?
            .unwrap_or(100),
        attempts: layers
            .value("attempts", |s| &s.attempts, values::positive(u32::MAX))?
            .unwrap_or(1),
        arrivals: arrivals(layers)?,
        seed: layers
            .value("seed", |s| &s.seed, values::seed)?
            .unwrap_or_else(random_seed),
        timeout: layers
            .value("timeout", |s| &s.timeout, span)?
            .unwrap_or(Duration::from_secs(30)),
        warmup: layers
            .value("warmup", |s| &s.warmup, values::switch)?
            .unwrap_or(true),
    };
    check_attempts(layers, workload)?;
    Ok(workload)
}

/// Checks the product of users and attempts. The error names both places, because each number alone is valid.
fn check_attempts(layers: &Layers, workload: Workload) -> Result<(), UsageError> {
    let Workload {
        users, attempts, ..
    } = workload;
    if users
        .checked_mul(u64::from(attempts))
        .is_some_and(|total| total <= MAX_ATTEMPTS)
    {
        return Ok(());
    }
    let places: Vec<_> = [
        layers.find("users", |s| &s.users),
        layers.find("attempts", |s| &s.attempts),
    ]
    .into_iter()
    .flatten()
    .map(|value| value.place.to_string())
    .collect();
    Err(UsageError::TooManyAttempts {
        users,
        attempts,
        places: places.join(" and "),
    })
}

fn arrivals(layers: &Layers) -> Result<Arrivals, UsageError> {
    let layers = layers.first_matching(|s| {
        let all = [&s.in_flight, &s.rate, &s.ramp, &s.spike];
        all.iter().any(|value| value.is_some())
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
            let advice = "a closed loop has no rate, so leave out --rate, --ramp and --spike, or leave out --in-flight";
            return conflict(&layers, "in_flight", |s| &s.in_flight, advice);
        }
        _ => {
            let advice =
                "a spike sets the rate, so leave out --rate and --ramp, or leave out --spike";
            return conflict(&layers, "spike", |s| &s.spike, advice);
        }
    };
    match arrivals {
        Arrivals::Burst | Arrivals::ClosedLoop { .. } if spacing.is_some() => {
            let advice = "only an open loop has a spacing, so add --rate, --ramp or --spike";
            conflict(&layers, "spacing", |s| &s.spacing, advice)
        }
        arrivals => Ok(arrivals),
    }
}

/// The error that the setting `name` conflicts with the others.
fn conflict(
    layers: &Layers,
    name: &'static str,
    field: Field,
    advice: &str,
) -> Result<Arrivals, UsageError> {
    let value = layers.find(name, field);
    value.map_or(Ok(Arrivals::Burst), |value| {
        value.parse(|text| Err(Problem::invalid(text, advice)))
    })
}

fn rate(text: &str) -> Result<f64, Problem> {
    match values::rate(text)? {
        rate if rate <= 0.0 => Err(Problem::invalid(text, "must be more than 0")),
        rate if rate > MAX_RATE => Err(Problem::invalid(text, "must be at most 1000m (a billion)")),
        rate => Ok(rate),
    }
}

fn spacing(text: &str) -> Result<Spacing, Problem> {
    match text.trim() {
        "even" => Ok(Spacing::Even),
        "poisson" => Ok(Spacing::Poisson),
        _ => Err(Problem::invalid(text, "write even or poisson")),
    }
}

/// 32 bits: short enough to type again, and an exact number in every JSON reader and in TOML.
fn random_seed() -> u64 {
    rand::random::<u32>().into()
}
