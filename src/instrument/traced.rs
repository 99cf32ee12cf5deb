//! Records the steps of a run with their times. A refused attempt without a write is not recorded, because it explains no
//! finding.

use std::{
    cell::RefCell,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use async_trait::async_trait;

use super::{
    observation::{Observable, observation_of},
    stepped::Hook,
};
use crate::{
    model::{
        interleaving::Call,
        outcome::Outcome,
        trace::{RunTrace, TracedAttempt, TracedCall},
    },
    ports::{Consumer, Result, UserId},
    strategies::{Decision, Strategy},
};

/// The largest number of recorded steps, at about 120 bytes each. Later steps are only counted.
pub const CAPACITY: usize = 1_000_000;

tokio::task_local! {
    /// The steps of the attempt that the current task makes.
    static STEPS: RefCell<Vec<TracedCall>>;
}

#[derive(Default)]
struct TraceBuffer {
    traced: RunTrace,
    steps: usize,
}

struct Shared {
    since: Instant,
    capacity: usize,
    seen: AtomicU64,
    kept: Mutex<TraceBuffer>,
}

/// The trace of a run. All clones share one state.
#[derive(Clone)]
pub struct Trace(Arc<Shared>);

impl Default for Trace {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl Trace {
    /// Records at most this number of steps.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Arc::new(Shared {
            since: Instant::now(),
            capacity,
            seen: AtomicU64::new(0),
            kept: Mutex::default(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, TraceBuffer> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wraps the strategy, so that its steps are recorded by attempt.
    pub fn attempts_of(&self, strategy: Arc<dyn Strategy>) -> Arc<dyn Strategy> {
        Arc::new(TracedStrategy {
            inner: strategy,
            trace: self.clone(),
        })
    }

    /// Takes the recorded steps. The trace starts again without any.
    pub fn take(&self) -> RunTrace {
        let TraceBuffer { mut traced, .. } = mem::take(&mut *self.lock());
        traced.seen = self.0.seen.swap(0, Ordering::Relaxed);
        traced
    }

    fn attempt(&self, attempt: TracedAttempt) {
        let turned_away = matches!(attempt.outcome, Outcome::SoldOut | Outcome::Duplicate);
        let mut steps = attempt.steps.iter();
        if turned_away && steps.all(|step| step.call.users().is_empty()) {
            return;
        }
        let mut kept = self.lock();
        if kept.has_room(self.0.capacity, attempt.steps.len()) {
            kept.traced.attempts.push(attempt);
        }
    }

    fn consumer(&self, step: TracedCall) {
        let mut kept = self.lock();
        if kept.has_room(self.0.capacity, 1) {
            kept.traced.consumer.push(step);
        }
    }
}

impl TraceBuffer {
    fn has_room(&mut self, capacity: usize, steps: usize) -> bool {
        let room = self.steps + steps <= capacity;
        if room {
            self.steps += steps;
        } else {
            self.traced.dropped += steps as u64;
        }
        room
    }
}

impl Hook for Trace {
    async fn step<T: Observable>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let start = self.0.since.elapsed();
        let answer = work.await;
        self.0.seen.fetch_add(1, Ordering::Relaxed);
        let step = TracedCall {
            start,
            end: self.0.since.elapsed(),
            call,
            saw: observation_of(&answer),
        };
        let mut step = Some(step);
        let _ = STEPS.try_with(|steps| steps.borrow_mut().extend(step.take()));
        // A step outside of an attempt belongs to a consumer.
        if let Some(step) = step {
            self.consumer(step);
        }
        answer
    }
}

struct TracedStrategy {
    inner: Arc<dyn Strategy>,
    trace: Trace,
}

/// Hands the steps of an attempt to the trace, also when the attempt is dropped before its end.
struct Open<'a> {
    trace: &'a Trace,
    user: UserId,
    outcome: Outcome,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let steps = STEPS.try_with(|steps| mem::take(&mut *steps.borrow_mut()));
        self.trace.attempt(TracedAttempt {
            user: self.user,
            outcome: self.outcome,
            steps: steps.unwrap_or_default(),
        });
    }
}

#[async_trait]
impl Strategy for TracedStrategy {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let attempt = async {
            let mut open = Open {
                trace: &self.trace,
                user,
                outcome: Outcome::Indeterminate,
            };
            let answer = self.inner.claim(user).await;
            open.outcome = Outcome::of(&answer);
            answer
        };
        STEPS.scope(RefCell::default(), attempt).await
    }

    async fn consume(&self, consumer: &dyn Consumer) -> Result<()> {
        self.inner.consume(consumer).await
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use futures::FutureExt;

    use super::*;
    use crate::model::interleaving::Observation;
    use crate::model::interleaving::Statement;

    /// Odd users are refused after a count, even users insert, and the claim of user 9 never ends after the count.
    struct Fake(Trace);

    #[async_trait]
    impl Strategy for Fake {
        async fn claim(&self, user: UserId) -> Result<Decision> {
            let count = Call::Sql(Statement::Count);
            self.0.step(count, async { Ok(7_u64) }).await?;
            if user == UserId(9) {
                std::future::pending::<()>().await;
            }
            if user.0 % 2 == 1 {
                return Ok(Decision::SoldOut);
            }
            let insert = Call::Sql(Statement::Insert(vec![user]));
            self.0.step(insert, async { Ok(()) }).await?;
            Ok(Decision::Issued)
        }
    }

    fn claims(trace: &Trace, users: impl IntoIterator<Item = u64>) -> RunTrace {
        let strategy = trace.attempts_of(Arc::new(Fake(trace.clone())));
        for user in users {
            // A claim without an answer is dropped.
            let _ = strategy.claim(UserId(user)).now_or_never();
        }
        trace.take()
    }

    #[test]
    fn a_refused_attempt_without_a_write_is_not_recorded() {
        let traced = claims(&Trace::default(), [1, 2, 3]);
        let kept: Vec<_> = traced
            .attempts
            .iter()
            .map(|attempt| (attempt.user, attempt.outcome, attempt.steps.len()))
            .collect();
        assert_eq!(kept, [(UserId(2), Outcome::Issued, 2)]);
        assert_eq!((traced.seen, traced.dropped), (4, 0));
    }

    #[test]
    fn an_attempt_without_an_answer_is_recorded() {
        let traced = claims(&Trace::default(), [9]);
        let attempt = traced.attempts.first().unwrap();
        assert_eq!(attempt.outcome, Outcome::Indeterminate);
        assert_eq!(attempt.steps[0].saw, Observation::Count(7));
    }

    #[test]
    fn steps_beyond_the_capacity_are_counted() {
        let traced = claims(&Trace::with_capacity(5), [2, 4, 6, 8]);
        assert_eq!((traced.attempts.len(), traced.dropped), (2, 4));
    }

    #[test]
    fn a_step_outside_of_an_attempt_belongs_to_a_consumer() {
        let trace = Trace::default();
        let polled = trace.step(Call::Poll, async { Ok(None::<crate::ports::Batch>) });
        assert!(polled.now_or_never().is_some());
        assert_eq!(trace.take().consumer[0].saw, Observation::Over);
    }
}
