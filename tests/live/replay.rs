//! Schedules on real services: every witness of a search has the same steps there, in every run.

use coupon_bench::{
    engine::explore::{self, Bounds, Settings},
    model::interleaving::Interleaving,
    strategies::{Entry, Need, Promise, REGISTRY},
};
use serde_json::{Value, json};

use crate::{
    common,
    program::command,
    services::{backends, mysql, postgres},
};

const SCHEMA: &str = include_str!("../../schema/replay.schema.json");

/// The output of `replay`, and its exit code.
fn replay(args: &str) -> (Value, Option<i32>) {
    let output = command(&format!("replay --json - {args}"))
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{args}: no document ({error}); stderr: {stderr}"));
    common::validate_with(SCHEMA, &document)
        .unwrap_or_else(|problems| panic!("{args}: {problems}"));
    (document, output.status.code())
}

fn settings(users: u64, faults: u8) -> Settings {
    Settings {
        users,
        limit: 1,
        attempts: 1,
        instances: 1,
        batch: 1,
        faults,
        tries: 3,
        bounds: Bounds {
            steps: 100,
            states: 500_000,
        },
    }
}

/// The actors, calls, answers and responses of an interleaving. The text of a conflict is left out, because it differs by database.
fn steps(interleaving: &Value) -> Vec<String> {
    let steps = interleaving["steps"].as_array().expect("steps");
    let text = |step: &Value, field: &str| {
        let text = step[field].as_str().unwrap_or_default();
        let conflict =
            text.starts_with("could not serialize") || text.to_lowercase().contains("deadlock");
        if conflict {
            "conflict".to_owned()
        } else {
            text.to_owned()
        }
    };
    steps
        .iter()
        .map(|step| {
            let parts = ["actor", "name", "saw", "told"].map(|field| text(step, field));
            parts.join(" | ")
        })
        .collect()
}

/// Replays an interleaving, and compares it with the simulation.
fn compare(simulated: &Interleaving, services: &str) {
    let token = simulated.token.as_deref().expect("a token");
    // No call waits for a lock in these schedules, so a long wait is only a slow call.
    let (document, _) = replay(&format!("{token} --wait 10s {services}"));
    let played = &document["last"]["interleaving"];
    let expected = serde_json::to_value(simulated).expect("JSON");
    assert_eq!(steps(played), steps(&expected), "{token} {services}");
    assert_eq!(played["ledger"], expected["ledger"], "{token} {services}");
    assert_eq!(
        document["last"]["deviations"],
        json!([]),
        "{token} {services}"
    );
}

#[test]
fn naive_over_issues_in_a_hundred_of_a_hundred_replays() {
    for database in [String::new(), postgres(), mysql()] {
        let db = if database.is_empty() {
            "sqlite"
        } else {
            &database
        };
        let (document, exit) = replay(&format!("naive:u2:l1:ABBA --trials 100 --db {db}"));
        assert_eq!(
            (&document["trials"], &document["alike"]),
            (&json!(100), &json!(100))
        );
        let finding = &document["last"]["findings"][0];
        assert_eq!(
            (&finding["kind"], exit),
            (&json!("over_issue"), Some(0)),
            "{db}"
        );
        assert_eq!(document["last"]["verdict"], json!("finding"), "{db}");
        assert_eq!(document["last"]["ledger"], json!([2, 1]), "{db}");
    }
}

#[test]
fn every_witness_has_the_same_steps_on_real_services() {
    for (name, services) in backends() {
        for entry in REGISTRY
            .iter()
            .filter(|entry| name != "embedded" || on_sqlite(entry))
        {
            let found = explore::explore(entry, &settings(2, 1)).expect("it can be explored");
            let witnesses = found.answers.iter().filter_map(|answer| {
                answer
                    .without_faults
                    .as_ref()
                    .or(answer.with_faults.as_ref())
            });
            for witness in witnesses {
                compare(&witness.interleaving, &services);
            }
        }
    }
}

#[test]
fn any_schedule_has_the_same_steps_on_postgres() {
    for (schedule, _) in drawn() {
        compare(&schedule, &format!("--db {}", postgres()));
    }
}

/// InnoDB locks the rows that it reads at SERIALIZABLE, and rows that an UPDATE reads without changing them. So some calls wait that
/// do not wait in the simulation of PostgreSQL. The number of coupons is the same.
#[test]
fn any_schedule_issues_the_same_number_of_coupons_on_mariadb() {
    for (schedule, entry) in drawn() {
        let token = schedule.token.as_deref().expect("a token");
        let (document, _) = replay(&format!("{token} --db {}", mysql()));
        let rows = document["last"]["ledger"].as_array().expect("rows").len();
        let expected = match schedule.ledger.split(' ').next() {
            Some("no") => 0,
            Some(number) => number.parse().expect("a number"),
            None => panic!("{}", schedule.ledger),
        };
        if entry.promise == Promise::Exact || document["last"]["deviations"] == json!([]) {
            assert_eq!(rows, expected, "{token}: {document}");
        }
    }
}

/// Random schedules of every strategy that needs only a database.
fn drawn() -> impl Iterator<Item = (Interleaving, &'static Entry)> {
    let entries = REGISTRY.iter().filter(|entry| !entry.needs(Need::Redis));
    entries.flat_map(|entry| {
        let drawn = explore::schedules(entry, &settings(3, 0), 8).expect("it can be explored");
        drawn.into_iter().map(move |schedule| (schedule, entry))
    })
}

/// SQLite has one writer, so its locks differ.
fn on_sqlite(entry: &Entry) -> bool {
    entry.needs(Need::Redis)
}

#[test]
fn a_waiting_call_names_the_actor_that_it_waits_for() {
    for database in [postgres(), mysql()] {
        let flags = format!("naive:u2:l1:ABBA --strategy db-pessimistic --db {database}");
        let (document, exit) = replay(&flags);
        let last = &document["last"];
        assert_eq!(
            (&last["ledger"], exit),
            (&json!([2]), Some(0)),
            "{database}"
        );
        assert_eq!(
            last["interleaving"]["steps"][3]["mark"],
            json!("waits"),
            "{database}"
        );
        let why = "u1's SELECT event FOR UPDATE had to wait for u2, until u2's COMMIT.";
        assert_eq!(last["interleaving"]["why"], json!(why), "{database}");
    }
}

#[test]
fn impossible_moves_are_reported() {
    let (document, _) = replay("naive:u2:l1:AAAB");
    let deviations = &document["last"]["deviations"];
    assert_eq!(
        deviations,
        &json!(["move 3 could not be made: u1 had ended"])
    );
}

#[test]
fn a_promise_that_breaks_with_a_fault_is_a_finding() {
    let (document, exit) = replay("redis-lock:u2:l1:AALBBBBAA");
    assert_eq!(document["last"]["verdict"], json!("finding"));
    assert_eq!(exit, Some(0), "it takes a fault");
}
