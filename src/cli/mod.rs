//! The command line as typed, and the one place where flags, a scenario file and the environment become a
//! validated [`crate::config::scenario::Scenario`].
//!
//! # Layout
//!
//! - this file: the commands and the global flags
//! - [`settings`]: the flags of `run`, which are also the keys of a scenario file
//! - [`ceiling`]: the flags of `ceiling`, and what they mean
//! - [`clean`]: the flags of `clean`
//! - [`compare`]: the flags of `compare`
//! - [`explore`]: the flags of `explore`
//! - [`replay`]: the flags of `replay`
//! - [`serve`]: the flags of `serve`
//! - [`manual`]: the flags of `completions` and `man`
//! - [`mod@file`]: reads a scenario file; [`toml_file`]: any file in TOML, with the line and the key of every mistake
//! - [`layers`]: flag over file over environment
//! - [`mod@effective`]: what was typed becomes what is meant
//! - [`output`]: what a run tells, and where documents go
//! - [`target`]: the flags of `target`; `targets`: a service in place of strategies, for `run` and `compare`
//! - [`strategies`]: which strategies are meant, and which the database can run
//! - [`values`], [`services`]: counts, durations, URLs and broker lists as people write them
//! - [`mask`], [`error`]: how it is said that something is wrong, without telling a password
//!
//! To add a flag, add its field to [`settings::RunSettings`] and its line to [`effective`](effective::effective) or to [`output`].
//! Nothing here prints, and the only input besides the arguments is the scenario file and the variables asked for.

pub mod ceiling;
pub(crate) mod clap_error;
pub mod clean;
pub mod commands;
pub mod compare;
pub mod doctor;
pub mod explore;
pub mod manual;
pub mod replay;
pub mod serve;
pub mod target;

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing::level_filters::LevelFilter;

pub use self::{ceiling::CeilingArgs, clean::CleanArgs};
pub use crate::{
    config::{
        effective::{Effective, doctor_services, effective},
        output::{Output, OutputTarget},
        settings::{RunArgs, RunSettings, ServiceArgs},
    },
    input::{Env, error::UsageError},
};

/// Does my first-come-first-served event really give out exactly 100 coupons?
#[derive(Debug, Parser)]
#[command(name = "coupon-bench", version, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  coupon-bench run --strategy redis-kafka --users 10000
  coupon-bench run --strategy all --users 1k --trials 5
  coupon-bench run --scenario scenarios/flash-sale.toml --json report.json
  coupon-bench compare --strategy redis-incr,redis-kafka
  coupon-bench run --target my-service.toml --users 10000 --limit 100
  coupon-bench explore --strategy naive
  coupon-bench replay naive:u2:l1:ABBA --db postgres://bench@localhost/bench
  coupon-bench serve --strategy redis-set-incr --listen 127.0.0.1:8080
  coupon-bench strategies

Exit codes:
  0 every promise and assertion held     4 inconclusive, also where a service died in the middle
  2 usage or scenario error              5 a service could not be reached before the load
  3 a promise or assertion was violated  1 anything else, 130 interrupted")]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// What the arguments mean, the program's name first.
    pub fn typed<T: Into<OsString> + Clone>(
        args: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        Self::try_parse_from(args).map_err(crate::config::strategies::with_its_flag)
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fires concurrent users at a strategy and counts the coupons
    Run(Box<RunArgs>),
    /// Compares reports, or strategies side by side: correctness first, then speed
    Compare(Box<compare::CompareArgs>),
    /// Tries every interleaving of a strategy and shows the smallest that breaks it
    Explore(Box<explore::ExploreArgs>),
    /// Plays one interleaving on real services
    Replay(Box<replay::ReplayArgs>),
    /// Serves a strategy over HTTP, for any load tool
    Serve(Box<serve::ServeArgs>),
    /// Lists the strategies, with what each promises and needs
    Strategies(StrategiesArgs),
    /// Describes a service of your own, and tries the description with one claim
    Target(target::TargetArgs),
    /// Measures how fast the services are by themselves: what a strategy can reach at most here
    Ceiling(Box<CeilingArgs>),
    /// Lists what runs that were killed have left behind, and removes it
    Clean(CleanArgs),
    /// Says which services are reachable, in which version, and what is embedded
    Doctor(DoctorArgs),
    /// Prints a script that completes this program's commands and flags in a shell
    Completions(manual::CompletionsArgs),
    /// Prints the manual page of the program, or of one of its commands
    Man(manual::ManArgs),
    /// One of several processes of a run; started by the run itself
    #[command(name = crate::engine::run::instances::COMMAND, hide = true)]
    Instance,
}

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Say more on stderr; twice for even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// When to colour the output
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

impl GlobalArgs {
    /// What tracing lets through to stderr.
    pub fn level(&self) -> LevelFilter {
        match self.verbose {
            0 => LevelFilter::WARN,
            1 => LevelFilter::INFO,
            2 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        }
    }
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    #[value(help = "On a terminal, unless NO_COLOR is set")]
    Auto,
    /// Whatever the environment says
    Always,
    /// Never
    Never,
}

impl Color {
    /// Whether to colour a stream. `NO_COLOR` counts when it is set to anything but the empty string
    /// (<https://no-color.org>).
    pub fn enabled(self, is_terminal: bool, env: Env<'_>) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => is_terminal && env("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }
}

/// Flags of `strategies`.
#[derive(Debug, Args)]
pub struct StrategiesArgs {
    /// Show this strategy's page, with its listing
    pub name: Option<String>,

    /// Print the catalogue as JSON
    #[arg(long, conflicts_with = "name")]
    pub json: bool,

    /// Print every strategy's page as Markdown, with what a search over every interleaving finds
    #[arg(long, conflicts_with_all = ["name", "json"])]
    pub markdown: bool,
}

/// Flags of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench doctor
  coupon-bench doctor --db postgres://bench@localhost/bench --kafka localhost:9092")]
pub struct DoctorArgs {
    /// The services to look at.
    #[command(flatten)]
    pub services: ServiceArgs,
}

#[cfg(test)]
mod tests;
