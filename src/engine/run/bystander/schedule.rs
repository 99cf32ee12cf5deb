//! When an order is to be made: an open loop at a fixed rate, that a slow order holds up no more than a fast one.

use std::time::{Duration, Instant};

use crate::model::workload::Rate;

/// How long the pacing sleeps at most before it looks whether it is over.
const NAP: Duration = Duration::from_millis(10);

/// A clock to pace by.
pub trait Time {
    /// The time.
    fn now(&self) -> Instant;
    /// Sleeps for so long, or a little longer.
    fn sleep(&self, duration: Duration);
}

/// The thread's own sleep, which is finer than the runtime's timers: those tick in milliseconds.
pub struct SystemTime;

impl Time for SystemTime {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// The intended starts.
pub struct Schedule {
    begin: Instant,
    per_second: f64,
}

impl Schedule {
    pub fn new(begin: Instant, rate: Rate) -> Self {
        Self {
            begin,
            per_second: rate.per_second(),
        }
    }

    /// Of the order of this number, from 0. Counted from the beginning, so that no error adds up.
    fn due(&self, number: u64) -> Instant {
        let after = Duration::try_from_secs_f64(number as f64 / self.per_second);
        // Centuries from now it is over.
        self.begin + after.unwrap_or(Duration::from_hours(24))
    }

    /// Calls `make` with number and intended start of every order that is due before the time that `over` tells, once it is known.
    /// Whoever is late catches up, also then, each order with the start that was intended.
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

    /// A clock that only sleeping moves.
    struct Fake(Cell<Instant>);

    impl Time for Fake {
        fn now(&self) -> Instant {
            self.0.get()
        }

        fn sleep(&self, duration: Duration) {
            self.0.set(self.0.get() + duration);
        }
    }

    /// Intended and actual starts in milliseconds, up to `until`; `make` may take its time.
    fn starts(per_second: f64, until: u64, make: impl Fn(u64, &Fake)) -> Vec<(u128, u128)> {
        let begin = Instant::now();
        let time = Fake(Cell::new(begin));
        let starts = RefCell::new(Vec::new());
        let schedule = Schedule::new(begin, Rate::new(per_second).unwrap());
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
    fn orders_come_at_even_distances_and_end_when_it_is_over() {
        let expected: Vec<_> = (0..12).map(|number| (number * 25, number * 25)).collect();
        assert_eq!(starts(40.0, 300, |_, _| {}), expected);
    }

    #[test]
    fn whoever_is_held_up_catches_up_with_the_starts_that_were_intended() {
        let held_up = |number, time: &Fake| {
            if number == 1 {
                time.sleep(Duration::from_millis(35));
            }
        };
        let expected = [(0, 0), (10, 10), (20, 45), (30, 45), (40, 45), (50, 50)];
        assert_eq!(starts(100.0, 55, held_up), expected);
    }

    #[test]
    fn what_was_due_is_made_although_it_is_over_by_then() {
        let held_up = |number, time: &Fake| {
            if number == 1 {
                time.sleep(Duration::from_millis(90));
            }
        };
        let expected = [(0, 0), (10, 10), (20, 100), (30, 100)];
        assert_eq!(starts(100.0, 40, held_up), expected);
    }

    #[test]
    fn no_error_adds_up() {
        let schedule = Schedule::new(Instant::now(), Rate::new(3.0).unwrap());
        let after = schedule.due(3_000_000).duration_since(schedule.begin);
        assert_eq!(after, Duration::from_secs(1_000_000));
    }
}
