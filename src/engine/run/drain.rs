//! Waiting until nothing is under way any more: late attempts, records on their way to the broker, records that the consumers
//! have not committed. The cluster is asked; nothing is assumed after a sleep.
//!
//! A drain may take as long as it likes, as paced consumers do, but it may not stand still.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::consumers::Consumers;
use crate::{adapters::kafka::Kafka, model::verdict::Completion};

/// Between two questions, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// How the drain went.
#[derive(Debug, Clone, Default)]
pub struct Drained {
    /// Whether work was under way at the end of the wait.
    pub completion: Completion,
    /// How long it took.
    pub took: Duration,
    /// Records that the consumers had not committed at the last look.
    pub lag: Option<u64>,
    /// Promised coupons that the ledger did not have at the end of the wait; `None` where that was not looked at.
    pub owed: Option<u64>,
    /// What kept it from draining.
    pub trouble: Option<String>,
}

/// Waits until `settled` ends and the topic, where there is one, is empty; at most for `patience` after something has moved, and
/// not at all once `stop` is true.
pub async fn drain(
    settled: impl Future<Output = ()>,
    kafka: Option<&Kafka>,
    consumers: &Consumers,
    patience: Duration,
    mut stop: watch::Receiver<bool>,
) -> Drained {
    let begin = Instant::now();
    let mut state = Drained {
        completion: Completion::Pending,
        ..Drained::default()
    };
    let all = async {
        if tokio::time::timeout(patience, settled).await.is_err() {
            return;
        }
        match kafka {
            None => state.completion = Completion::Proven,
            Some(kafka) => pipeline(kafka, consumers, patience, &mut state).await,
        }
    };
    tokio::select! {
        () = all => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    state.took = begin.elapsed();
    state
}

/// Waits until the topic is empty, or will never be.
async fn pipeline(kafka: &Kafka, consumers: &Consumers, patience: Duration, state: &mut Drained) {
    let (mut pause, longest) = PAUSE;
    let mut progress = Progress::since(Instant::now());
    loop {
        let deliveries = kafka.deliveries();
        // Nothing was produced and nothing is pending: no need to ask the cluster about an empty topic.
        if deliveries.pending() == 0 {
            match kafka.lag().await {
                Ok(lag) => state.lag = Some(lag),
                Err(error) => {
                    state.trouble = Some(format!("failed to ask for the consumer lag: {error}"));
                }
            }
            if state.lag == Some(0) {
                (state.completion, state.trouble) = (Completion::Proven, None);
                return;
            }
        }
        if let Some(error) = consumers.trouble() {
            state.trouble = Some(format!("a consumer met an error: {error}"));
        }
        let left = (deliveries.pending(), state.lag.unwrap_or(u64::MAX));
        if progress.stands_still(left, Instant::now()) >= patience {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

/// When something last moved: fewer records without an answer from the broker, or fewer that are not committed. More of them are
/// none, as after a rebalance that delivers some again.
struct Progress {
    least: (u64, u64),
    at: Instant,
}

impl Progress {
    fn since(now: Instant) -> Self {
        Self {
            least: (u64::MAX, u64::MAX),
            at: now,
        }
    }

    /// For how long it has, now that so many records are pending and not committed.
    fn stands_still(&mut self, left: (u64, u64), now: Instant) -> Duration {
        if left < self.least {
            (self.least, self.at) = (left, now);
        }
        now.saturating_duration_since(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_less_than_ever_before_is_progress() {
        let begin = Instant::now();
        let second = |number| begin + Duration::from_secs(number);
        let mut progress = Progress::since(begin);
        for (now, left, still) in [
            (1, (3, u64::MAX), 0),
            (2, (3, u64::MAX), 1),
            (3, (0, u64::MAX), 0),
            (4, (0, 50), 0),
            (60, (0, 50), 56),
            (61, (0, 49), 0),
            (62, (0, 55), 1),
            (63, (0, 49), 2),
            (64, (0, 0), 0),
        ] {
            let stands_still = progress.stands_still(left, second(now));
            assert_eq!(stands_still.as_secs(), still, "at {now} s");
        }
    }
}
