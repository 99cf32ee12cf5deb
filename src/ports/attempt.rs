//! Whose attempt a port call belongs to, as a task-local, so that a strategy's text stays clean.

use std::{any::Any, cell::Cell, sync::Mutex};

use tokio::time::Instant;

use super::UserId;

tokio::task_local! {
    static CURRENT: Attempt;
}

/// The attempt that the current task is working on.
pub struct Attempt {
    user: UserId,
    /// Whatever a backend wants to keep as long as this attempt lives: a database connection,
    /// where one is held for a whole request. Dropped, and so given back, when the attempt ends.
    held: Mutex<Option<Box<dyn Any + Send>>>,
    /// When the first answer came, if it decided nothing.
    answered: Cell<Option<Instant>>,
}

/// Runs `work` as an attempt of `user`. Needs no runtime. No `async fn`: that would keep `work` twice, and there may be a
/// million of them.
pub fn scope<F: Future>(user: UserId, work: F) -> impl Future<Output = F::Output> {
    let attempt = Attempt {
        user,
        held: Mutex::new(None),
        answered: Cell::new(None),
    };
    CURRENT.scope(attempt, work)
}

/// The user whose attempt this is; `None` outside of one, as in a consumer.
pub fn user() -> Option<UserId> {
    CURRENT.try_with(|attempt| attempt.user).ok()
}

/// Notes that the user has an answer, and that the decision comes later. The first call counts.
pub fn answered() {
    let _ = CURRENT.try_with(|attempt| {
        let first = attempt.answered.get().unwrap_or_else(Instant::now);
        attempt.answered.set(Some(first));
    });
}

/// When [`answered`] was called first; `None` where the only answer is the decision.
pub fn answered_at() -> Option<Instant> {
    CURRENT
        .try_with(|attempt| attempt.answered.get())
        .ok()
        .flatten()
}

/// Takes out what this attempt holds, if it is a `T`.
pub fn take_held<T: 'static>() -> Option<T> {
    let boxed = CURRENT.try_with(|attempt| lock(attempt).take()).ok()??;
    boxed.downcast().ok().map(|held| *held)
}

/// Keeps `held` until the attempt ends; outside of an attempt it is dropped at once.
pub fn hold<T: Send + 'static>(held: T) {
    let _ = CURRENT.try_with(|attempt| *lock(attempt) = Some(Box::new(held)));
}

fn lock(attempt: &Attempt) -> std::sync::MutexGuard<'_, Option<Box<dyn Any + Send>>> {
    // A poisoned slot only means that somebody panicked between take and hold: the slot itself is sound.
    attempt
        .held
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
