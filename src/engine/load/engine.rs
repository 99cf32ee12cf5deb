//! Runs a schedule: in a burst a task for every attempt, all of them waiting at one gate; in a closed loop a task for every
//! place; in an open loop a task for every attempt from its intended start on.
//!
//! Nothing is cancelled when it is late: a request that was given up may still issue a coupon. It is waited for as long as
//! anything moves, and recorded as indeterminate.

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

/// How often the engine looks whether anything moves.
const TICK: Duration = Duration::from_millis(2);

/// What the engine runs.
#[derive(Clone)]
pub struct Load {
    /// Asked by every attempt.
    pub strategy: Arc<dyn Strategy>,
    /// Knows who comes when, and takes what happens to them.
    pub recorder: Arc<Recorder>,
    /// The run is given up when nothing has moved for so long.
    pub patience: Duration,
}

/// Why the load ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every attempt has ended.
    Done,
    /// Nothing moved for as long as one attempt may take.
    Stalled,
    /// Somebody asked to stop.
    Interrupted,
}

/// The load, and what of it may still be under way.
pub struct LoadEnd {
    /// Why it ended.
    pub end: End,
    /// Processor time of this process since the release.
    pub cpu: Duration,
    tasks: Vec<JoinHandle<()>>,
}

impl LoadEnd {
    /// Waits until nothing is under way any more: before that, the ledger is not final. May be given up and called again.
    pub async fn settled(&mut self) {
        while let Some(task) = self.tasks.last_mut() {
            // A task that panicked has ended too; its attempt stays indeterminate.
            let _ = task.await;
            self.tasks.pop();
        }
    }

    /// Drops what is still under way. When this ends, nothing of the load holds on to a service any more.
    pub async fn abandon(mut self) {
        for task in &self.tasks {
            task.abort();
        }
        self.settled().await;
    }
}

/// What the tasks of a load have in common.
pub(super) struct Shared {
    pub(super) load: Load,
    /// Nobody starts any more.
    closing: AtomicBool,
    /// Closed until the release, which closes it in the semaphore's sense: everybody goes.
    gate: Semaphore,
    /// At the gate.
    waiting: AtomicUsize,
    /// Of a closed loop: the next attempt that nobody has begun.
    next: AtomicUsize,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Shared {
    /// The tasks so far. Nothing that may panic happens under this lock.
    pub(super) fn tasks(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody may start any more.
    pub(super) fn closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Starts an attempt: what it will be answered. No `async fn`, so that a million of them stay small.
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

    /// Until the release, which is what the error says.
    fn release(
        &self,
    ) -> impl Future<Output = std::result::Result<SemaphorePermit<'_>, AcquireError>> {
        self.waiting.fetch_add(1, Ordering::Release);
        self.gate.acquire()
    }

    /// Nobody starts any more; who is still under way.
    fn close(&self) -> Vec<JoinHandle<()>> {
        let mut tasks = self.tasks();
        self.closing.store(true, Ordering::Release);
        tasks.retain(|task| !task.is_finished());
        std::mem::take(&mut *tasks)
    }
}

/// Gets everybody ready, lets them go when `release` ends, and runs all attempts; `stop` turning true ends it early.
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

/// Processor time that this process has had, all threads together.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    // Neither is ever negative.
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_nanos(time.tv_nsec.unsigned_abs())
}

/// Gets those to the gate who start at the release.
async fn gather(shared: &Arc<Shared>) {
    let recorder = &shared.load.recorder;
    let total = recorder.total();
    let tasks: Vec<_> = match recorder.schedule().pacing {
        Pacing::AtOnce => (0..total)
            .map(|index| tokio::spawn(everybody(Arc::clone(shared), index)))
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

/// A user of a burst.
async fn everybody(shared: Arc<Shared>, index: usize) {
    let _ = shared.release().await;
    let answer = shared.claim(index).await;
    shared.load.recorder.finish(index, &answer);
}

/// One user's attempt, from its start to the answer.
pub(super) async fn attempt(shared: Arc<Shared>, index: usize) {
    let answer = shared.claim(index).await;
    shared.load.recorder.finish(index, &answer);
}

/// A place in a closed loop: one attempt after the other, until there are no more.
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

/// Ends when all have ended, or when for too long nobody was told anything. Errors do not count: with a service that is gone,
/// they trickle in for hours. Before its time comes, nobody of an open loop can be told anything.
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
