//! The contract: every strategy of the registry keeps its promise in every run, on every backend it runs on; those that
//! promise nothing do over-issue. A strategy that is added to the registry is held to it without another line here.

use coupon_bench::{
    input::address::DbKind,
    strategies::{Entry, Promise, REGISTRY},
};
use serde_json::{Value, json};

use crate::{program::run, services::backends};

const LIMIT: u64 = 50;

/// The number of runs of each strategy on each backend. `scripts/contract` sets more than the test suite has time for.
fn trials() -> usize {
    let asked = std::env::var("COUPON_BENCH_CONTRACT_TRIALS");
    asked.map_or(8, |trials| trials.parse().expect("a number of trials"))
}

/// Runs `entry`; every run must keep the promise.
fn check(entry: &Entry, runs: &[&Value], context: &str) {
    let context = format!("{} on {context}", entry.name);
    assert_eq!(runs.len(), trials(), "{context}: runs are missing");
    for run in runs {
        let ledger = &run["ledger"];
        let issued = ledger["issued"]
            .as_u64()
            .unwrap_or_else(|| panic!("{context}: {run}"));
        let verdict = verdict(entry.promise, issued, run);
        assert_eq!(run["verdict"], json!(verdict), "{context}: {run}");
        assert_eq!(
            (&ledger["lost"], &ledger["phantom"]),
            (&json!(0), &json!(0)),
            "{context}: {run}"
        );
        match entry.promise {
            Promise::None => assert!(issued > LIMIT, "{context} did not race"),
            Promise::AtMost => assert!(issued <= LIMIT, "{context} issued {issued}"),
            Promise::SingleProcess | Promise::Exact => assert_eq!(issued, LIMIT, "{context}"),
        }
        if entry.one_per_user {
            assert_eq!(ledger["duplicate_users"], json!(0), "{context}");
        }
    }
}

/// What a run of a strategy with this promise comes to. Those that promise no more than the limit may run out of retries: then users
/// are told an error, and coupons may be left.
fn verdict(promise: Promise, issued: u64, run: &Value) -> &'static str {
    let undecided = &run["undecided"];
    let many = undecided["share"].as_f64() > Some(0.05);
    match promise {
        Promise::None => "finding",
        Promise::AtMost if many => "inconclusive",
        Promise::AtMost if issued < LIMIT && undecided["attempts"] == json!(0) => "finding",
        Promise::AtMost if issued < LIMIT => "inconclusive",
        _ => "holds",
    }
}

fn contract(backend: usize, kind: DbKind) {
    let (name, flags) = &backends()[backend];
    for attempts in [1, 2] {
        let ran = run(&format!(
            "-s all -u 500 -l {LIMIT} --attempts {attempts} --trials {} {flags}",
            trials()
        ));
        let runs = ran.report["runs"].as_array().expect("runs");
        for entry in REGISTRY {
            if kind.refusal(entry).is_some() {
                let refused = ran.report["scenario"]["refused"].to_string();
                assert!(refused.contains(entry.name), "{refused}");
                continue;
            }
            let of: Vec<_> = runs
                .iter()
                .filter(|run| run["strategy"] == entry.name)
                .collect();
            check(entry, &of, &format!("{name} with {attempts} attempts"));
        }
        let doubted = runs.iter().any(|run| run["verdict"] == "inconclusive");
        let exit = if doubted { 4 } else { 0 };
        assert_eq!(ran.exit, Some(exit), "{name}");
    }
}

#[test]
fn every_strategy_keeps_its_promise_on_embedded_services() {
    contract(0, DbKind::Sqlite);
}

#[test]
fn every_strategy_keeps_its_promise_on_postgres() {
    contract(1, DbKind::Postgres);
}

#[test]
fn every_strategy_keeps_its_promise_on_mysql() {
    contract(2, DbKind::Mysql);
}

#[test]
fn a_strategy_that_the_database_cannot_run_is_refused_with_a_reason() {
    let output = crate::program::command("run -s db-named-lock")
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("SQLite has no named locks"), "{stderr}");
}
