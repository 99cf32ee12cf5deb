//! The response times of the bystander before, during and after the load, as pure functions.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{
    engine::run::distribution::{distribution, nanoseconds},
    model::report::{Bystander, BystanderPhase, Failure},
};

/// The number of different errors in the report. Some error texts contain numbers.
const FAILURES: usize = 32;

/// The times of an order.
pub struct Order {
    pub intended: Instant,
    /// `None` if the order has not started.
    pub started: Option<Instant>,
    /// `None` while the order is open.
    pub end: Option<OrderEnd>,
}

/// The end of an order.
pub struct OrderEnd {
    pub at: Instant,
    /// The error of the database.
    pub failure: Option<String>,
}

impl Order {
    /// An order that has not started.
    pub fn intended(at: Instant) -> Self {
        Self {
            intended: at,
            started: None,
            end: None,
        }
    }
}

/// The begin of each phase after the first.
#[derive(Clone, Copy)]
pub struct Span {
    /// The begin of the load.
    pub released: Instant,
    /// The end of the drain.
    pub drained: Instant,
    /// The end of the orders.
    pub over: Instant,
}

/// Assigns the orders to their phases. An order that was open at the release overlaps the load, so it belongs to the phase of the
/// load.
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

/// Failed orders count in the response time, because their caller waited for them.
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

/// The different errors, the most frequent first.
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

    /// Orders by intended start and end, in milliseconds. The release is at 100, the end of the drain at 200, the end of the
    /// orders at 300.
    fn felt(orders: &[(u64, Option<u64>, Option<&str>)]) -> Bystander {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let orders: Vec<_> = orders
            .iter()
            .map(|(intended, end, failure)| Order {
                intended: at(*intended),
                started: Some(at(*intended + 1)),
                end: end.map(|end| OrderEnd {
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
    fn an_order_that_is_open_at_the_release_belongs_to_the_load() {
        let felt = felt(&[
            (0, Some(5), None),
            (90, Some(100), None),
            (95, Some(101), None),
            (150, Some(290), None),
            (200, Some(205), None),
        ]);
        let counts = [&felt.before, &felt.during, &felt.after].map(|phase| phase.orders);
        assert_eq!(counts, [2, 2, 1]);
        // The delayed order counts from its intended start, although the drain had ended before its end.
        assert_eq!(longest(&felt.during), Some(140));
        assert_eq!(longest(&felt.before), Some(10));
        assert_eq!(felt.after.schedule_lag.max_ns.map(|ns| ns / MS), Some(1));
    }

    #[test]
    fn failed_and_open_orders_are_counted_but_not_in_the_rate() {
        let felt = felt(&[
            (100, Some(110), None),
            (120, Some(180), Some("locked")),
            (140, None, None),
            (160, Some(170), None),
        ]);
        let during = &felt.during;
        assert_eq!((during.orders, during.failed, during.unanswered), (4, 1, 1));
        // Two orders in a tenth of a second.
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
    fn a_run_without_orders_has_empty_phases() {
        let felt = felt(&[]);
        assert_eq!(felt.before.duration_ns, 0);
        assert_eq!((felt.during.orders, felt.during.response.count), (0, 0));
    }
}
