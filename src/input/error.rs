//! What is wrong with what was typed: one line each, with what, where and what to do.
//!
//! No text made here holds a password: values are quoted by [`super::mask::quoted`] alone.

use std::{fmt, path::PathBuf};

use crate::{
    model::interleaving::TokenError, strategies::REGISTRY, text::is_unsafe, text::problem::Problem,
};
use crate::{model::workload::MAX_ATTEMPTS, text::quote::quoted};

/// Something that the user has to change before anything can run; the process's exit code is 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// Neither a flag nor the file names a strategy.
    #[error(
        "no strategy is named: give --strategy one of {}, several with commas, or all",
        strategy_names(", ")
    )]
    NoStrategy,
    /// `compare` without anything.
    #[error(
        "nothing to compare: name reports that run --json wrote, or strategies to run \
         (--strategy redis-incr,redis-lua)"
    )]
    NothingToCompare,
    /// A value that cannot be.
    #[error("{} in {place}: {}", problem.what, problem.advice)]
    Setting {
        /// Where it was said.
        place: Place,
        /// What and what to do.
        problem: Problem,
    },
    /// An assertion that cannot be read; the one error of several lines, as it points into the expression.
    #[error("invalid assertion in {place}: {explanation}")]
    Assertion {
        /// Where it was said.
        place: Place,
        /// What and where in the expression.
        explanation: String,
    },
    /// A schedule that cannot be read; of several lines, as it points into it.
    #[error(transparent)]
    Schedule(#[from] TokenError),
    /// More than a machine could keep apart.
    #[error(
        "{users} users with {attempts} attempts each in {places}: at most {MAX_ATTEMPTS} attempts \
         in all are possible, so lower one of them"
    )]
    TooManyAttempts {
        /// Distinct users.
        users: u64,
        /// Attempts each.
        attempts: u32,
        /// Where they were said.
        places: String,
    },
    /// A file cannot be read.
    #[error("cannot read the {kind} file {}: {reason}", quoted(&path.to_string_lossy()))]
    Unreadable {
        /// What it was to be: a scenario, or a target.
        kind: &'static str,
        /// As typed.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
}

/// Where something was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On the command line, by the name of a setting.
    Flag(&'static str),
    /// On the command line, without a flag.
    Argument(&'static str),
    /// In the environment, by the name of a setting.
    Variable(&'static str),
    /// In a scenario file.
    Key {
        /// As typed.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// The key; empty where the file is no TOML.
        key: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "--{}", name.replace('_', "-")),
            Self::Argument(name) => f.write_str(name),
            Self::Variable(name) => f.write_str(&variable(name)),
            Self::Key { file, line, key } => {
                // Not quoted, so that a terminal can open it at the line.
                let file = file.to_string_lossy().replace(is_unsafe, "?");
                write!(f, "{file}:{line}")?;
                if key.is_empty() {
                    Ok(())
                } else {
                    write!(f, " ({key})")
                }
            }
        }
    }
}

/// The environment variable of a setting.
pub fn variable(name: &str) -> String {
    format!("COUPON_BENCH_{}", name.to_ascii_uppercase())
}

/// The names of all strategies.
fn strategy_names(separator: &str) -> String {
    let names: Vec<_> = REGISTRY.iter().map(|entry| entry.name).collect();
    names.join(separator)
}
