//! Written-out schedules with their explanations.

use std::sync::Arc;

use super::*;
use crate::{
    gate::{
        GateKind::{self, Mysql, Postgres, Redis},
        event::{Content, Role, SqlStatement, WireAnswer, WireStatement},
        footprint,
    },
    ports::UserId,
};
use Contender::{A, B};

const TWO_USERS: HuntCase = HuntCase {
    same_user: false,
    limit: 1,
    given: 0,
};

const ONE_USER: HuntCase = HuntCase {
    same_user: true,
    limit: 2,
    given: 0,
};

/// A step outside a transaction. The answer `ERROR …` is an error; `nil` and `0 rows` change nothing.
fn step(contender: Contender, kind: GateKind, text: &str, answer: &str) -> HuntStep {
    let content = match kind {
        Redis => {
            let words = text.split(' ').map(|word| word.as_bytes().to_vec());
            Content::Redis(vec![words.collect()])
        }
        _ => Content::Sql(vec![SqlStatement {
            text: text.to_owned(),
            parameters: Vec::new(),
        }]),
    };
    let (role, footprint) = footprint::classify(kind, &content);
    assert_ne!(role, Role::Housekeeping, "{text}");
    HuntStep {
        contender,
        kind,
        shown: footprint::shown(&content),
        statement: Arc::new(WireStatement {
            kind,
            content,
            role,
            footprint,
            traceparent: None,
        }),
        transaction: None,
        answer: WireAnswer {
            text: (!answer.is_empty()).then(|| answer.to_owned()),
            is_error: answer.starts_with("ERROR"),
            changed_nothing: ["nil", "0 rows"].contains(&answer),
            in_transaction: false,
        },
        waited: false,
        told: None,
    }
}

/// The same step in the one transaction of its request.
fn within(step: HuntStep) -> HuntStep {
    HuntStep {
        transaction: Some(u64::from(step.contender == B)),
        ..step
    }
}

fn told(told: &str, step: HuntStep) -> HuntStep {
    HuntStep {
        told: Some(told.to_owned()),
        ..step
    }
}

fn issued(step: HuntStep) -> HuntStep {
    told("issued", step)
}

fn waited(step: HuntStep) -> HuntStep {
    HuntStep {
        waited: true,
        ..step
    }
}

fn count(contender: Contender, rows: &str) -> HuntStep {
    step(contender, Postgres, "SELECT count(*) FROM coupon", rows)
}

fn insert(contender: Contender) -> HuntStep {
    let text = "INSERT INTO coupon (user_id) VALUES (1)";
    step(contender, Postgres, text, "1 row")
}

fn commit(contender: Contender) -> HuntStep {
    within(step(contender, Postgres, "COMMIT", ""))
}

fn redis(contender: Contender, text: &str, answer: &str) -> HuntStep {
    step(contender, Redis, text, answer)
}

/// The diagram, the marks as letters, and the remedy. A request with a step that waited has waited inside the service.
fn of(case: HuntCase, steps: &[HuntStep], kinds: &[FindingKind]) -> (Interleaving, String, String) {
    let waits = |contender| {
        let mut own = steps.iter().filter(|step| step.contender == contender);
        own.any(|step| step.waited)
    };
    let findings: Vec<_> = kinds
        .iter()
        .map(|kind| Discrepancy {
            kind: *kind,
            count: 1,
            users: vec![UserId(1)],
        })
        .collect();
    let explained = explain(&HuntCircumstances {
        service: "my-service",
        case,
        steps,
        findings: &findings,
        attempts: &[],
        ledger: "2 coupons (u1, u2), limit 1".to_owned(),
        overlapped: true,
        waited_inside: Contender::BOTH.map(waits),
    });
    let letters = explained
        .interleaving
        .steps
        .iter()
        .map(|step| match step.mark {
            Mark::Plain => '.',
            Mark::Stale => 's',
            Mark::Waits => 'w',
            Mark::Broke => 'b',
            Mark::Fault => 'f',
        });
    let marks = letters.collect();
    (explained.interleaving, marks, explained.advice)
}

#[test]
fn a_count_before_the_insert_of_the_other_request_is_stale() {
    let steps = [
        count(A, "0"),
        count(B, "0"),
        issued(insert(A)),
        issued(insert(B)),
    ];
    let (drawn, marks, advice) = of(TWO_USERS, &steps, &[FindingKind::OverIssue]);
    assert_eq!(drawn.title, "my-service, two users, limit 1: over-issue");
    assert_eq!(marks, ".s.b");
    assert_eq!(
        drawn.why,
        "u2 read SELECT count(*) FROM coupon → 0 before u1's INSERT was visible, and went on when that was no longer true."
    );
    assert!(advice.contains("FOR UPDATE"), "{advice}");
    assert_eq!(drawn.ledger, "2 coupons (u1, u2), limit 1");
    assert_eq!(drawn.steps[3].told.as_deref(), Some("issued"));
}

