//! The rate limit of all consumers of this process together.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use crate::model::workload::Rate;

/// How much of a delay is made up for. The timers of the runtime tick in milliseconds, so without it a rate above 1,000 batches a
/// second could not be reached. A longer time would allow a burst after every pause.
const SLACK: Duration = Duration::from_millis(5);

/// Gives each batch a turn: the batch after a batch of `n` records waits for `n` periods.
///
/// So the rate is constant from the first batch on, and unused time is not saved.
pub struct Pace {
    /// The time from one record to the next.
    period: Duration,
    /// The time of the next turn. `None` before the first turn.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub fn new(rate: Rate) -> Self {
        Self {
            period: rate.period(),
            next: Mutex::new(None),
        }
    }

    /// Waits for the turn of a batch of `records` records.
    pub async fn turn(&self, records: usize) {
        sleep_until(self.reserve(records, Instant::now())).await;
    }

    fn reserve(&self, records: usize, now: Instant) -> Instant {
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(SLACK).unwrap_or(now);
        let turn = next.map_or(now, |next| next.max(earliest));
        *next = Some(turn + self.period.saturating_mul(records));
        turn
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn pace(per_second: f64) -> Pace {
        Pace::new(Rate::new(per_second).expect("a rate"))
    }

    /// The times of the turns of these batches, in milliseconds from the first. The consumer works on each for `busy`.
    async fn turns(pace: &Pace, batches: &[usize], busy: Duration) -> Vec<u128> {
        let begin = Instant::now();
        let mut turns = Vec::new();
        for records in batches {
            pace.turn(*records).await;
            turns.push(begin.elapsed().as_millis());
            tokio::time::sleep(busy).await;
        }
        turns
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_waits_for_the_records_before_it() {
        let busy = Duration::from_millis(1);
        let turns = turns(&pace(100.0), &[1, 1, 5, 1, 1], busy).await;
        assert_eq!(turns, [0, 10, 20, 70, 80]);
    }

    #[tokio::test(start_paused = true)]
    async fn unused_time_is_not_saved() {
        let pace = pace(1000.0);
        pace.turn(1).await;
        tokio::time::sleep(Duration::from_mins(1)).await;
        let turns = turns(&pace, &[1; 10], Duration::ZERO).await;
        // The first six make up for the delay.
        assert_eq!(turns, [0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_above_the_resolution_of_the_timers_is_reached() {
        let begin = Instant::now();
        let pace = pace(20_000.0);
        for _ in 0..20_000 {
            pace.turn(1).await;
        }
        let took = begin.elapsed();
        assert!(
            took > Duration::from_millis(990) && took < Duration::from_millis(1010),
            "{took:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn several_consumers_share_one_rate() {
        let begin = Instant::now();
        let pace = Arc::new(pace(100.0));
        let consumers = (0..4).map(|_| {
            let pace = Arc::clone(&pace);
            tokio::spawn(async move {
                for _ in 0..25 {
                    pace.turn(1).await;
                }
            })
        });
        futures::future::join_all(consumers).await;
        // The 100th batch has its turn after 99 periods.
        assert_eq!(begin.elapsed().as_millis(), 990);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_below_one_a_second_is_valid() {
        let turns = turns(&pace(0.5), &[1, 1, 1], Duration::ZERO).await;
        assert_eq!(turns, [0, 2000, 4000]);
    }
}
