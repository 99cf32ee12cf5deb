//! The flags of `clean`, and their validation.

use std::time::Duration;

use clap::Args;

use crate::{
    config::{
        doctor_services,
        layers::flag,
        output::OutputTarget,
        settings::{OUTPUT, ServiceArgs},
    },
    engine::clean::CleanSettings,
    input::{Env, error::UsageError, raw_value::RawValue},
    text::{problem::Problem, values},
};

/// Flags of `clean`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench clean
  coupon-bench clean --db postgres://bench@localhost/bench --redis redis://localhost --yes
  coupon-bench clean --kafka localhost:9092 --older-than 1h --yes

Without --yes, the command only lists objects. Objects of a run that is still under way on this machine
are never removed. A run that has no entry on this machine may be under way on another machine, so its
objects are removed only by their age (--older-than).
Exit codes: 5 a service could not be reached, or an object could not be removed.")]
pub struct CleanArgs {
    /// Remove the objects of runs that have ended
    #[arg(short, long)]
    pub yes: bool,

    /// Also remove the objects that --keep left behind
    #[arg(long)]
    pub kept: bool,

    /// Also remove the objects of runs of other machines that started this long ago; 30m and 1h are understood
    #[arg(long, value_name = "DURATION")]
    pub older_than: Option<RawValue>,

    /// The addresses of the services.
    #[command(flatten)]
    pub services: ServiceArgs,

    /// Write the result as JSON; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub json: Option<RawValue>,
}

/// Validates the flags of `clean` and the environment: what to remove, and where the JSON goes.
///
/// # Errors
///
/// The first invalid setting, with its place.
pub fn resolve(
    args: &CleanArgs,
    env: Env<'_>,
) -> Result<(CleanSettings, Option<OutputTarget>), UsageError> {
    let plan = CleanSettings {
        services: doctor_services(&args.services, env)?,
        remove: args.yes,
        kept: args.kept,
        older_than: flag("older_than", args.older_than.as_ref(), age)?,
    };
    let json = flag("json", args.json.as_ref(), OutputTarget::parse)?;
    Ok((plan, json))
}

/// A duration that can also have the unit `h` or `d`.
fn age(text: &str) -> Result<Duration, Problem> {
    let trimmed = text.trim();
    let longer = [("h", 60), ("d", 24 * 60)]
        .into_iter()
        .find_map(|(unit, minutes)| {
            let number = trimmed.strip_suffix(unit)?;
            Some((format!("{}m", number.trim_end()), minutes))
        });
    match longer {
        Some((minutes, factor)) => values::duration(&minutes)
            .ok()
            .and_then(|duration| duration.checked_mul(factor))
            .ok_or_else(|| {
                Problem::invalid(text, "an age is a number and a unit, such as 30m, 1h or 2d")
            }),
        None => values::duration(trimmed),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn an_age_has_hours_and_days() {
        for (text, seconds) in [
            ("30s", 30),
            ("90m", 5400),
            ("1h", 3600),
            ("1.5h", 5400),
            ("2d", 172_800),
        ] {
            assert_eq!(age(text).unwrap(), Duration::from_secs(seconds), "{text}");
        }
        for text in ["", "1", "h", "-1h", "1w"] {
            assert!(age(text).is_err(), "{text}");
        }
    }
}