#[test]
fn a_change_is_visible_from_its_commit_on() {
    let steps = [
        within(count(A, "0")),
        within(insert(A)),
        within(count(B, "0")),
        within(insert(B)),
        issued(commit(A)),
        issued(commit(B)),
    ];
    let (drawn, marks, advice) = of(TWO_USERS, &steps, &[FindingKind::OverIssue]);
    assert_eq!(marks, "..s..b");
    assert!(drawn.why.starts_with("u2 read SELECT"), "{}", drawn.why);
    assert!(advice.starts_with("Decide and write"), "{advice}");
}

#[test]
fn a_lock_inside_the_service_ends_before_the_commit() {
    let steps = [
        within(count(A, "0")),
        within(insert(A)),
        waited(within(count(B, "0"))),
        within(insert(B)),
        issued(commit(A)),
        issued(commit(B)),
    ];
    let (drawn, marks, advice) = of(TWO_USERS, &steps, &[FindingKind::OverIssue]);
    assert_eq!(marks, "..s..b");
    assert!(
        drawn
            .why
            .starts_with("u1 released its lock inside the service before its COMMIT: u2 read"),
        "{}",
        drawn.why
    );
    assert!(advice.starts_with("Release the lock after"), "{advice}");
}

#[test]
fn a_lock_in_redis_ends_before_the_commit() {
    for release in ["DEL lock", "EVALSHA abc 1 lock t"] {
        let steps = [
            redis(A, "SET lock a NX PX 1000", "OK"),
            within(count(A, "0")),
            within(insert(A)),
            redis(A, release, "1"),
            redis(B, "SET lock b NX PX 1000", "OK"),
            within(count(B, "0")),
            within(insert(B)),
            redis(B, release, "1"),
            issued(commit(A)),
            issued(commit(B)),
        ];
        let (drawn, marks, advice) = of(TWO_USERS, &steps, &[FindingKind::OverIssue]);
        assert_eq!(marks, ".....s...b");
        assert!(
            drawn.why.starts_with("u1 released its lock ("),
            "{}",
            drawn.why
        );
        assert!(advice.starts_with("Release the lock after"), "{advice}");
    }
}

#[test]
fn a_named_lock_of_the_database_ends_before_the_commit() {
    let named = |contender, text| within(step(contender, Mysql, text, "1"));
    let in_transaction = |step: HuntStep| HuntStep {
        kind: Mysql,
        ..within(step)
    };
    let steps = [
        named(A, "SELECT GET_LOCK('coupon', 5)"),
        in_transaction(count(A, "0")),
        in_transaction(insert(A)),
        named(A, "SELECT RELEASE_LOCK('coupon')"),
        named(B, "SELECT GET_LOCK('coupon', 5)"),
        in_transaction(count(B, "0")),
        in_transaction(insert(B)),
        named(B, "SELECT RELEASE_LOCK('coupon')"),
        issued(in_transaction(commit(A))),
        issued(in_transaction(commit(B))),
    ];
    let (drawn, marks, advice) = of(TWO_USERS, &steps, &[FindingKind::OverIssue]);
    assert_eq!(marks, ".....s...b");
    assert!(
        drawn
            .why
            .starts_with("u1 released its lock (SELECT RELEASE_LOCK('coupon'))"),
        "{}",
        drawn.why
    );
    assert!(advice.starts_with("Release the lock after"), "{advice}");
}

#[test]
fn a_count_in_redis_is_not_given_back() {
    let rollback = |contender| within(step(contender, Postgres, "ROLLBACK", ""));
    let steps = [
        redis(A, "INCR issued", "1"),
        within(step(
            A,
            Postgres,
            "INSERT INTO coupon VALUES (1)",
            "ERROR 23505 duplicate key",
        )),
        told("error", rollback(A)),
        told("sold out", redis(B, "INCR issued", "2")),
    ];
    let (drawn, _, advice) = of(TWO_USERS, &steps, &[FindingKind::UnderIssue]);
    assert_eq!(
        drawn.why,
        "u1 counted INCR issued → 1 in Redis before its transaction failed, and the count was not given back."
    );
    assert!(advice.starts_with("Give the count back"), "{advice}");
    let mut steps = steps.to_vec();
    steps.push(redis(A, "DECR issued", "1"));
    let (drawn, ..) = of(TWO_USERS, &steps, &[FindingKind::UnderIssue]);
    assert!(!drawn.why.contains("given back"), "{}", drawn.why);
}

#[test]
fn a_check_for_a_duplicate_and_the_insert_are_apart() {
    let exists = |contender| {
        let text = "SELECT 1 FROM coupon WHERE user_id = 1";
        step(contender, Mysql, text, "0 rows")
    };
    let insert = |contender| {
        let text = "INSERT INTO coupon (user_id) VALUES (1)";
        issued(step(contender, Mysql, text, "1 row"))
    };
    let steps = [exists(A), exists(B), insert(A), insert(B)];
    let (drawn, marks, advice) = of(ONE_USER, &steps, &[FindingKind::DuplicateUser]);
    assert_eq!(marks, ".s.b");
    assert!(drawn.why.starts_with("u1#2 read SELECT 1"), "{}", drawn.why);
    assert!(advice.contains("unique key"), "{advice}");
    let steps = [insert(A), insert(B)];
    let (drawn, marks, advice) = of(ONE_USER, &steps, &[FindingKind::DuplicateUser]);
    assert_eq!(marks, ".b");
    assert_eq!(
        drawn.why,
        "u1 has two rows, because nothing prevents the second row: no race is needed."
    );
    assert!(advice.contains("unique key"), "{advice}");
}

