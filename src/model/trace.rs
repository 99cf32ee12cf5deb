//! The steps of a run's attempts, with their times.

use std::time::Duration;

use super::{
    interleaving::{Call, Observation},
    outcome::Outcome,
};
use crate::ports::UserId;

/// A call, with when it was made and answered, since the trace began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When it was made.
    pub start: Duration,
    /// When it was answered.
    pub end: Duration,
    /// Which.
    pub call: Call,
    /// What came back.
    pub saw: Observation,
}

/// What one attempt did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedAttempt {
    /// Whose.
    pub user: UserId,
    /// What the user was told; indeterminate where nothing was.
    pub outcome: Outcome,
    /// In order.
    pub steps: Vec<Step>,
}

/// What was written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traced {
    /// In the order in which they ended.
    pub attempts: Vec<TracedAttempt>,
    /// Of all consumers together.
    pub consumer: Vec<Step>,
    /// Steps that were made.
    pub seen: u64,
    /// Of those that could explain something, those for which there was no room.
    pub dropped: u64,
}
