//! One claim: asks the strategy, and sees to it that what was begun is ended, whether or not anybody still waits.

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
    adapters::pulse::Pulse,
    model::outcome::Outcome,
    ports::{self, UserId, attempt},
    strategies::{Decision, Strategy},
};

/// The strategy of one event, and what users were told by it. Whoever claims holds on to it until the claim has ended.
pub(super) struct Current {
    strategy: Arc<dyn Strategy>,
    pulse: Pulse,
    told: [AtomicU64; Outcome::ALL.len()],
    in_flight: AtomicU64,
}

/// As it is spelled in answers and metrics.
pub(super) fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Issued => "issued",
        Outcome::SoldOut => "sold_out",
        Outcome::Duplicate => "duplicate",
        Outcome::Failed => "failed",
        Outcome::Indeterminate => "indeterminate",
        Outcome::Accepted => "accepted",
    }
}

/// Claims of one event, by what users were told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The coupon is yours.
    pub issued: u64,
    /// All coupons are gone.
    pub sold_out: u64,
    /// You have asked before.
    pub duplicate: u64,
    /// An error that cannot have issued a coupon by itself.
    pub failed: u64,
    /// No answer in time, or an error that leaves it open.
    pub indeterminate: u64,
    /// Your request is noted.
    pub accepted: u64,
}

/// How a claim ended.
pub(super) enum Ended {
    /// With an answer of the strategy, or its error.
    Answered(ports::Result<Decision>),
    /// Not in time. It goes on, but nobody will hear of it.
    Late,
}

impl Current {
    pub fn new(strategy: Arc<dyn Strategy>, pulse: Pulse) -> Self {
        Self {
            strategy,
            pulse,
            told: Default::default(),
            in_flight: AtomicU64::new(0),
        }
    }

    /// The services that do not answer, each with the reason.
    pub async fn problems(&self) -> Vec<String> {
        self.pulse.problems().await
    }

    pub fn told(&self) -> Told {
        let told = |outcome| self.told[place(outcome)].load(Ordering::Relaxed);
        Told {
            issued: told(Outcome::Issued),
            sold_out: told(Outcome::SoldOut),
            duplicate: told(Outcome::Duplicate),
            failed: told(Outcome::Failed),
            indeterminate: told(Outcome::Indeterminate),
            accepted: told(Outcome::Accepted),
        }
    }

    /// Claims that have begun and not ended.
    pub fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Acquire)
    }

    /// Asks the strategy for `user`, who waits for `patience` at most.
    pub async fn claim(
        self: Arc<Self>,
        user: UserId,
        patience: Duration,
        latencies: Arc<Latencies>,
    ) -> Ended {
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
        // A claim that is answered at once needs no task of its own. Any other one gets one: a client that leaves takes its
        // connection with it, but must not stop a claim halfway, which no service would do either.
        let mut claim = Box::pin(claim);
        if let std::task::Poll::Ready(answer) = poll!(&mut claim) {
            return Ended::Answered(answer);
        }
        match tokio::time::timeout(patience, tokio::spawn(claim)).await {
            Ok(Ok(answer)) => Ended::Answered(answer),
            // A claim that panicked is as open as one that is late.
            Ok(Err(_)) | Err(_) => Ended::Late,
        }
    }
}

/// In [`Outcome::ALL`].
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

/// Counts a claim as long as it lives, however it ends.
struct UnderWay<'a>(&'a Current);

impl<'a> UnderWay<'a> {
    fn begin(current: &'a Current) -> Self {
        current.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(current)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        // What the claim has produced is seen by whoever sees that it has ended.
        self.0.in_flight.fetch_sub(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_place() {
        for (at, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(place(outcome), at);
        }
    }
}
