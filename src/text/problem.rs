//! What is wrong with a value that was typed.

use super::quote::quoted;

/// What is wrong with a value, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `unknown strategy "redis-kafak"`.
    pub what: String,
    /// `did you mean "redis-kafka"?`
    pub advice: String,
}

impl Problem {
    /// Both halves.
    pub fn new(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            advice: advice.into(),
        }
    }

    /// Of a value that is simply none.
    pub fn invalid(value: &str, advice: impl Into<String>) -> Self {
        Self::new(format!("invalid value {}", quoted(value)), advice)
    }
}
