//! How an attempt ended.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    ports::{Effect, Result, UserId},
    strategies::Decision,
};

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u64)]
pub enum Outcome {
    /// Told: the coupon is yours.
    Issued = 1,
    /// Told: all coupons are gone.
    SoldOut = 2,
    /// Told: you have asked before.
    Duplicate = 3,
    /// An error that cannot have issued a coupon by itself.
    Failed = 4,
    /// No answer in time, or an error that leaves it open.
    Indeterminate = 5,
    /// Told: your request is noted, and whether you get a coupon shows later.
    Accepted = 6,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Issued,
        Self::SoldOut,
        Self::Duplicate,
        Self::Failed,
        Self::Indeterminate,
        Self::Accepted,
    ];

    /// Of its number; `None` for a number that no outcome has.
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

    /// Of this answer.
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

/// One attempt, as it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Who asked.
    pub user: UserId,
    /// How it ended.
    pub outcome: Outcome,
    /// From the release to when it was meant to start.
    pub intended: Duration,
    /// From the release to its start.
    pub start: Duration,
    /// From the release to its first answer, where that decided nothing and the decision came later.
    #[serde(default)]
    pub answered: Option<Duration>,
    /// From the release to its end; `None` if it had not ended when the run did.
    pub end: Option<Duration>,
}

impl Attempt {
    /// From the release to the first answer, whether or not that was the decision; `None` if there was none.
    pub fn first_answer(&self) -> Option<Duration> {
        self.answered.or(self.end)
    }
}
