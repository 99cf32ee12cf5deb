//! The flags of `target`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};

use crate::{
    config::layers::flag,
    input::{UsageError, raw_value::RawValue},
    text::values::span,
};

/// Flags of `target`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench target new my-service.toml
  coupon-bench target check my-service.toml
  coupon-bench run --target my-service.toml --users 10000 --limit 100

The format of the file is in docs/targets.md; schema/target.schema.json is the schema for editors.")]
pub struct TargetArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub command: TargetCommand,
}

/// The subcommands of `target`.
#[derive(Debug, Subcommand)]
pub enum TargetCommand {
    /// Sends one claim as one user, and shows the request, the response, its outcome, and the ledger
    Check(CheckArgs),
    /// Writes a target file with comments, to be edited
    New(NewArgs),
}

/// Flags of `target check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0 the response has an outcome, and the ledger agrees with it
  2 the file is invalid
  4 no rule matches the response, or the ledger does not agree with the outcome
  5 the service or the ledger could not be reached, did not respond, or failed")]
pub struct CheckArgs {
    /// The target file
    pub file: PathBuf,

    /// Coupons, for {{limit}}
    #[arg(short, long, value_name = "N", default_value_t = 100)]
    pub limit: u64,

    /// Timeout of the claim; 500ms, 30s and 2m are understood [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub timeout: Option<RawValue>,

    /// Allow a claim on a target outside this machine
    #[arg(long)]
    pub allow_remote: bool,
}

impl CheckArgs {
    /// The timeout of the claim.
    ///
    /// # Errors
    ///
    /// `--timeout` is not a duration.
    pub fn timeout(&self) -> Result<Duration, UsageError> {
        let timeout = flag("timeout", self.timeout.as_ref(), span)?;
        Ok(timeout.unwrap_or(Duration::from_secs(30)))
    }
}

/// Flags of `target new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// The new file, which must not exist yet; - is stdout
    #[arg(value_name = "FILE|-", default_value = "target.toml")]
    pub file: PathBuf,
}