#[test]
fn a_set_is_counted_before_the_member_is_added() {
    let steps = [
        redis(A, "SCARD issued", "0"),
        redis(B, "SCARD issued", "0"),
        issued(redis(B, "SADD issued u2", "1")),
        issued(redis(A, "SADD issued u1", "1")),
    ];
    let (drawn, marks, advice) = of(TWO_USERS, &steps, &[FindingKind::OverIssue]);
    assert_eq!(marks, "s..b");
    assert_eq!(
        drawn.why,
        "u1 read SCARD issued → 0 before u2's SADD was visible, and went on when that was no longer true."
    );
    assert!(advice.contains("Lua script"), "{advice}");
}

#[test]
fn a_counter_is_read_and_written_back() {
    let read = |contender| step(contender, Postgres, "SELECT issued FROM event", "0");
    let write = |contender, rows| step(contender, Postgres, "UPDATE event SET issued = 1", rows);
    let steps = [
        read(A),
        read(B),
        write(A, "1 row"),
        write(B, "0 rows"),
        issued(insert(A)),
        issued(insert(B)),
    ];
    let (drawn, marks, advice) = of(TWO_USERS, &steps, &[FindingKind::OverIssue]);
    assert_eq!(marks, ".s...b");
    assert!(
        drawn.why.contains("before u1's UPDATE was visible"),
        "{}",
        drawn.why
    );
    assert!(advice.starts_with("Let the database count"), "{advice}");
}

#[test]
fn a_plain_read_after_the_lock_returns_the_old_snapshot() {
    let user = |contender| within(step(contender, Mysql, "SELECT * FROM member", "1 row"));
    let lock = |contender| {
        let text = "SELECT * FROM event WHERE id = 1 FOR UPDATE";
        within(step(contender, Mysql, text, "1 row"))
    };
    let count = |contender| within(step(contender, Mysql, "SELECT count(*) FROM coupon", "0"));
    let insert = |contender| {
        within(step(
            contender,
            Mysql,
            "INSERT INTO coupon VALUES (1)",
            "1 row",
        ))
    };
    let commit = |contender| issued(within(step(contender, Mysql, "COMMIT", "")));
    let steps = [
        user(A),
        user(B),
        lock(A),
        count(A),
        insert(A),
        commit(A),
        waited(lock(B)),
        count(B),
        insert(B),
        commit(B),
    ];
    let (drawn, marks, advice) = of(TWO_USERS, &steps, &[FindingKind::OverIssue]);
    assert_eq!(marks, "......ws.b");
    assert!(drawn.why.contains("snapshot"), "{}", drawn.why);
    assert!(advice.contains("REPEATABLE READ"), "{advice}");
}

#[test]
fn an_order_without_a_race_is_explained_as_such() {
    let steps = [
        count(A, "0"),
        issued(insert(A)),
        count(B, "1"),
        issued(insert(B)),
    ];
    let (drawn, marks, advice) = of(TWO_USERS, &steps, &[FindingKind::OverIssue]);
    assert_eq!(marks, "...b");
    assert_eq!(
        drawn.why,
        "u2 saw SELECT count(*) FROM coupon → 1 at a limit of 1 and went on: no race is needed."
    );
    assert!(!advice.is_empty());
}

#[test]
fn a_lost_coupon_and_a_refused_row_are_explained() {
    let steps = [told("issued", redis(A, "RPUSH queue u1", "1"))];
    let (drawn, marks, advice) = of(TWO_USERS, &steps, &[FindingKind::Lost]);
    assert_eq!(marks, "b");
    assert!(
        drawn.why.starts_with("u1 was told \"issued\""),
        "{}",
        drawn.why
    );
    assert!(advice.contains("COMMIT"), "{advice}");
    let steps = [told("error", insert(A))];
    let (drawn, marks, _) = of(TWO_USERS, &steps, &[FindingKind::Phantom]);
    assert_eq!(marks, "b");
    assert!(drawn.why.starts_with("u1 was not told"), "{}", drawn.why);
}

#[test]
fn without_a_finding_only_the_steps_are_drawn() {
    let steps = [issued(insert(A)), waited(told("sold out", count(B, "1")))];
    let (drawn, marks, advice) = of(TWO_USERS, &steps, &[]);
    assert_eq!(drawn.title, "my-service, two users, limit 1");
    assert_eq!(
        (marks.as_str(), drawn.why.as_str(), advice.as_str()),
        (".w", "", "")
    );
    for kind in [
        FindingKind::OverIssue,
        FindingKind::UnderIssue,
        FindingKind::Lost,
        FindingKind::Recovered,
        FindingKind::DuplicateCode,
    ] {
        let (drawn, ..) = of(TWO_USERS, &[], &[kind]);
        assert!(!drawn.why.is_empty());
    }
}
