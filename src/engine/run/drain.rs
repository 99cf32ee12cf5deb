//! The drain of a strategy, which waits until no work is under way: late attempts, records without an answer from the broker, and
//! records that the consumers have not committed. The wait asks the cluster; it does not assume anything after a pause.
//!
//! The duration of a drain is not limited, as paced consumers may be slow. But a drain ends when nothing changes for the
//! patience.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::consumers::Consumers;
use crate::{adapters::kafka::Kafka, model::verdict::Completion};

/// The pause between two requests to the cluster: the first pause, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// The result of a drain.
#[derive(Debug, Clone, Default)]
pub struct DrainResult {
    /// Whether work was under way at the end of the wait.
    pub completion: Completion,
    /// The duration of the drain.
    pub took: Duration,
    /// Records that the consumers had not committed at the last look.
    pub lag: Option<u64>,
    /// Promised coupons that the ledger did not have at the end of the wait; `None` where the ledger was not read.
    pub owed: Option<u64>,
    /// The error that prevented the drain.
    pub trouble: Option<String>,
}

/// The way from an attempt to its row, as far as it goes through Kafka.
pub struct Pipeline<'a> {
    /// `None` for a strategy without a topic.
    pub kafka: Option<&'a Kafka>,
    /// The consumers of this process, whose last error explains a drain that stands still.
    pub consumers: Option<&'a Consumers>,
    /// How long nothing may move.
    pub patience: Duration,
}

impl Pipeline<'_> {
    /// Waits until `settled` ends and the topic is empty; at most until nothing has moved for the patience, and not at all once
    /// `stop` is true.
    pub async fn drain(
        &self,
        settled: impl Future<Output = ()>,
        stop: watch::Receiver<bool>,
    ) -> DrainResult {
        let begin = Instant::now();
        let mut state = DrainResult {
            completion: Completion::Pending,
            ..DrainResult::default()
        };
        let work = async {
            match self.kafka {
                None => state.completion = Completion::Proven,
                Some(kafka) => self.empty(kafka, &mut state).await,
            }
        };
        settle_then(settled, work, self.patience, stop).await;
        state.took = begin.elapsed();
        state
    }

    /// Waits until the topic is empty, or until nothing has moved for the patience.
    async fn empty(&self, kafka: &Kafka, state: &mut DrainResult) {
        let (mut pause, longest) = PAUSE;
        let mut progress = Progress::since(Instant::now());
        loop {
            let deliveries = kafka.deliveries();
            // An empty topic without pending records has no lag to ask the cluster for.
            if deliveries.pending() == 0 {
                match kafka.lag().await {
                    Ok(lag) => state.lag = Some(lag),
                    Err(error) => {
                        state.trouble =
                            Some(format!("failed to ask for the consumer lag: {error}"));
                    }
                }
                if state.lag == Some(0) {
                    (state.completion, state.trouble) = (Completion::Proven, None);
                    return;
                }
            }
            if let Some(error) = self.consumers.and_then(Consumers::trouble) {
                state.trouble = Some(format!("a consumer met an error: {error}"));
            }
            let left = (deliveries.pending(), state.lag.unwrap_or(u64::MAX));
            if progress.stands_still(left, Instant::now()) >= self.patience {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }
}

/// The result of `work`, which begins when `settled` has ended. `None` if `settled` does not end within `patience`, or if `stop` is
/// true before the end.
pub async fn settle_then<T>(
    settled: impl Future<Output = ()>,
    work: impl Future<Output = T>,
    patience: Duration,
    mut stop: watch::Receiver<bool>,
) -> Option<T> {
    let all = async {
        let settled = tokio::time::timeout(patience, settled).await;
        settled.ok()?;
        Some(work.await)
    };
    tokio::select! {
        result = all => result,
        _ = stop.wait_for(|stop| *stop) => None,
    }
}

/// The time of the last progress. Progress is a smaller number of records without an answer from the broker, or of records that
/// are not committed. A larger number is not progress; it may come from a rebalance that delivers records again.
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

    /// The time since the last progress, with these numbers of pending and uncommitted records at `now`.
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
    fn only_a_new_minimum_is_progress() {
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
