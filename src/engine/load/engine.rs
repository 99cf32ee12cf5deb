//! Runs a schedule. A burst has a task for every attempt, and all tasks start at one gate. A closed loop has a task for every
//! place. An open loop starts a task for every attempt at its intended start.
//!
//! A late attempt is not cancelled, because its request may still issue a coupon. The engine waits for it as long as other
//! attempts end, and records it as indeterminate.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::FutureExt;
use rustix::time::{ClockId, clock_gettime};
use tokio::{
    sync::{AcquireError, Semaphore, SemaphorePermit, watch},
    task::JoinHandle,
    time::Instant,
};

use super::{Pacing, Recorder, pacer};
use crate::{
    ports::{Result, attempt},
    strategies::{Decision, Strategy},
};

/// The interval between two checks for progress.
const TICK: Duration = Duration::from_millis(2);

/// What the engine runs.
#[derive(Clone)]
pub struct Load {
    /// Receives the claim of every attempt.
    pub strategy: Arc<dyn Strategy>,
    /// Holds the schedule and records every attempt.
    pub recorder: Arc<Recorder>,
    /// The load ends early when no attempt is answered for this long.
    pub patience: Duration,
}

/// Why the load ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every attempt has ended.
    Done,
    /// No attempt was answered for as long as one attempt may take.
    Stalled,
    /// The caller has stopped the load.
    Interrupted,
}

/// The end of a load, with the attempts that may still be under way.
pub struct LoadEnd {
    /// Why the load ended.
    pub end: End,
    /// Processor time of this process from the release to the end of the load.
    pub cpu: Duration,
    tasks: Vec<JoinHandle<()>>,
}

impl LoadEnd {
    /// Waits until no attempt is under way. The ledger is not final before. A caller may drop the future and call this again.
    pub async fn settled(&mut self) {
        while let Some(task) = self.tasks.last_mut() {
            // A task that panicked has also ended. Its attempt stays indeterminate.
            let _ = task.await;
            self.tasks.pop();
        }
    }

    /// Drops the attempts that are still under way. When this returns, no task of the load uses a service any more.
    pub async fn abandon(mut self) {
        for task in &self.tasks {
            task.abort();
        }
        self.settled().await;
    }
}

/// What the tasks of a load share.
pub(super) struct Shared {
    pub(super) load: Load,
    /// No further attempt may start.
    closing: AtomicBool,
    /// Closed until the release. The release closes the semaphore, which lets all waiting tasks go.
    gate: Semaphore,
    /// The number of tasks that wait at the gate.
    waiting: AtomicUsize,
    /// The index of the next attempt of a closed loop.
    next: AtomicUsize,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Shared {
    /// The tasks so far. Code under this lock does not panic.
    pub(super) fn tasks(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no further attempt may start.
    pub(super) fn closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Starts an attempt and returns its answer. This is not an `async fn`, so that the futures of a million attempts stay small.
    fn claim(&self, index: usize) -> impl Future<Output = Result<Decision>> {
        let Load {
            strategy, recorder, ..
        } = &self.load;
        let user = recorder.user(index);
        recorder.start(index);
        let told = strategy.claim(user).map(move |answer| {
            if let Some(at) = attempt::answered_at() {
                recorder.first_answer(index, at);
            }
            answer
        });
        attempt::scope(user, told)
    }

    /// Waits for the release. The error of the semaphore is the release.
    fn release(
        &self,
    ) -> impl Future<Output = std::result::Result<SemaphorePermit<'_>, AcquireError>> {
        self.waiting.fetch_add(1, Ordering::Release);
        self.gate.acquire()
    }

    /// Prevents further starts, and returns the tasks that are still under way.
    fn close(&self) -> Vec<JoinHandle<()>> {
        let mut tasks = self.tasks();
        self.closing.store(true, Ordering::Release);
        tasks.retain(|task| !task.is_finished());
        std::mem::take(&mut *tasks)
    }
}

/// Prepares the tasks, lets them start when `release` ends, and runs all attempts. The load ends early when `stop` turns true.
pub async fn run(
    load: Load,
    release: impl Future<Output = ()>,
    stop: watch::Receiver<bool>,
) -> LoadEnd {
    run_paced(load, release, stop, pacer::on_a_thread).await
}

async fn run_paced(
    load: Load,
    release: impl Future<Output = ()>,
    mut stop: watch::Receiver<bool>,
    pacer: fn(Arc<Shared>) -> JoinHandle<()>,
) -> LoadEnd {
    let shared = Arc::new(Shared {
        load,
        closing: AtomicBool::new(false),
        gate: Semaphore::new(0),
        waiting: AtomicUsize::new(0),
        next: AtomicUsize::new(0),
        tasks: Mutex::default(),
    });
    gather(&shared).await;
    release.await;
    let cpu = cpu_time();
    shared.load.recorder.release();
    shared.gate.close();
    if let Pacing::At(_) = shared.load.recorder.schedule().pacing {
        let pacer = pacer(Arc::clone(&shared));
        shared.tasks().push(pacer);
    }
    let end = tokio::select! {
        end = watch_over(&shared) => end,
        _ = stop.wait_for(|stop| *stop) => End::Interrupted,
    };
    LoadEnd {
        end,
        cpu: cpu_time().saturating_sub(cpu),
        tasks: shared.close(),
    }
}

/// The processor time of all threads of this process.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    // Neither part of the time is negative.
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_nanos(time.tv_nsec.unsigned_abs())
}

