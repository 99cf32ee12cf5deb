//! Runs the arrivals: a task for every attempt, all of them waiting at one gate.
//!
//! Nothing is cancelled when it is late: a request that was given up may still issue a coupon. It is waited for as long as
//! anything moves, and recorded as indeterminate.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
};

use super::Recorder;
use crate::{ports::attempt, strategy::Strategy};

/// How often the engine looks whether anything moves.
const TICK: Duration = Duration::from_millis(2);

/// What is to be run.
pub struct Load {
    /// Asked by every attempt.
    pub strategy: Arc<dyn Strategy>,
    /// Knows the arrivals, and takes what happens to them.
    pub recorder: Arc<Recorder>,
    /// Attempts under way at a time; `None` releases all of them at once.
    pub in_flight: Option<u64>,
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

struct Shared {
    load: Load,
    /// Closed until the release, which closes it in the semaphore's sense: everybody goes.
    gate: Semaphore,
    /// Places of a closed loop.
    places: Option<Semaphore>,
    waiting: AtomicUsize,
}

/// Gets everybody to the gate, opens it when `release` ends, and runs all attempts; `stop` turning true ends it early.
pub async fn run(
    load: Load,
    release: impl Future<Output = ()>,
    mut stop: watch::Receiver<bool>,
) -> LoadEnd {
    let total = load.recorder.total();
    let places = load
        .in_flight
        .map(|places| usize::try_from(places).unwrap_or(usize::MAX));
    let shared = Arc::new(Shared {
        load,
        gate: Semaphore::new(0),
        places: places.map(|places| Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
        waiting: AtomicUsize::new(0),
    });
    let tasks: Vec<_> = (0..total)
        .map(|index| tokio::spawn(attempt(Arc::clone(&shared), index)))
        .collect();
    while shared.waiting.load(Ordering::Acquire) < total {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }

    release.await;
    shared.load.recorder.release();
    shared.gate.close();
    let end = tokio::select! {
        end = watch_over(&shared) => end,
        _ = stop.wait_for(|stop| *stop) => End::Interrupted,
    };
    if let (Some(places), false) = (&shared.places, end == End::Done) {
        // Whoever has not started must not start any more.
        places.close();
    }
    let tasks = tasks
        .into_iter()
        .filter(|task| !task.is_finished())
        .collect();
    LoadEnd { end, tasks }
}

/// One user's attempt, from the gate to the answer.
async fn attempt(shared: Arc<Shared>, index: usize) {
    shared.waiting.fetch_add(1, Ordering::Release);
    // The error is the release.
    let _ = shared.gate.acquire().await;
    let _place = match &shared.places {
        Some(places) => match places.acquire().await {
            Ok(place) => Some(place),
            Err(_) => return,
        },
        None => None,
    };
    let Load {
        strategy, recorder, ..
    } = &shared.load;
    let user = recorder.user(index);
    recorder.start(index);
    let answer = attempt::scope(user, strategy.claim(user)).await;
    recorder.finish(index, &answer);
}

/// Ends when all have ended, or when for too long nobody was told anything. Errors do not count: with a service that is gone,
/// they trickle in for hours.
async fn watch_over(shared: &Shared) -> End {
    let Load {
        recorder, patience, ..
    } = &shared.load;
    let total = recorder.total() as u64;
    let (mut seen, mut last_move) = (0, Instant::now());
    loop {
        if recorder.counters.finished.load(Ordering::Acquire) == total {
            return End::Done;
        }
        let answered = recorder.answered();
        if answered > seen {
            (seen, last_move) = (answered, Instant::now());
        } else if last_move.elapsed() >= *patience {
            return End::Stalled;
        }
        tokio::time::sleep(TICK).await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use async_trait::async_trait;
    use tokio::sync::Notify;

    use super::*;
    use crate::{
        load::Outcome,
        ports::{Result, UserId},
        strategy::Decision,
    };

    /// Answers everybody but user 1, who waits for a word.
    struct Stuck(Notify);

    #[async_trait]
    impl Strategy for Stuck {
        async fn claim(&self, user: UserId) -> Result<Decision> {
            if user == UserId(1) {
                self.0.notified().await;
            }
            Ok(Decision::SoldOut)
        }
    }

    fn load(strategy: Arc<dyn Strategy>, in_flight: Option<u64>) -> Load {
        let arrivals = (1..=10).map(UserId).collect();
        Load {
            strategy,
            recorder: Arc::new(Recorder::new(arrivals, Duration::from_millis(50))),
            in_flight,
            patience: Duration::from_millis(50),
        }
    }

    fn never() -> watch::Receiver<bool> {
        let (sender, receiver) = watch::channel(false);
        // Kept open: a closed channel would count as a wish to stop.
        std::mem::forget(sender);
        receiver
    }

    #[tokio::test]
    async fn a_stalled_attempt_ends_the_run_and_is_indeterminate() {
        let strategy = Arc::new(Stuck(Notify::new()));
        let load = load(strategy.clone(), None);
        let recorder = Arc::clone(&load.recorder);
        let mut ended = run(load, ready(()), never()).await;
        assert_eq!(ended.end, End::Stalled);
        let attempts = recorder.attempts();
        let open: Vec<_> = attempts
            .iter()
            .filter(|a| a.outcome == Outcome::Indeterminate)
            .collect();
        assert_eq!(
            (attempts.len(), open.len(), open[0].user),
            (10, 1, UserId(1))
        );
        strategy.0.notify_one();
        ended.settled().await;
    }

    #[tokio::test]
    async fn a_closed_loop_that_stalls_starts_nobody_else() {
        let strategy = Arc::new(Stuck(Notify::new()));
        let load = load(strategy, Some(1));
        let recorder = Arc::clone(&load.recorder);
        let ended = run(load, ready(()), never()).await;
        assert_eq!(ended.end, End::Stalled);
        assert_eq!(recorder.attempts().len(), 1);
        ended.abandon().await;
    }

    #[tokio::test]
    async fn a_wish_to_stop_ends_it_at_once() {
        let (stop, stopped) = watch::channel(true);
        let ended = run(
            load(Arc::new(Stuck(Notify::new())), None),
            ready(()),
            stopped,
        )
        .await;
        assert_eq!(ended.end, End::Interrupted);
        drop(stop);
        ended.abandon().await;
    }
}
