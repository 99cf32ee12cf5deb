//! Every strategy of the registry, polled by hand over ports in memory: no runtime, no clock, no service.

mod memory;
mod redis;

use std::{
    collections::BTreeSet,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::{Decision, Entry, Need, Promise, REGISTRY, Strategy};
use crate::ports::{self, UserId, attempt};
use memory::Memory;

const LIMIT: u64 = 2;

/// More polls than any strategy needs. A strategy that needs more never ends.
const MAX_POLLS: usize = 10_000;

type Claim<'a> = Pin<Box<dyn Future<Output = ports::Result<Decision>> + Send + 'a>>;

fn claim(strategy: &dyn Strategy, user: u64) -> Claim<'_> {
    Box::pin(attempt::scope(UserId(user), strategy.claim(UserId(user))))
}

/// Polls all futures in turn, one step each, until the last has ended: the schedule ABAB…
fn in_lockstep(mut claims: Vec<Claim<'_>>) -> Vec<ports::Result<Decision>> {
    let mut context = Context::from_waker(Waker::noop());
    let mut answers: Vec<_> = claims.iter().map(|_| None).collect();
    for _ in 0..MAX_POLLS {
        for (claim, answer) in claims.iter_mut().zip(&mut answers) {
            if answer.is_none()
                && let Poll::Ready(ready) = claim.as_mut().poll(&mut context)
            {
                *answer = Some(ready);
            }
        }
        if answers.iter().all(Option::is_some) {
            return answers.into_iter().flatten().collect();
        }
    }
    panic!("the claims did not end within {MAX_POLLS} rounds");
}

fn consume(strategy: &dyn Strategy, memory: &Memory) {
    let consumer = memory.consumer();
    let mut consuming = strategy.consume(&consumer);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..MAX_POLLS {
        if let Poll::Ready(ended) = consuming.as_mut().poll(&mut context) {
            assert!(ended.is_ok(), "{ended:?}");
            return;
        }
    }
    panic!("the consumer did not end");
}

/// Claims by `users` in lockstep, then the consumer. Returns the decisions and the rows.
fn run(entry: &Entry, users: &[u64]) -> (Vec<Decision>, Vec<UserId>) {
    let memory = Memory::new(LIMIT, entry);
    let strategy = (entry.build)(&memory.event());
    let claims = users.iter().map(|user| claim(&*strategy, *user)).collect();
    let told = in_lockstep(claims)
        .into_iter()
        .map(|answer| answer.unwrap_or_else(|error| panic!("{}: {error}", entry.name)))
        .collect();
    consume(&*strategy, &memory);
    (told, memory.rows())
}

#[test]
fn every_strategy_runs_to_its_end_when_polled_by_hand() {
    for entry in REGISTRY {
        let (told, rows) = run(entry, &[1, 2, 3, 4, 5]);
        let issued = told
            .iter()
            .filter(|decision| **decision == Decision::Issued)
            .count();
        assert_eq!(
            issued,
            rows.len(),
            "{}: told {told:?}, rows {rows:?}",
            entry.name
        );
    }
}

#[test]
fn claims_in_lockstep_over_issue_only_without_a_promise() {
    for entry in REGISTRY {
        let (_, rows) = run(entry, &[1, 2, 3, 4, 5]);
        let issued = rows.len() as u64;
        match entry.promise {
            Promise::None => assert!(issued > LIMIT, "{} did not race", entry.name),
            Promise::AtMost => assert!(issued <= LIMIT, "{} issued {issued}", entry.name),
            Promise::SingleProcess | Promise::Exact => {
                assert_eq!(issued, LIMIT, "{}", entry.name);
            }
        }
    }
}

#[test]
fn with_one_user_at_a_time_only_naive_verbatim_over_issues() {
    for entry in REGISTRY {
        let memory = Memory::new(LIMIT, entry);
        let strategy = (entry.build)(&memory.event());
        for user in 1..=5 {
            let told = in_lockstep(vec![claim(&*strategy, user)]);
            assert!(told[0].is_ok(), "{}: {told:?}", entry.name);
        }
        consume(&*strategy, &memory);
        let surplus = u64::from(entry.name == "naive-verbatim");
        assert_eq!(
            memory.rows().len() as u64,
            LIMIT + surplus,
            "{}",
            entry.name
        );
    }
}

#[test]
fn a_double_click_gets_one_coupon_only_if_one_per_user_is_promised() {
    for entry in REGISTRY
        .iter()
        .filter(|entry| entry.promise == Promise::Exact)
    {
        let (_, rows) = run(entry, &[1, 1]);
        let expected = if entry.one_per_user { 1 } else { 2 };
        assert_eq!(rows.len(), expected, "{}: {rows:?}", entry.name);
    }
}

