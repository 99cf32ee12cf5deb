//! The flags of `target`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};

use super::ceiling::flag;
use crate::{
    input::{UsageError, typed::Typed},
    text::values::span,
};

/// Flags of `target`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench target new my-service.toml
  coupon-bench target check my-service.toml
  coupon-bench run --target my-service.toml --users 10000 --limit 100

The whole format is in docs/targets.md; schema/target.schema.json is for editors.")]
pub struct TargetArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: TargetCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum TargetCommand {
    /// Sends one claim as one user, and shows request, answer, its meaning, and what the ledger holds
    Check(CheckArgs),
    /// Writes a file to begin with, commented
    New(NewArgs),
}

/// Flags of `target check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0 the answer means something, and the ledger agrees with it
  2 the file is wrong
  4 no rule is for the answer, or the ledger does not show what was said
  5 the service or the ledger could not be reached, did not answer, or failed")]
pub struct CheckArgs {
    /// The target file
    pub file: PathBuf,

    /// Coupons, for {{limit}}
    #[arg(short, long, value_name = "N", default_value_t = 100)]
    pub limit: u64,

    /// How long the claim may take; 500ms, 30s and 2m are understood [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub timeout: Option<Typed>,

    /// Let the claim leave this machine
    #[arg(long)]
    pub allow_remote: bool,
}

impl CheckArgs {
    /// How long the claim may take.
    pub fn patience(&self) -> Result<Duration, UsageError> {
        let typed = flag("timeout", self.timeout.as_ref(), span)?;
        Ok(typed.unwrap_or(Duration::from_secs(30)))
    }
}

/// Flags of `target new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Where to write it, which must not exist yet; - is stdout
    #[arg(value_name = "FILE|-", default_value = "target.toml")]
    pub file: PathBuf,
}
