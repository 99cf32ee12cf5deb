//! The attempt that a port call belongs to, as a task-local. So a strategy's listing needs no parameter for it.

use std::{any::Any, cell::Cell, sync::Mutex};

use tokio::time::Instant;

use super::UserId;

tokio::task_local! {
    static CURRENT: Attempt;
}

/// The attempt that the current task is working on.
pub struct Attempt {
    user: UserId,
    /// A value that a backend keeps until the attempt ends: the database connection, with `--db-connection request`. It is
    /// dropped, and so returned to the pool, at the end of the attempt.
    held: Mutex<Option<Box<dyn Any + Send>>>,
    /// When the first answer came, if the decision came later.
    answered: Cell<Option<Instant>>,
}

/// Runs `work` as an attempt of `user`. It needs no runtime. It is no `async fn`, because an `async fn` stores `work` twice and
/// there may be a million attempts.
pub fn scope<F: Future>(user: UserId, work: F) -> impl Future<Output = F::Output> {
    let attempt = Attempt {
        user,
        held: Mutex::new(None),
        answered: Cell::new(None),
    };
    CURRENT.scope(attempt, work)
}

/// The user of the current attempt; `None` outside an attempt, as in a consumer.
pub fn user() -> Option<UserId> {
    CURRENT.try_with(|attempt| attempt.user).ok()
}

/// Records that the user has a first answer and that the decision comes later. Only the first call has an effect.
pub fn answered() {
    let _ = CURRENT.try_with(|attempt| {
        let first = attempt.answered.get().unwrap_or_else(Instant::now);
        attempt.answered.set(Some(first));
    });
}

/// When [`answered`] was first called; `None` if the decision is the only answer.
pub fn answered_at() -> Option<Instant> {
    CURRENT
        .try_with(|attempt| attempt.answered.get())
        .ok()
        .flatten()
}

/// Removes and returns the value that this attempt holds, if its type is `T`.
pub fn take_held<T: 'static>() -> Option<T> {
    let boxed = CURRENT.try_with(|attempt| lock(attempt).take()).ok()??;
    boxed.downcast().ok().map(|held| *held)
}

/// Keeps `held` until the attempt ends. Outside an attempt, `held` is dropped at once.
pub fn hold<T: Send + 'static>(held: T) {
    let _ = CURRENT.try_with(|attempt| *lock(attempt) = Some(Box::new(held)));
}

fn lock(attempt: &Attempt) -> std::sync::MutexGuard<'_, Option<Box<dyn Any + Send>>> {
    // A poisoned lock only means that a task panicked between take and hold. The value itself is sound.
    attempt
        .held
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
