//! The error of an invalid value from a flag, a file or an environment variable.

use super::quote::quoted;

/// What is wrong with a value, and how to correct it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `unknown strategy "redis-kafak"`.
    pub what: String,
    /// `did you mean "redis-kafka"?`
    pub advice: String,
}

impl Problem {
    /// A problem with its advice.
    pub fn new(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            advice: advice.into(),
        }
    }

    /// The problem of an invalid value.
    pub fn invalid(value: &str, advice: impl Into<String>) -> Self {
        Self::new(format!("invalid value {}", quoted(value)), advice)
    }
}
