//! One claim of the strategy. A claim runs to its end, also if its client has disconnected.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::poll;
use serde::Serialize;

use super::metrics::Latencies;
use crate::{
    adapters::liveness::Liveness,
    model::outcome::Outcome,
    ports::{self, UserId, attempt},
    strategies::{Decision, Strategy},
};

/// The strategy of one event, and the counts of its decisions. Every claim holds a reference until it has ended.
pub(super) struct EventClaims {
    strategy: Arc<dyn Strategy>,
    pulse: Liveness,
    told: [AtomicU64; Outcome::ALL.len()],
    in_flight: AtomicU64,
}

/// The number of claims of one event by decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DecisionCounts {
    /// A coupon was issued.
    pub issued: u64,
    /// All coupons are issued.
    pub sold_out: u64,
    /// The user has claimed before.
    pub duplicate: u64,
    /// An error. The claim has issued no coupon.
    pub failed: u64,
    /// No response in time, or an error after which it is not known whether a coupon was issued.
    pub indeterminate: u64,
    /// The claim is accepted, the decision follows later.
    pub accepted: u64,
}

/// How a claim ended.
pub(super) enum ClaimEnd {
    /// The strategy has returned a decision or an error.
    Answered(ports::Result<Decision>),
    /// The timeout has passed. The claim continues without a client.
    Late,
}

impl EventClaims {
    pub fn new(strategy: Arc<dyn Strategy>, pulse: Liveness) -> Self {
        Self {
            strategy,
            pulse,
            told: Default::default(),
            in_flight: AtomicU64::new(0),
        }
    }

    /// The services that do not answer, with the reasons.
    pub async fn problems(&self) -> Vec<String> {
        self.pulse.problems().await
    }

    pub fn told(&self) -> DecisionCounts {
        let told = |outcome| self.told[place(outcome)].load(Ordering::Relaxed);
        DecisionCounts {
            issued: told(Outcome::Issued),
            sold_out: told(Outcome::SoldOut),
            duplicate: told(Outcome::Duplicate),
            failed: told(Outcome::Failed),
            indeterminate: told(Outcome::Indeterminate),
            accepted: told(Outcome::Accepted),
        }
    }

    /// The number of claims in progress.
    pub fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Acquire)
    }

    /// Runs the claim of `user`. The client waits for at most `patience`.
    pub async fn claim(
        self: Arc<Self>,
        user: UserId,
        patience: Duration,
        latencies: Arc<Latencies>,
    ) -> ClaimEnd {
        let claim = async move {
            let begin = Instant::now();
            let under_way = UnderWay::begin(&self);
            let answer = attempt::scope(user, self.strategy.claim(user)).await;
            let took = begin.elapsed();
            let outcome = match Outcome::of(&answer) {
                Outcome::Failed => Outcome::Failed,
                _ if took > patience => Outcome::Indeterminate,
                outcome => outcome,
            };
            self.told[place(outcome)].fetch_add(1, Ordering::Relaxed);
            latencies.record(outcome, took);
            drop(under_way);
            answer
        };
        // A claim that is decided at the first poll needs no task. Any other claim runs in a task of its own, so that a client that
        // disconnects does not stop it halfway.
        let mut claim = Box::pin(claim);
        if let std::task::Poll::Ready(answer) = poll!(&mut claim) {
            return ClaimEnd::Answered(answer);
        }
        match tokio::time::timeout(patience, tokio::spawn(claim)).await {
            Ok(Ok(answer)) => ClaimEnd::Answered(answer),
            // After a panic it is not known either whether a coupon was issued.
            Ok(Err(_)) | Err(_) => ClaimEnd::Late,
        }
    }
}

/// The index in [`Outcome::ALL`].
pub(super) fn place(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Issued => 0,
        Outcome::SoldOut => 1,
        Outcome::Duplicate => 2,
        Outcome::Failed => 3,
        Outcome::Indeterminate => 4,
        Outcome::Accepted => 5,
    }
}

/// Counts a claim until this is dropped.
struct UnderWay<'a>(&'a EventClaims);

impl<'a> UnderWay<'a> {
    fn begin(current: &'a EventClaims) -> Self {
        current.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(current)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        // `Release`: a reader that sees the new count also sees the effects of the claim.
        self.0.in_flight.fetch_sub(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_index() {
        for (at, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(place(outcome), at);
        }
    }
}
