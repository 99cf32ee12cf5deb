//! Starts every attempt of an open loop when it is due, whatever has become of those before it.

use std::{sync::Arc, thread, time::Duration};

use tokio::{runtime::Handle, task::JoinHandle, time::Instant};

use super::{
    Pacing,
    engine::{self, Shared},
};

/// How long the pacer sleeps at most before it looks whether it is still wanted.
const NAP: Duration = Duration::from_millis(10);

/// From so many tasks on, those that have ended are forgotten now and then.
const TASKS: usize = 1024;

/// Paces from a thread of its own: the timers of the runtime tick in milliseconds, and wait for its workers.
pub(super) fn on_a_thread(shared: Arc<Shared>) -> JoinHandle<()> {
    tokio::task::spawn_blocking(move || {
        Handle::current().block_on(pace(shared, |due: Instant| async move {
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }));
    })
}

/// Paces by the runtime's clock, which a test can pause.
#[cfg(test)]
pub(super) fn on_the_runtime(shared: Arc<Shared>) -> JoinHandle<()> {
    tokio::spawn(pace(shared, tokio::time::sleep_until))
}

/// Ends when all have been started, or when nobody may start any more. `sleep` may wake too late, but not too early.
async fn pace<F: Future<Output = ()> + Send>(shared: Arc<Shared>, sleep: impl Fn(Instant) -> F) {
    let recorder = &shared.load.recorder;
    let Pacing::At(starts) = &recorder.schedule().pacing else {
        return;
    };
    let mut forget_at = TASKS;
    for (index, start) in starts.iter().enumerate() {
        let due = recorder.released() + Duration::from_nanos(*start);
        while Instant::now() < due {
            if shared.closing() {
                return;
            }
            sleep(due.min(Instant::now() + NAP)).await;
        }
        let mut tasks = shared.tasks();
        // Asked under the lock: nobody is started behind the back of whoever closes.
        if shared.closing() {
            return;
        }
        if tasks.len() >= forget_at {
            tasks.retain(|task| !task.is_finished());
            forget_at = TASKS.max(2 * tasks.len());
        }
        tasks.push(tokio::spawn(engine::attempt(Arc::clone(&shared), index)));
    }
}
