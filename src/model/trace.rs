//! The port calls of a run's attempts, with their times.

use std::time::Duration;

use super::{
    interleaving::{Call, Observation},
    outcome::Outcome,
};
use crate::ports::UserId;

/// A port call with its answer. Times are measured from the start of the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedCall {
    /// When the strategy made the call.
    pub start: Duration,
    /// When the service answered the call.
    pub end: Duration,
    /// The call.
    pub call: Call,
    /// The answer.
    pub saw: Observation,
}

/// The calls of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedAttempt {
    /// The user who made the attempt.
    pub user: UserId,
    /// The outcome of the attempt; indeterminate if it has no answer.
    pub outcome: Outcome,
    /// The calls in the order in which the attempt made them.
    pub steps: Vec<TracedCall>,
}

/// The trace of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunTrace {
    /// The attempts in the order in which they ended.
    pub attempts: Vec<TracedAttempt>,
    /// The calls of all consumers.
    pub consumer: Vec<TracedCall>,
    /// The number of calls made, in the trace or not.
    pub seen: u64,
    /// The number of calls that could explain a finding and did not fit into the trace.
    pub dropped: u64,
}
