//! Written-out histories with their explanations.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use super::{Case, run};
use crate::{
    judge::ledger::{Reconciliation, Rules, reconcile},
    model::{
        interleaving::{
            Actor, Call, CallFault, Command, Ending, EventKind, HistoryEvent, Mark, Observation,
            Statement,
        },
        outcome::{Attempt, Outcome},
        trace::{RunTrace, TracedAttempt as Traces, TracedCall},
        verdict::FindingKind,
    },
    ports::{Isolation, UserId},
};

fn user(user: u64) -> Actor {
    Actor::Claim { user, attempt: 1 }
}

fn did(actor: Actor, call: Call, saw: Observation) -> HistoryEvent {
    HistoryEvent {
        actor: Some(actor),
        what: EventKind::Called {
            call,
            saw,
            fault: None,
        },
        told: None,
    }
}

fn told(outcome: Outcome, happened: HistoryEvent) -> HistoryEvent {
    HistoryEvent {
        told: Some(Ending::Outcome(outcome)),
        ..happened
    }
}

fn count(actor: Actor, rows: u64) -> HistoryEvent {
    did(actor, Call::Sql(Statement::Count), Observation::Count(rows))
}

fn insert(number: u64) -> Call {
    Call::Sql(Statement::Insert(vec![UserId(number)]))
}

fn inserts(number: u64) -> HistoryEvent {
    told(
        Outcome::Issued,
        did(user(number), insert(number), Observation::Done),
    )
}

fn attempt((user, outcome): (u64, Outcome)) -> Attempt {
    Attempt::immediate(user, outcome)
}

fn ledger(told: &[Attempt], rows: &[u64], limit: u64) -> Reconciliation {
    let rows: Vec<_> = rows.iter().copied().map(UserId).collect();
    let rules = Rules {
        limit,
        one_per_user: true,
    };
    reconcile(told, &rows, rules)
}

/// The explanation for users whose attempts were all issued.
fn why(history: &[HistoryEvent], rows: &[u64], kind: FindingKind) -> super::Explanation {
    let mut users: Vec<_> = history.iter().filter_map(|one| one.actor).collect();
    users.sort();
    users.dedup();
    let told: Vec<_> = users
        .iter()
        .filter_map(|actor| match actor {
            Actor::Claim { user, .. } => Some(attempt((*user, Outcome::Issued))),
            Actor::Consumer => None,
        })
        .collect();
    let case = Case {
        history,
        attempts: &told,
        ledger: &ledger(&told, rows, 1),
        limit: 1,
        earlier: 0,
    };
    case.why(kind)
}

#[test]
fn a_stale_read_is_named() {
    let history = [count(user(1), 0), count(user(2), 0), inserts(2), inserts(1)];
    let why = why(&history, &[2, 1], FindingKind::OverIssue);
    assert_eq!((why.broke, why.stale), (Some(3), Some(0)));
    let sentence = "u1 read 0 before u2's INSERT coupon was visible, and went on when that was no longer true.";
    assert_eq!(why.sentence, sentence);
    let marks: Vec<_> = why.steps(&history).iter().map(|step| step.mark).collect();
    assert_eq!(marks, [Mark::Stale, Mark::Plain, Mark::Plain, Mark::Broke]);
}

#[test]
fn an_uncommitted_change_is_not_visible() {
    let begin = |number| {
        did(
            user(number),
            Call::Begin(Isolation::Default),
            Observation::Done,
        )
    };
    let commit = |number| {
        told(
            Outcome::Issued,
            did(user(number), Call::Commit, Observation::Done),
        )
    };
    let row = |number| did(user(number), insert(number), Observation::Done);
    let history = [
        begin(1),
        begin(2),
        row(1),
        count(user(2), 0),
        commit(1),
        row(2),
        commit(2),
    ];
    let why = why(&history, &[1, 2], FindingKind::OverIssue);
    assert_eq!((why.broke, why.stale), (Some(6), Some(3)));
    assert!(
        why.sentence.contains("before u1's COMMIT was visible"),
        "{}",
        why.sentence
    );
}

#[test]
fn an_over_issue_without_a_race_is_explained_as_such() {
    let history = [count(user(1), 0), inserts(1), count(user(2), 1), inserts(2)];
    let why = why(&history, &[1, 2], FindingKind::OverIssue);
    assert_eq!((why.broke, why.stale), (Some(3), None));
    let sentence = "u2 saw SELECT count(*) → 1 at a limit of 1 and went on: no race is needed.";
    assert_eq!(why.sentence, sentence);
}

#[test]
fn an_insert_of_a_consumer_is_traced_to_the_claim_that_produced_the_record() {
    let key = "coupon_count";
    let get = |number, saw| {
        did(
            user(number),
            Call::Cache(Command::Get(key)),
            Observation::Number(saw),
        )
    };
    let incr = |number, to| {
        did(
            user(number),
            Call::Cache(Command::Incr(key)),
            Observation::Number(Some(to)),
        )
    };
    let produce = |number| {
        told(
            Outcome::Issued,
            did(
                user(number),
                Call::Produce(UserId(number)),
                Observation::Done,
            ),
        )
    };
    let consumes = |number| did(Actor::Consumer, insert(number), Observation::Done);
    let history = [
        get(1, None),
        get(2, None),
        incr(2, 1),
        incr(1, 2),
        produce(2),
        produce(1),
        consumes(2),
        consumes(1),
    ];
    let why = why(&history, &[2, 1], FindingKind::OverIssue);
    assert_eq!((why.broke, why.stale), (Some(7), Some(0)));
    assert!(
        why.sentence
            .starts_with("u1 read nil before u2's INCR coupon_count"),
        "{}",
        why.sentence
    );
}