/// Starts the tasks that begin at the release, and waits until they are at the gate.
async fn gather(shared: &Arc<Shared>) {
    let recorder = &shared.load.recorder;
    let total = recorder.total();
    let tasks: Vec<_> = match recorder.schedule().pacing {
        Pacing::AtOnce => (0..total)
            .map(|index| tokio::spawn(burst_attempt(Arc::clone(shared), index)))
            .collect(),
        Pacing::InFlight(places) => (0..places.min(total))
            .map(|_| tokio::spawn(place(Arc::clone(shared))))
            .collect(),
        Pacing::At(_) => Vec::new(),
    };
    let expected = tasks.len();
    *shared.tasks() = tasks;
    while shared.waiting.load(Ordering::Acquire) < expected {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

/// The attempt of a user in a burst.
async fn burst_attempt(shared: Arc<Shared>, index: usize) {
    let _ = shared.release().await;
    let answer = shared.claim(index).await;
    shared.load.recorder.finish(index, &answer);
}

/// One attempt of a user, from its start to its answer.
pub(super) async fn attempt(shared: Arc<Shared>, index: usize) {
    let answer = shared.claim(index).await;
    shared.load.recorder.finish(index, &answer);
}

/// A place in a closed loop: makes one attempt after the other until no attempt is left.
async fn place(shared: Arc<Shared>) {
    let _ = shared.release().await;
    while !shared.closing() {
        let index = shared.next.fetch_add(1, Ordering::Relaxed);
        if index >= shared.load.recorder.total() {
            return;
        }
        let answer = shared.claim(index).await;
        shared.load.recorder.finish(index, &answer);
    }
}

/// Returns when all attempts have ended, or when no attempt was answered for the patience. Errors are not answers: with a service
/// that is gone, errors come for hours. The patience of an open loop does not run while no attempt is under way.
async fn watch_over(shared: &Shared) -> End {
    let Load {
        recorder, patience, ..
    } = &shared.load;
    let total = recorder.total() as u64;
    let open = matches!(recorder.schedule().pacing, Pacing::At(_));
    let (mut seen, mut last_move) = (0, Instant::now());
    loop {
        let finished = recorder.counters.finished.load(Ordering::Acquire);
        if finished == total {
            return End::Done;
        }
        let answered = recorder.answered();
        let idle = open && recorder.counters.started.load(Ordering::Acquire) == finished;
        if answered > seen || idle {
            (seen, last_move) = (answered, Instant::now());
        } else if last_move.elapsed() >= *patience {
            return End::Stalled;
        }
        tokio::time::sleep(TICK).await;
    }
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
