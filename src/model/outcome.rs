//! The outcome of an attempt.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    ports::{Effect, Result, UserId},
    strategies::Decision,
};

/// The outcome of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u64)]
pub enum Outcome {
    /// The response was "issued": the user has a coupon.
    Issued = 1,
    /// The response was "sold out": all coupons are gone.
    SoldOut = 2,
    /// The response was "duplicate": the user has asked before.
    Duplicate = 3,
    /// An error that cannot have issued a coupon by itself.
    Failed = 4,
    /// No answer in time, or an error after which the coupon may or may not be issued.
    Indeterminate = 5,
    /// The response was "accepted": the decision comes later.
    Accepted = 6,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 6] = [
        Self::Issued,
        Self::SoldOut,
        Self::Duplicate,
        Self::Failed,
        Self::Indeterminate,
        Self::Accepted,
    ];

    /// The name in JSON, CSV and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::SoldOut => "sold_out",
            Self::Duplicate => "duplicate",
            Self::Failed => "failed",
            Self::Indeterminate => "indeterminate",
            Self::Accepted => "accepted",
        }
    }

    /// The outcome with this number; `None` if no outcome has it.
    pub fn numbered(number: u64) -> Option<Self> {
        Some(match number {
            1 => Self::Issued,
            2 => Self::SoldOut,
            3 => Self::Duplicate,
            4 => Self::Failed,
            5 => Self::Indeterminate,
            6 => Self::Accepted,
            _ => return None,
        })
    }

    /// The outcome of an attempt with this result.
    pub fn of(answer: &Result<Decision>) -> Self {
        match answer {
            Ok(Decision::Issued) => Self::Issued,
            Ok(Decision::SoldOut) => Self::SoldOut,
            Ok(Decision::Duplicate) => Self::Duplicate,
            Ok(Decision::Accepted) => Self::Accepted,
            Err(error) if error.effect == Effect::Unknown => Self::Indeterminate,
            Err(_) => Self::Failed,
        }
    }
}

/// One attempt. Times are measured from the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The user who made the attempt.
    pub user: UserId,
    /// Its outcome.
    pub outcome: Outcome,
    /// The intended start.
    pub intended: Duration,
    /// The actual start.
    pub start: Duration,
    /// The first answer, if the decision came later; otherwise `None`.
    #[serde(default)]
    pub answered: Option<Duration>,
    /// The end; `None` if the attempt had not ended at the end of the run.
    pub end: Option<Duration>,
}

impl Attempt {
    /// An attempt of a test: at the release, with an immediate answer.
    #[cfg(test)]
    pub(crate) fn immediate(user: u64, outcome: Outcome) -> Self {
        Self {
            user: UserId(user),
            outcome,
            intended: Duration::ZERO,
            start: Duration::ZERO,
            answered: None,
            end: Some(Duration::ZERO),
        }
    }

    /// The first answer, whether or not it was the decision; `None` without an answer.
    pub fn first_answer(&self) -> Option<Duration> {
        self.answered.or(self.end)
    }
}
