//! What follows an answer that decides nothing: a confirmation, or questions until there is a decision.

use std::time::Duration;

use super::{RequestTemplate, Rules, capture::Captures};

/// A request that is sent after an answer, and what its own answer means.
#[derive(Debug)]
pub struct Follow {
    /// What is sent.
    pub request: RequestTemplate,
    /// What of its answer the next request uses.
    pub captures: Captures,
    /// What its answers mean.
    pub rules: Rules,
}

/// A question that is asked until its answer decides.
#[derive(Debug)]
pub struct Poll {
    /// The question.
    pub follow: Follow,
    /// Between an answer and the next question.
    pub every: Duration,
    /// From the first answer to when nobody asks any more.
    pub timeout: Duration,
}
