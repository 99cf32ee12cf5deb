//! Writes down who did which step when, as far as it can explain anything: an attempt that was turned away and has written nothing
//! leaves no trace.

use std::{
    cell::RefCell,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;

use super::stepped::{Hook, Sight, saw};
use crate::{
    interleaving::{Call, Saw},
    load::Outcome,
    ports::{Consumer, Result, UserId},
    strategy::{Decision, Strategy},
};

/// The most steps that are kept, at some 120 bytes each. Those that come later are counted.
pub const CAPACITY: usize = 1_000_000;

tokio::task_local! {
    /// Of the attempt that the current task is working on.
    static STEPS: RefCell<Vec<Step>>;
}

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
    pub saw: Saw,
}

/// What one attempt did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
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
    pub attempts: Vec<Attempt>,
    /// Of all consumers together.
    pub consumer: Vec<Step>,
    /// Steps that were made.
    pub seen: u64,
    /// Of those that could explain something, those for which there was no room.
    pub dropped: u64,
    kept: usize,
}

struct Shared {
    since: Instant,
    capacity: usize,
    seen: AtomicU64,
    traced: Mutex<Traced>,
}

/// The trace of a run; all clones are the same.
#[derive(Clone)]
pub struct Trace(Arc<Shared>);

impl Default for Trace {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl Trace {
    /// Keeps so many steps.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Arc::new(Shared {
            since: Instant::now(),
            capacity,
            seen: AtomicU64::new(0),
            traced: Mutex::default(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Traced> {
        self.0.traced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The strategy, whose attempts are told apart from now on.
    pub fn attempts_of(&self, strategy: Arc<dyn Strategy>) -> Arc<dyn Strategy> {
        Arc::new(TracedStrategy {
            inner: strategy,
            trace: self.clone(),
        })
    }

    /// What was written down so far; the trace begins anew.
    pub fn take(&self) -> Traced {
        let mut traced = mem::take(&mut *self.lock());
        traced.seen = self.0.seen.swap(0, Ordering::Relaxed);
        traced
    }

    fn attempt(&self, attempt: Attempt) {
        let turned_away = matches!(attempt.outcome, Outcome::SoldOut | Outcome::Duplicate);
        let mut steps = attempt.steps.iter();
        if turned_away && steps.all(|step| step.call.users().is_empty()) {
            return;
        }
        let mut traced = self.lock();
        if traced.has_room(self.0.capacity, attempt.steps.len()) {
            traced.attempts.push(attempt);
        }
    }

    fn consumer(&self, step: Step) {
        let mut traced = self.lock();
        if traced.has_room(self.0.capacity, 1) {
            traced.consumer.push(step);
        }
    }
}

impl Traced {
    fn has_room(&mut self, capacity: usize, steps: usize) -> bool {
        let room = self.kept + steps <= capacity;
        if room {
            self.kept += steps;
        } else {
            self.dropped += steps as u64;
        }
        room
    }
}

impl Hook for Trace {
    async fn step<T: Sight>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let start = self.0.since.elapsed();
        let answer = work.await;
        self.0.seen.fetch_add(1, Ordering::Relaxed);
        let step = Step {
            start,
            end: self.0.since.elapsed(),
            call,
            saw: saw(&answer),
        };
        let mut step = Some(step);
        let _ = STEPS.try_with(|steps| steps.borrow_mut().extend(step.take()));
        // Outside of an attempt, it is a consumer's.
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

/// Hands in what an attempt has done, also when it is dropped in the middle.
struct Open<'a> {
    trace: &'a Trace,
    user: UserId,
    outcome: Outcome,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let steps = STEPS.try_with(|steps| mem::take(&mut *steps.borrow_mut()));
        self.trace.attempt(Attempt {
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
