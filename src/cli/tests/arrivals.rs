//! The flags for how the attempts are spread over time.

use std::time::Duration;

use super::{file, resolved};
use crate::model::workload::{Arrivals, Profile, Spacing};

fn arrivals(args: &[&str]) -> Result<Arrivals, String> {
    let args = [&["--strategy", "naive"], args].concat();
    let resolved = resolved(&args).map_err(|error| error.to_string())?;
    Ok(resolved.scenario.workload.arrivals)
}

#[test]
fn flags_of_arrivals_are_resolved_together() {
    let open = |profile, spacing| Ok(Arrivals::OpenLoop { profile, spacing });
    let over = Duration::from_secs(2);
    for (args, expected) in [
        (
            &["-c", "50"][..],
            Ok(Arrivals::ClosedLoop { in_flight: 50 }),
        ),
        (
            &["--rate", "5k"],
            open(Profile::Constant { per_second: 5e3 }, Spacing::Even),
        ),
        (
            &["-r", "0.5/s", "--spacing", "poisson"],
            open(Profile::Constant { per_second: 0.5 }, Spacing::Poisson),
        ),
        (
            &["--ramp", "2s"],
            open(
                Profile::Ramp {
                    over,
                    up_to_per_second: None,
                },
                Spacing::Even,
            ),
        ),
        (
            &["--ramp", "2s", "--rate", "100"],
            open(
                Profile::Ramp {
                    over,
                    up_to_per_second: Some(100.0),
                },
                Spacing::Even,
            ),
        ),
        (
            &["--spike", "2s"],
            open(Profile::Spike { over }, Spacing::Even),
        ),
    ] {
        assert_eq!(arrivals(args), expected, "{args:?}");
    }
}

#[test]
fn conflicting_flags_of_arrivals_are_refused_with_their_place() {
    for (args, expected) in [
        (
            &["-c", "5", "--rate", "10"][..],
            "invalid value \"5\" in --in-flight: a closed loop has no rate, so leave out --rate, --ramp and \
             --spike, or leave out --in-flight",
        ),
        (
            &["--spike", "1s", "--rate", "10"],
            "invalid value \"1s\" in --spike: a spike sets the rate, so leave out --rate and --ramp, or leave out \
             --spike",
        ),
        (
            &["--spacing", "poisson"],
            "invalid value \"poisson\" in --spacing: only an open loop has a spacing, so add --rate, --ramp or --spike",
        ),
        (
            &["--rate", "0"],
            "invalid value \"0\" in --rate: must be more than 0",
        ),
        (
            &["--rate", "fast"],
            "invalid value \"fast\" in --rate: a rate is a number per second, such as 5000, 5k or 0.5",
        ),
        (
            &["--ramp", "0s"],
            "invalid value \"0s\" in --ramp: must be longer than 0",
        ),
    ] {
        assert_eq!(arrivals(args), Err(expected.to_owned()), "{args:?}");
    }
}

#[test]
fn a_flag_of_arrivals_replaces_all_arrivals_of_the_file() {
    let (_file, path) = file("strategy = 'naive'\nin_flight = 5\nspacing = 'poisson'");
    let resolved = resolved(&["--scenario", &path, "--rate", "10"]).unwrap();
    assert_eq!(
        resolved.scenario.workload.arrivals,
        Arrivals::OpenLoop {
            profile: Profile::Constant { per_second: 10.0 },
            spacing: Spacing::Even,
        }
    );
}
