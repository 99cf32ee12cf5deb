//! The errors of settings: one line each, with what is wrong, where, and what to do.
//!
//! No error holds a password: values are quoted by [`quoted`], which masks them.

use std::{fmt, path::PathBuf};

use crate::{
    model::{interleaving::TokenError, workload::MAX_ATTEMPTS},
    strategies::REGISTRY,
    text::{is_unsafe, problem::Problem, quote::quoted},
};

/// An error that the user has to correct before a command can run; the exit code is 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// Neither a flag nor the file names a strategy.
    #[error(
        "no strategy is named: give --strategy one of {}, several with commas, or all",
        strategy_names(", ")
    )]
    NoStrategy,
    /// `compare` has no reports and no strategies.
    #[error(
        "nothing to compare: name reports that run --json wrote, or strategies to run \
         (--strategy redis-incr,redis-lua)"
    )]
    NothingToCompare,
    /// A setting has an invalid value.
    #[error("{} in {place}: {}", problem.what, problem.advice)]
    Setting {
        /// The place of the setting.
        place: Place,
        /// What is wrong, and what to do.
        problem: Problem,
    },
    /// An assertion cannot be parsed. The error has several lines, because it points into the expression.
    #[error("invalid assertion in {place}: {explanation}")]
    Assertion {
        /// The place of the assertion.
        place: Place,
        /// What is wrong, and where in the expression.
        explanation: String,
    },
    /// A schedule cannot be parsed. The error has several lines, because it points into the schedule.
    #[error(transparent)]
    Schedule(#[from] TokenError),
    /// The product of users and attempts exceeds [`MAX_ATTEMPTS`].
    #[error(
        "{users} users with {attempts} attempts each in {places}: at most {MAX_ATTEMPTS} attempts \
         in all are possible, so lower one of them"
    )]
    TooManyAttempts {
        /// Distinct users.
        users: u64,
        /// Attempts of each user.
        attempts: u32,
        /// The places of both settings.
        places: String,
    },
    /// A file cannot be read.
    #[error("cannot read the {kind} file {}: {reason}", quoted(&path.to_string_lossy()))]
    Unreadable {
        /// The kind of file: `scenario` or `target`.
        kind: &'static str,
        /// The path.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
}

/// The place of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A flag, by the name of the setting.
    Flag(&'static str),
    /// A positional argument, by its name in the help.
    Argument(&'static str),
    /// An environment variable, by the name of the setting.
    Variable(&'static str),
    /// A key of a TOML file.
    Key {
        /// The path of the file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key; empty where the file is not valid TOML.
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
