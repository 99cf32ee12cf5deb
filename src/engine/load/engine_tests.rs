#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::future::ready;

use async_trait::async_trait;
use tokio::sync::Notify;

use super::*;
use crate::{
    engine::load::Schedule,
    model::outcome::{Attempt, Outcome},
    ports::{Result, UserId},
    strategies::Decision,
};

/// Answers every user but user 1, whose answer waits for a notification.
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

fn load(strategy: Arc<dyn Strategy>, pacing: Pacing) -> Load {
    let schedule = Schedule {
        users: (1..=10).map(UserId).collect(),
        pacing,
    };
    Load {
        strategy,
        recorder: Arc::new(Recorder::new(schedule, Duration::from_millis(50))),
        patience: Duration::from_millis(50),
    }
}

fn never() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    // The sender stays open: a closed channel would stop the load.
    std::mem::forget(sender);
    receiver
}

#[tokio::test]
async fn a_stalled_attempt_ends_the_run_and_is_indeterminate() {
    let strategy = Arc::new(Stuck(Notify::new()));
    let load = load(strategy.clone(), Pacing::AtOnce);
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
async fn a_closed_loop_that_stalls_starts_no_further_attempt() {
    let strategy = Arc::new(Stuck(Notify::new()));
    let load = load(strategy, Pacing::InFlight(1));
    let recorder = Arc::clone(&load.recorder);
    let ended = run(load, ready(()), never()).await;
    assert_eq!(ended.end, End::Stalled);
    assert_eq!(recorder.attempts().len(), 1);
    ended.abandon().await;
}

#[tokio::test]
async fn a_stop_ends_the_load_at_once() {
    let (stop, stopped) = watch::channel(true);
    let ended = run(
        load(Arc::new(Stuck(Notify::new())), Pacing::AtOnce),
        ready(()),
        stopped,
    )
    .await;
    assert_eq!(ended.end, End::Interrupted);
    drop(stop);
    ended.abandon().await;
}

#[tokio::test]
async fn a_closed_loop_makes_every_attempt_and_never_exceeds_its_places() {
    struct Counting(AtomicUsize, AtomicUsize);
    #[async_trait]
    impl Strategy for Counting {
        async fn claim(&self, _: UserId) -> Result<Decision> {
            let now = self.0.fetch_add(1, Ordering::SeqCst) + 1;
            self.1.fetch_max(now, Ordering::SeqCst);
            tokio::task::yield_now().await;
            self.0.fetch_sub(1, Ordering::SeqCst);
            Ok(Decision::SoldOut)
        }
    }
    let strategy = Arc::new(Counting(AtomicUsize::new(0), AtomicUsize::new(0)));
    let load = load(strategy.clone(), Pacing::InFlight(3));
    let recorder = Arc::clone(&load.recorder);
    let ended = run(load, ready(()), never()).await;
    assert_eq!((ended.end, recorder.attempts().len()), (End::Done, 10));
    assert_eq!(strategy.1.load(Ordering::SeqCst), 3);
}

/// Serves one user after the other in 1 ms each, and stalls for half a second after the tenth user.
struct Stalling(tokio::sync::Mutex<u32>);

const STALL: Duration = Duration::from_millis(500);

#[async_trait]
impl Strategy for Stalling {
    async fn claim(&self, _: UserId) -> Result<Decision> {
        let mut served = self.0.lock().await;
        *served += 1;
        let pause = if *served == 10 {
            STALL
        } else {
            Duration::from_millis(1)
        };
        tokio::time::sleep(pause).await;
        Ok(Decision::SoldOut)
    }
}

fn stalling(pacing: Pacing) -> Load {
    let schedule = Schedule {
        users: (1..=100).map(UserId).collect(),
        pacing,
    };
    let strategy = Stalling(tokio::sync::Mutex::new(0));
    Load {
        strategy: Arc::new(strategy),
        recorder: Arc::new(Recorder::new(schedule, Duration::from_mins(1))),
        patience: Duration::from_mins(1),
    }
}

/// One attempt every 10 ms, so 50 attempts are due while the service stalls.
#[tokio::test(start_paused = true)]
async fn a_stall_is_in_the_response_times_of_all_attempts_that_were_due_meanwhile() {
    let starts = (0..100).map(|index| index * 10_000_000).collect();
    let load = stalling(Pacing::At(starts));
    let recorder = Arc::clone(&load.recorder);
    let ended = run_paced(load, ready(()), never(), pacer::on_the_runtime).await;
    assert_eq!(ended.end, End::Done);
    let attempts = recorder.attempts();
    let response = |attempt: &Attempt| attempt.end.map(|end| end.saturating_sub(attempt.intended));
    let whole = attempts.iter().filter_map(response).max();
    assert!(whole >= Some(STALL), "{whole:?}");
    // An attempt that is due 10 ms later waits 10 ms less, and then for the attempts before it.
    let waited = attempts
        .iter()
        .filter_map(response)
        .filter(|time| *time > Duration::from_millis(20));
    assert!((45..=60).contains(&waited.count()));
    assert!(
        attempts
            .iter()
            .all(|attempt| attempt.start >= attempt.intended)
    );
}

/// A closed loop waits with the service, so the stall shows in one response time. This is why the open loop exists.
#[tokio::test(start_paused = true)]
async fn a_closed_loop_measures_a_stall_once() {
    let load = stalling(Pacing::InFlight(1));
    let recorder = Arc::clone(&load.recorder);
    run_paced(load, ready(()), never(), pacer::on_the_runtime).await;
    let attempts = recorder.attempts();
    let slow = attempts
        .iter()
        .filter(|attempt| attempt.end > Some(attempt.intended + Duration::from_millis(20)));
    assert_eq!(slow.count(), 1);
}

/// The generator itself may be late. Then the attempt starts late, and its response time runs from its intended start.
#[tokio::test(start_paused = true)]
async fn a_late_start_keeps_its_intended_time() {
    let late = |shared: Arc<Shared>| {
        tokio::spawn(async move {
            tokio::time::sleep(STALL).await;
            pacer::on_the_runtime(shared).await.unwrap();
        })
    };
    let load = stalling(Pacing::At(vec![0; 100]));
    let recorder = Arc::clone(&load.recorder);
    run_paced(load, ready(()), never(), late).await;
    for attempt in recorder.attempts() {
        assert_eq!(attempt.intended, Duration::ZERO);
        assert!(attempt.start >= STALL && attempt.end >= Some(STALL));
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_loop_without_an_attempt_under_way_has_not_stalled() {
    let mut load = stalling(Pacing::At(
        (0..100).map(|index| index * 1_000_000_000).collect(),
    ));
    load.patience = STALL + Duration::from_millis(100);
    let ended = run_paced(load, ready(()), never(), pacer::on_the_runtime).await;
    assert_eq!(ended.end, End::Done);
}

#[tokio::test]
async fn the_pacer_thread_keeps_the_schedule() {
    let starts: Vec<u64> = (0..10).map(|index| index * 3_000_000).collect();
    let load = load(
        Arc::new(Stalling(tokio::sync::Mutex::new(0))),
        Pacing::At(starts),
    );
    let recorder = Arc::clone(&load.recorder);
    let ended = run(load, ready(()), never()).await;
    assert_eq!(
        ended.end,
        End::Stalled,
        "the tenth attempt takes longer than the patience"
    );
    ended.abandon().await;
    let attempts = recorder.attempts();
    assert_eq!(attempts.len(), 10);
    assert!(
        attempts
            .iter()
            .all(|attempt| attempt.start >= attempt.intended)
    );
}

#[tokio::test]
async fn a_stop_ends_an_open_loop_before_its_last_attempt() {
    let (stop, stopped) = watch::channel(false);
    let strategy = Arc::new(Stalling(tokio::sync::Mutex::new(0)));
    let hour = 3_600_000_000_000;
    let load = load(
        strategy,
        Pacing::At((0..10).map(|index| index * hour).collect()),
    );
    let recorder = Arc::clone(&load.recorder);
    let soon = async {
        while recorder.answered() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stop.send(true).unwrap();
    };
    let (ended, ()) = tokio::join!(run(load, ready(()), stopped), soon);
    assert_eq!(ended.end, End::Interrupted);
    ended.abandon().await;
    assert_eq!(recorder.attempts().len(), 1);
}