#[test]
fn a_claim_that_is_dropped_between_two_steps_blocks_no_other_claim() {
    for entry in REGISTRY {
        let memory = Memory::new(LIMIT, entry);
        let strategy = (entry.build)(&memory.event());
        let mut crashing = claim(&*strategy, 1);
        let _ = crashing
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        drop(crashing);
        let answers = in_lockstep(vec![claim(&*strategy, 2)]);
        assert!(answers[0].is_ok(), "{}: {answers:?}", entry.name);
    }
}

/// Users one after the other, while the broker refuses the first record. Returns the number of issued and of failed claims, and
/// the rows.
fn with_a_refused_record(name: &str) -> (usize, usize, Vec<UserId>) {
    let entry = super::find(name).unwrap_or_else(|| panic!("{name} is not in the registry"));
    let memory = Memory::new(LIMIT, entry);
    memory.refuse_records(1);
    let strategy = (entry.build)(&memory.event());
    let answers: Vec<_> = (1..=5)
        .flat_map(|user| in_lockstep(vec![claim(&*strategy, user)]))
        .collect();
    consume(&*strategy, &memory);
    let issued = answers
        .iter()
        .filter(|answer| matches!(answer, Ok(Decision::Issued)));
    let failed = answers.iter().filter(|answer| answer.is_err());
    (issued.count(), failed.count(), memory.rows())
}

#[test]
fn a_refused_record_loses_a_coupon_in_redis_kafka_and_not_in_redis_kafka_safe() {
    // The decision was "issued" and the row never comes: one coupon is lost and one is missing.
    let (issued, failed, rows) = with_a_refused_record("redis-kafka");
    assert_eq!((issued, failed, rows), (2, 0, vec![UserId(2)]));
    // The claim failed and its number went to another user: all coupons are issued and none is lost.
    let (issued, failed, rows) = with_a_refused_record("redis-kafka-safe");
    assert_eq!((issued, failed, rows), (2, 1, vec![UserId(2), UserId(3)]));
}

/// The state after the consumer of strategy `name` has read these records, `batch` at a time.
fn consumed(name: &str, records: &[u64], batch: usize) -> Memory {
    let entry = super::find(name).unwrap_or_else(|| panic!("{name} is not in the registry"));
    let memory = Memory::new(LIMIT, entry);
    memory.read_in_batches_of(batch);
    memory.deliver(records);
    consume(&*(entry.build)(&memory.event()), &memory);
    memory
}

#[test]
fn a_batch_is_one_statement_and_one_commit_of_offsets() {
    for name in ["redis-kafka", "redis-kafka-safe"] {
        let users: Vec<_> = (1..=5).map(UserId).collect();
        for (batch, commits) in [(1, vec![1; 5]), (3, vec![3, 2]), (9, vec![5])] {
            let memory = consumed(name, &[1, 2, 3, 4, 5], batch);
            assert_eq!(memory.rows(), users, "{name}, {batch} at once");
            assert_eq!(memory.commits(), (commits.len() as u64, commits), "{name}");
        }
    }
}

#[test]
fn a_record_delivered_twice_in_one_batch_is_two_rows_only_without_a_unique_key() {
    let rows = |name| consumed(name, &[1, 2, 1, 2, 3], 4).rows();
    assert_eq!(rows("redis-kafka"), [1, 2, 1, 2, 3].map(UserId));
    assert_eq!(rows("redis-kafka-safe"), [1, 2, 3].map(UserId));
}

#[test]
fn names_are_unique_and_every_entry_is_complete() {
    let names: BTreeSet<_> = REGISTRY.iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), REGISTRY.len());
    for entry in REGISTRY {
        assert!(
            !entry.how.is_empty() && !entry.known_failure.is_empty(),
            "{}",
            entry.name
        );
        assert!(
            entry
                .name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        );
    }
}

#[test]
fn a_strategy_without_a_port_it_needs_returns_an_error_and_does_not_panic() {
    let absent = Arc::new(crate::adapters::absent::Absent);
    for entry in REGISTRY.iter().filter(|entry| entry.needs(Need::Redis)) {
        let event = ports::Event {
            cache: absent.clone(),
            coupon_create: absent.clone(),
            ..Memory::new(LIMIT, entry).event()
        };
        let strategy = (entry.build)(&event);
        let answers = in_lockstep(vec![claim(&*strategy, 1)]);
        assert!(answers[0].is_err(), "{}", entry.name);
    }
}
