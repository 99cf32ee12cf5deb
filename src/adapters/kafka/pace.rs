//! How fast the consumers of this process take records, all of them together.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use crate::model::workload::Rate;

/// How late a turn may be and still be made up for. The runtime's timers tick in milliseconds, so without it no rate above
/// 1,000 batches a second could be kept; a longer one would let a burst through after every stall.
const SLACK: Duration = Duration::from_millis(5);

/// Hands out turns, one after the other: a batch of `n` records keeps the next one waiting for `n` periods.
///
/// So a rate is steady from the first batch on, and what is not used is not saved up.
pub struct Pace {
    /// From one record to the next.
    period: Duration,
    /// When the next turn begins; `None` before the first one.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub fn new(rate: Rate) -> Self {
        Self {
            period: rate.period(),
            next: Mutex::new(None),
        }
    }

    /// Waits until it is these records' turn.
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

    /// When each of these batches has its turn, in milliseconds from the first; a consumer is busy with each for `busy`.
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
    async fn what_is_not_used_is_not_saved_up() {
        let pace = pace(1000.0);
        pace.turn(1).await;
        tokio::time::sleep(Duration::from_mins(1)).await;
        let turns = turns(&pace, &[1; 10], Duration::ZERO).await;
        // Five of them make up for the slack.
        assert_eq!(turns, [0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_beyond_the_timers_ticks_is_kept_too() {
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
        // The hundredth has its turn after 99 periods.
        assert_eq!(begin.elapsed().as_millis(), 990);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_of_less_than_one_a_second_is_one() {
        let turns = turns(&pace(0.5), &[1, 1, 1], Duration::ZERO).await;
        assert_eq!(turns, [0, 2000, 4000]);
    }
}
