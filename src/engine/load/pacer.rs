//! Starts every attempt of an open loop at its intended start, whether or not earlier attempts have ended.

use std::{sync::Arc, thread, time::Duration};

use tokio::{runtime::Handle, task::JoinHandle, time::Instant};

use super::{
    Pacing,
    engine::{self, Shared},
};

/// The longest sleep of the pacer between two checks whether the load has ended.
const NAP: Duration = Duration::from_millis(10);

/// From this number of tasks on, ended tasks are removed from the list from time to time.
const TASKS: usize = 1024;

/// Paces from a thread of its own. The timers of the runtime have a resolution of a millisecond and depend on its workers.
pub(super) fn on_a_thread(shared: Arc<Shared>) -> JoinHandle<()> {
    tokio::task::spawn_blocking(move || {
        Handle::current().block_on(pace(shared, |due: Instant| async move {
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }));
    })
}

/// Paces by the clock of the runtime, which a test can pause.
#[cfg(test)]
pub(super) fn on_the_runtime(shared: Arc<Shared>) -> JoinHandle<()> {
    tokio::spawn(pace(shared, tokio::time::sleep_until))
}

/// Returns when all attempts have started, or when no further attempt may start. `sleep` may wake too late but not too early.
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
        // Checked under the lock, so that no attempt starts after the load is closed.
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