#[test]
fn the_sentence_begins_with_the_fault() {
    let lost = HistoryEvent {
        what: EventKind::Called {
            call: insert(1),
            saw: Observation::Failed("no answer".to_owned()),
            fault: Some(CallFault::AnswerLost),
        },
        told: Some(Ending::StartsAgain),
        actor: Some(Actor::Consumer),
    };
    let history = [lost, did(Actor::Consumer, insert(1), Observation::Done)];
    let told = [attempt((1, Outcome::Issued))];
    let case = Case {
        history: &history,
        attempts: &told,
        ledger: &ledger(&told, &[1, 1], 1),
        limit: 1,
        earlier: 0,
    };
    let why = case.why(FindingKind::DuplicateUser);
    assert_eq!(why.broke, Some(1));
    let sentence = "The consumer's INSERT coupon got no answer, although it had happened; u1 has two rows, because nothing \
                    prevents a second row.";
    assert_eq!(why.sentence, sentence);
}

/// A trace in which each user counts and then inserts within a millisecond. The users from `late` on count at the same time.
fn traced(users: u64, late: u64) -> (RunTrace, Vec<Attempt>) {
    let at = Duration::from_millis;
    let attempts = (1..=users).map(|number| {
        let (seen, counted) = (number.min(late) - 1, number.min(late));
        let step = |start, call, saw| TracedCall {
            start,
            end: start + Duration::from_micros(10),
            call,
            saw,
        };
        Traces {
            user: UserId(number),
            outcome: Outcome::Issued,
            steps: vec![
                step(
                    at(counted),
                    Call::Sql(Statement::Count),
                    Observation::Count(seen),
                ),
                step(at(number) + at(1) / 2, insert(number), Observation::Done),
            ],
        }
    });
    let traced = RunTrace {
        attempts: attempts.collect(),
        ..RunTrace::default()
    };
    let told = (1..=users).map(|number| attempt((number, Outcome::Issued)));
    (traced, told.collect())
}

#[test]
fn only_the_attempts_around_the_first_over_issued_coupon_are_drawn() {
    let (traced, told) = traced(20, 9);
    let rows: Vec<_> = (1..=20).map(UserId).collect();
    let numbers: Vec<_> = (1..=20).collect();
    let of_run = run::Run {
        strategy: "naive",
        attempts: &told,
        rows: &rows,
        ledger: &ledger(&told, &numbers, 10),
        limit: 10,
        users: 20,
    };
    let witness = run::witness(&of_run, &traced, FindingKind::OverIssue).unwrap();
    assert_eq!(witness.title, "naive, 20 users: coupon 11 of 10");
    // u11 got the first over-issued coupon, and u10 the last one within the limit.
    assert_eq!(witness.actors, [user(10), user(11)]);
    let marks: Vec<_> = witness.steps.iter().map(|step| step.mark).collect();
    assert_eq!(marks, [Mark::Plain, Mark::Stale, Mark::Plain, Mark::Broke]);
    assert_eq!(witness.ledger, "20 rows, limit 10");
    assert!(
        witness
            .why
            .starts_with("u11 read 8 before u10's INSERT coupon"),
        "{}",
        witness.why
    );
}

#[test]
fn a_lost_coupon_is_drawn_with_the_consumer() {
    let at = Duration::from_millis;
    let step = |start, call, saw| TracedCall {
        start: at(start),
        end: at(start + 1),
        call,
        saw,
    };
    let claim = |number: u64| Traces {
        user: UserId(number),
        outcome: Outcome::Issued,
        steps: vec![step(
            number,
            Call::Produce(UserId(number)),
            Observation::Done,
        )],
    };
    let traced = RunTrace {
        attempts: vec![claim(1), claim(2)],
        consumer: vec![
            step(
                5,
                Call::Poll,
                Observation::Records(vec![UserId(1), UserId(2)]),
            ),
            step(6, insert(1), Observation::Done),
        ],
        ..RunTrace::default()
    };
    let told = [attempt((1, Outcome::Issued)), attempt((2, Outcome::Issued))];
    let of_run = run::Run {
        strategy: "redis-kafka",
        attempts: &told,
        rows: &[UserId(1)],
        ledger: &ledger(&told, &[1], 2),
        limit: 2,
        users: 2,
    };
    let witness = run::witness(&of_run, &traced, FindingKind::Lost).unwrap();
    assert_eq!(witness.actors, [user(2), Actor::Consumer]);
    let texts: Vec<_> = witness
        .steps
        .iter()
        .map(crate::model::interleaving::Step::text)
        .collect();
    assert_eq!(texts, ["produce coupon_create", "poll coupon_create → u2"]);
    assert_eq!(
        witness.why,
        "u2 was told \"issued\", and no row will ever come."
    );
}

#[test]
fn a_trace_without_the_attempts_of_the_finding_has_no_diagram() {
    let (_, told) = traced(20, 9);
    let numbers: Vec<_> = (1..=20).collect();
    let of_run = run::Run {
        strategy: "naive",
        attempts: &told,
        rows: &[],
        ledger: &ledger(&told, &numbers, 10),
        limit: 10,
        users: 20,
    };
    assert_eq!(
        run::witness(&of_run, &RunTrace::default(), FindingKind::OverIssue),
        None
    );
}
