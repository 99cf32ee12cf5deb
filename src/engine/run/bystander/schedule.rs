//! The schedule of the orders: an open loop at a fixed rate, which does not wait for earlier orders.

use std::time::{Duration, Instant};

use crate::model::workload::Rate;

/// The longest sleep between two checks for the end of the orders.
const NAP: Duration = Duration::from_millis(10);

/// The clock of the schedule.
pub trait Time {
    /// The current time.
    fn now(&self) -> Instant;
    /// Sleeps for this duration, or a little longer.
    fn sleep(&self, duration: Duration);
}

/// The sleep of the thread. It is more precise than the timers of the runtime, which have a resolution of a millisecond.
pub struct SystemTime;

impl Time for SystemTime {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// The intended starts of the orders.
pub struct OrderSchedule {
    begin: Instant,
    per_second: f64,
}

impl OrderSchedule {
    pub fn new(begin: Instant, rate: Rate) -> Self {
        Self {
            begin,
            per_second: rate.per_second(),
        }
    }

    /// The intended start of the order with this number, from 0. Counted from the begin, so that errors do not add up.
    fn due(&self, number: u64) -> Instant {
        let after = Duration::try_from_secs_f64(number as f64 / self.per_second);
        // A start that is too far away for an `Instant` is after the end.
        self.begin + after.unwrap_or(Duration::from_hours(24))
    }

    /// Calls `make` with the number and the intended start of every order that is due before the end. `over` returns the end once
    /// it is known. After a delay, `make` is called for every missed order with its intended start, also after the end.
    pub fn run(
        &self,
        time: &impl Time,
        over: impl Fn() -> Option<Instant>,
        mut make: impl FnMut(u64, Instant),
    ) {
        for number in 0.. {
            let due = self.due(number);
            loop {
                if over().is_some_and(|over| due >= over) {
                    return;
                }
                let left = due.saturating_duration_since(time.now());
                if left.is_zero() {
                    break;
                }
                time.sleep(left.min(NAP));
            }
            make(number, due);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::cell::{Cell, RefCell};

    use super::*;

    /// A clock that only a sleep moves.
    struct Fake(Cell<Instant>);

    impl Time for Fake {
        fn now(&self) -> Instant {
            self.0.get()
        }

        fn sleep(&self, duration: Duration) {
            self.0.set(self.0.get() + duration);
        }
    }

    /// Intended and actual starts in milliseconds, up to `until`. `make` may move the clock.
    fn starts(per_second: f64, until: u64, make: impl Fn(u64, &Fake)) -> Vec<(u128, u128)> {
        let begin = Instant::now();
        let time = Fake(Cell::new(begin));
        let starts = RefCell::new(Vec::new());
        let schedule = OrderSchedule::new(begin, Rate::new(per_second).unwrap());
        let end = begin + Duration::from_millis(until);
        let over = || (time.now() >= end).then_some(end);
        schedule.run(&time, over, |number, intended| {
            let since = |at: Instant| at.duration_since(begin).as_millis();
            starts
                .borrow_mut()
                .push((since(intended), since(time.now())));
            make(number, &time);
        });
        starts.into_inner()
    }

    #[test]
    fn orders_start_at_equal_intervals_until_the_end() {
        let expected: Vec<_> = (0..12).map(|number| (number * 25, number * 25)).collect();
        assert_eq!(starts(40.0, 300, |_, _| {}), expected);
    }

    #[test]
    fn delayed_orders_keep_their_intended_starts() {
        let held_up = |number, time: &Fake| {
            if number == 1 {
                time.sleep(Duration::from_millis(35));
            }
        };
        let expected = [(0, 0), (10, 10), (20, 45), (30, 45), (40, 45), (50, 50)];
        assert_eq!(starts(100.0, 55, held_up), expected);
    }

    #[test]
    fn an_order_that_was_due_before_the_end_is_made_after_it() {
        let held_up = |number, time: &Fake| {
            if number == 1 {
                time.sleep(Duration::from_millis(90));
            }
        };
        let expected = [(0, 0), (10, 10), (20, 100), (30, 100)];
        assert_eq!(starts(100.0, 40, held_up), expected);
    }

    #[test]
    fn rounding_errors_do_not_add_up() {
        let schedule = OrderSchedule::new(Instant::now(), Rate::new(3.0).unwrap());
        let after = schedule.due(3_000_000).duration_since(schedule.begin);
        assert_eq!(after, Duration::from_secs(1_000_000));
    }
}
