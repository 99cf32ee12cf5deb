//! The command line: the commands, their flags, and what each command does.
//!
//! # Layout
//!
//! - this file: the list of commands and the global flags
//! - [`ceiling`], [`clean`], [`compare`], [`explore`], [`hunt`], [`replay`], [`serve`]: the flags of one command, and `resolve`, which validates
//!   them; the flags of `run` and their validation are in [`crate::config`]
//! - [`target`], [`manual`]: the flags of `target`, `completions` and `man`
//! - [`doctor`]: the check of the services
//! - [`commands`]: what each command does: open the outputs, call the engine, write the result, return the exit code
//! - `clap_error`: clap's errors without secrets

pub mod ceiling;
pub(crate) mod clap_error;
pub mod clean;
pub mod commands;
pub mod compare;
pub mod doctor;
pub mod explore;
pub mod hunt;
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
        Output, OutputTarget, RunArgs, RunConfig, RunSettings, ServiceArgs, doctor_services,
        resolve,
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
  coupon-bench hunt my-service.toml --postgres 127.0.0.1:5432 -- java -jar shop.jar
  coupon-bench serve --strategy redis-set-incr --listen 127.0.0.1:8080
  coupon-bench strategies

Exit codes:
  0 every promise and assertion held     4 inconclusive, also if a service fails during the load
  2 usage or scenario error              5 a service could not be reached before the load
  3 a promise or assertion was violated  1 any other error, 130 interrupted")]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Parses the arguments, of which the first is the program's name.
    ///
    /// # Errors
    ///
    /// clap's error, with a tip where a strategy has no flag.
    pub fn parse_args<T: Into<OsString> + Clone>(
        args: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        Self::try_parse_from(args).map_err(crate::config::strategies::suggest_strategy_flag)
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sends concurrent claims to a strategy and counts the coupons
    Run(Box<RunArgs>),
    /// Compares reports, or strategies side by side: correctness first, then speed
    Compare(Box<compare::CompareArgs>),
    /// Searches every interleaving of a strategy and shows the shortest one that breaks its promise
    Explore(Box<explore::ExploreArgs>),
    /// Searches every order of the statements of two requests to a service of your own, and shows the smallest that breaks it
    Hunt(Box<hunt::HuntArgs>),
    /// Replays one interleaving on real services
    Replay(Box<replay::ReplayArgs>),
    /// Serves a strategy over HTTP, for any load tool
    Serve(Box<serve::ServeArgs>),
    /// Lists the strategies, with what each promises and needs
    Strategies(StrategiesArgs),
    /// Creates the description of a service of your own, and checks it with one claim
    Target(target::TargetArgs),
    /// Measures the services without a strategy: the most that a strategy can reach on this machine
    Ceiling(Box<CeilingArgs>),
    /// Lists the objects that killed runs left behind, and removes them
    Clean(CleanArgs),
    /// Shows which services can be reached, their versions, and which are embedded
    Doctor(DoctorArgs),
    /// Prints a script that completes this program's commands and flags in a shell
    Completions(manual::CompletionsArgs),
    /// Prints the manual page of the program, or of one of its commands
    Man(manual::ManArgs),
    /// A process of --instances; started by the run itself
    #[command(name = crate::engine::run::instances::COMMAND, hide = true)]
    Instance,
}

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Write more log lines to stderr; give the flag twice for debug lines
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// When to colour the output
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

impl GlobalArgs {
    /// The level of the log on stderr.
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
    /// Also if `NO_COLOR` is set.
    #[value(help = "Also if NO_COLOR is set")]
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

    /// Print every strategy's page as Markdown, with the results of a search over every interleaving
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
    /// The addresses of the services.
    #[command(flatten)]
    pub services: ServiceArgs,
}

#[cfg(test)]
mod tests;
