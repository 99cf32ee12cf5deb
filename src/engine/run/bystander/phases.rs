//! What the bystander felt before, during and after the load. Pure.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{
    engine::run::distribution::{distribution, nanoseconds},
    model::report::{Bystander, BystanderPhase, Failure},
};

/// Different errors that are told; some have numbers in them.
const FAILURES: usize = 32;

/// An order, as it went.
pub struct Order {
    pub intended: Instant,
    /// `None` if nobody got to it.
    pub started: Option<Instant>,
    /// `None` while it is open.
    pub end: Option<End>,
}

/// How an order ended.
pub struct End {
    pub at: Instant,
    /// The database's words.
    pub failure: Option<String>,
}

impl Order {
    /// That has not been started.
    pub fn intended(at: Instant) -> Self {
        Self {
            intended: at,
            started: None,
            end: None,
        }
    }
}

/// When what began.
#[derive(Clone, Copy)]
pub struct Span {
    /// The load.
    pub released: Instant,
    /// The time after the drain.
    pub drained: Instant,
    /// Nothing more.
    pub over: Instant,
}

/// Sorts the orders into their phases. One that was open at the release has met the load, so it belongs to the time during it.
pub fn report(orders: &[Order], span: Span) -> Bystander {
    let Span {
        released,
        drained,
        over,
    } = span;
    let is_before = |order: &&Order| order.end.as_ref().is_some_and(|end| end.at <= released);
    let is_after = |order: &&Order| order.intended >= drained;
    let (before, rest): (Vec<_>, Vec<_>) = orders.iter().partition(is_before);
    let (after, during): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_after);
    let begin = orders.first().map_or(released, |order| order.intended);
    Bystander {
        before: phase(&before, released.saturating_duration_since(begin)),
        during: phase(&during, drained.saturating_duration_since(released)),
        after: phase(&after, over.saturating_duration_since(drained)),
        failures: failures(orders),
    }
}

/// Orders that failed count in the response time as well: they have been waited for.
fn phase(orders: &[&Order], length: Duration) -> BystanderPhase {
    let ends = || {
        orders
            .iter()
            .filter_map(|order| Some((order, order.end.as_ref()?)))
    };
    let failed = ends().filter(|(_, end)| end.failure.is_some()).count();
    let went_through = ends().count() - failed;
    let started = orders
        .iter()
        .filter_map(|order| Some(order.started?.saturating_duration_since(order.intended)));
    BystanderPhase {
        duration_ns: nanoseconds(length),
        orders: orders.len() as u64,
        failed: failed as u64,
        unanswered: (orders.len() - ends().count()) as u64,
        rate_per_s: if length.is_zero() {
            0.0
        } else {
            went_through as f64 / length.as_secs_f64()
        },
        response: distribution(
            ends().map(|(order, end)| end.at.saturating_duration_since(order.intended)),
        ),
        schedule_lag: distribution(started),
    }
}

/// The different errors, most frequent first.
fn failures(orders: &[Order]) -> Vec<Failure> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let ends = orders.iter().filter_map(|order| order.end.as_ref());
    for message in ends.filter_map(|end| end.failure.as_deref()) {
        *counts.entry(message).or_default() += 1;
    }
    let mut failures: Vec<_> = counts
        .into_iter()
        .map(|(message, count)| Failure {
            message: message.to_owned(),
            count,
        })
        .collect();
    failures.sort_by_key(|failure| std::cmp::Reverse(failure.count));
    failures.truncate(FAILURES);
    failures
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Orders by intended start and end, in milliseconds; released at 100, drained at 200, over at 300.
    fn felt(orders: &[(u64, Option<u64>, Option<&str>)]) -> Bystander {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let orders: Vec<_> = orders
            .iter()
            .map(|(intended, end, failure)| Order {
                intended: at(*intended),
                started: Some(at(*intended + 1)),
                end: end.map(|end| End {
                    at: at(end),
                    failure: failure.map(str::to_owned),
                }),
            })
            .collect();
        let span = Span {
            released: at(100),
            drained: at(200),
            over: at(300),
        };
        report(&orders, span)
    }

    fn longest(phase: &BystanderPhase) -> Option<u64> {
        phase.response.max_ns.map(|ns| ns / MS)
    }

    #[test]
    fn an_order_that_is_open_at_the_release_has_met_the_load() {
        let felt = felt(&[
            (0, Some(5), None),
            (90, Some(100), None),
            (95, Some(101), None),
            (150, Some(290), None),
            (200, Some(205), None),
        ]);
        let counts = [&felt.before, &felt.during, &felt.after].map(|phase| phase.orders);
        assert_eq!(counts, [2, 2, 1]);
        // The one that was held up counts from its intended start, although the drain had ended meanwhile.
        assert_eq!(longest(&felt.during), Some(140));
        assert_eq!(longest(&felt.before), Some(10));
        assert_eq!(felt.after.schedule_lag.max_ns.map(|ns| ns / MS), Some(1));
    }

    #[test]
    fn failed_and_open_orders_are_counted_and_no_part_of_the_rate() {
        let felt = felt(&[
            (100, Some(110), None),
            (120, Some(180), Some("locked")),
            (140, None, None),
            (160, Some(170), None),
        ]);
        let during = &felt.during;
        assert_eq!((during.orders, during.failed, during.unanswered), (4, 1, 1));
        // Two in a tenth of a second.
        assert!((during.rate_per_s - 20.0).abs() < 1e-9);
        assert_eq!((during.response.count, longest(during)), (3, Some(60)));
        let failures: Vec<_> = felt
            .failures
            .iter()
            .map(|f| (&*f.message, f.count))
            .collect();
        assert_eq!(failures, [("locked", 1)]);
    }

    #[test]
    fn a_run_that_was_over_at_once_has_empty_phases() {
        let felt = felt(&[]);
        assert_eq!(felt.before.duration_ns, 0);
        assert_eq!((felt.during.orders, felt.during.response.count), (0, 0));
    }
}
