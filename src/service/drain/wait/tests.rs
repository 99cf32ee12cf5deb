//! Waits with fixed observations and their outcomes.

use super::*;
use crate::{
    input::address::DbTarget,
    service::{
        Template,
        drain::{Condition, SqlZero},
    },
};

fn condition() -> Condition {
    Condition::Sql(SqlZero {
        db: DbTarget::PrivateSqlite,
        query: Template::text("SELECT 0"),
    })
}

fn watched(conditions: usize, unchanged_for: Option<u64>) -> Watched {
    Watched {
        conditions: (0..conditions).map(|_| condition()).collect(),
        unchanged_for: unchanged_for.map(Duration::from_secs),
        timeout: Some(Duration::from_secs(10)),
    }
}

/// An observation: its second, the remaining work of the condition (if there is one), and the coupons in the ledger (if it can be
/// read).
type Seen = (u64, Option<u64>, Option<u64>);

/// The second and the outcome of a wait for 5 promised coupons.
fn ends(watched: &Watched, seen: &[Seen]) -> (u64, DrainOutcome, Instant) {
    let begin = Instant::now();
    let mut wait = Wait::new(watched, Duration::from_secs(99), true, begin);
    for (second, left, coupons) in seen {
        let observation = Observation {
            backlog: Ok(left
                .iter()
                .map(|left| Backlog {
                    left: Some(*left),
                    words: format!("{left} are left"),
                })
                .collect()),
            ledger: coupons.map(|coupons| {
                (
                    LedgerContents::Count(coupons),
                    5_u64.saturating_sub(coupons),
                )
            }),
            at: begin + Duration::from_secs(*second),
        };
        if let Some(waited) = wait.take(observation) {
            return (*second, waited, begin);
        }
    }
    panic!("the wait does not end: {seen:?}");
}

/// The name of the case, the criteria, the observations, and the outcome.
type Case<'a> = (
    &'a str,
    &'a Watched,
    &'a [Seen],
    (u64, Completion, Option<u64>),
);

#[test]
fn a_wait_ends_when_all_coupons_are_there_or_at_its_timeout() {
    use Completion::{Pending, Proven, Unproven};
    let (nothing, proof) = (watched(0, None), watched(1, None));
    let (still, both) = (watched(0, Some(2)), watched(1, Some(2)));
    let cases: [Case<'_>; 11] = [
        (
            "all coupons at once",
            &nothing,
            &[(0, None, Some(5))],
            (0, Unproven, Some(0)),
        ),
        (
            "a late row",
            &nothing,
            &[(0, None, Some(0)), (9, None, Some(1)), (18, None, Some(5))],
            (18, Unproven, Some(0)),
        ),
        (
            "rows that never come",
            &nothing,
            &[
                (0, None, Some(0)),
                (4, None, Some(3)),
                (13, None, Some(3)),
                (14, None, Some(3)),
            ],
            (14, Unproven, Some(2)),
        ),
        (
            "an unchanged ledger without all coupons",
            &still,
            &[(0, None, Some(4)), (9, None, Some(4)), (10, None, Some(4))],
            (10, Unproven, Some(1)),
        ),
        (
            "a ledger with all coupons has to be unchanged",
            &still,
            &[
                (0, None, Some(5)),
                (1, None, Some(6)),
                (2, None, Some(6)),
                (3, None, Some(6)),
            ],
            (3, Unproven, Some(0)),
        ),
        (
            "a ledger that always changes",
            &still,
            &[
                (0, None, Some(5)),
                (1, None, Some(6)),
                (6, None, Some(7)),
                (10, None, Some(8)),
            ],
            (10, Pending, Some(0)),
        ),
        (
            "an empty queue and all coupons",
            &proof,
            &[(0, Some(3), Some(2)), (1, Some(0), Some(5))],
            (1, Proven, Some(0)),
        ),
        (
            "all coupons and a queue that is not empty",
            &proof,
            &[
                (0, Some(3), Some(5)),
                (9, Some(2), Some(6)),
                (18, Some(0), Some(8)),
            ],
            (18, Proven, Some(0)),
        ),
        (
            "a consumer has read the last record and not inserted it",
            &proof,
            &[(0, Some(0), Some(4)), (9, Some(0), Some(5))],
            (9, Proven, Some(0)),
        ),
        (
            "a lost record",
            &proof,
            &[
                (0, Some(2), Some(3)),
                (1, Some(0), Some(4)),
                (10, Some(0), Some(4)),
                (11, Some(0), Some(4)),
            ],
            (11, Proven, Some(1)),
        ),
        (
            "a queue without a consumer, and a ledger that cannot be read",
            &both,
            &[(0, Some(3), None), (9, Some(4), None), (10, Some(3), None)],
            (10, Pending, None),
        ),
    ];
    for (name, watched, seen, expected) in cases {
        let (second, waited, _) = ends(watched, seen);
        let ended = (second, waited.completion, waited.owed);
        assert_eq!(ended, expected, "{name}: {waited:?}");
    }
}

#[test]
fn a_wait_that_times_out_reports_what_is_left_and_the_timeout() {
    let (_, stuck, _) = ends(
        &watched(1, None),
        &[(0, Some(3), Some(2)), (10, Some(3), Some(2))],
    );
    let why = "the service was not drained after 10 s without progress: 3 are left";
    assert_eq!(stuck.trouble.as_deref(), Some(why));
    let (_, missing, begin) = ends(
        &watched(0, None),
        &[(0, None, Some(4)), (10, None, Some(4))],
    );
    let why = missing.trouble.unwrap_or_default();
    assert!(
        why.starts_with("1 promised coupon is not in the ledger 10 s after it last grew"),
        "{why}"
    );
    // A ledger that never changed has its last change at the first observation, not at the end of the wait.
    assert_eq!(missing.moved, begin);
}
