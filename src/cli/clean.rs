//! The flags of `clean`, and what they mean.

use std::time::Duration;

use clap::Args;

use super::ceiling::flag;
use crate::engine::clean::Plan;
use crate::{
    config::{
        effective::doctor_services,
        output::OutputTarget,
        settings::{OUTPUT, ServiceArgs},
    },
    input::{Env, error::UsageError, typed::Typed},
    text::{problem::Problem, values},
};

/// Flags of `clean`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench clean
  coupon-bench clean --db postgres://bench@localhost/bench --redis redis://localhost --yes
  coupon-bench clean --kafka localhost:9092 --older-than 1h --yes

Without --yes, it only lists. A run of this machine that is not over is never touched. A run that this
machine knows nothing of may be one of another machine, so it is only removed by its age.
Exit codes: 5 a service could not be reached, or something could not be removed.")]
pub struct CleanArgs {
    /// Remove what runs have left behind that are no longer alive
    #[arg(short, long)]
    pub yes: bool,

    /// Also remove what --keep has left
    #[arg(long)]
    pub kept: bool,

    /// Also remove what runs have left that began so long ago, and that this machine knows nothing of; 30m and 1h are understood
    #[arg(long, value_name = "DURATION")]
    pub older_than: Option<Typed>,

    /// Which services.
    #[command(flatten)]
    pub services: ServiceArgs,

    /// Write what was found as JSON; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub json: Option<Typed>,
}

/// Turns the flags of `clean` and the environment into what is to be done, and where the JSON goes.
pub fn plan(args: &CleanArgs, env: Env<'_>) -> Result<(Plan, Option<OutputTarget>), UsageError> {
    let plan = Plan {
        services: doctor_services(&args.services, env)?,
        remove: args.yes,
        kept: args.kept,
        older_than: flag("older_than", args.older_than.as_ref(), age)?,
    };
    let json = flag("json", args.json.as_ref(), OutputTarget::parse)?;
    Ok((plan, json))
}

/// A duration that may be one of hours or days.
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
