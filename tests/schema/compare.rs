//! The JSON of `compare --json` against `schema/compare.schema.json`.

use std::process::{Command, Output};

use serde_json::Value;

use crate::{assert_matches_schema, common::validate_with};

const SCHEMA: &str = include_str!("../../schema/compare.schema.json");

fn compare(directory: &str, flags: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_coupon-bench"))
        .args("compare --json -".split(' '))
        .args(flags.split(' '))
        .current_dir(directory)
        .output()
        .unwrap()
}

/// The comparison of the reports that the transcripts use.
fn compared(flags: &str) -> (Value, Option<i32>) {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd/reports");
    let output = compare(directory, flags);
    let document = serde_json::from_slice(&output.stdout).unwrap();
    (document, output.status.code())
}

#[test]
fn every_comparison_matches_the_schema() {
    for flags in [
        "naive.json after.json",
        "before.json after.json --fail-on-regression 10%",
        "before.json after.json --by issued.p99 --fail-on-regression 400%",
        "before.json naive.json more-users.json --force",
    ] {
        assert_matches_schema(SCHEMA, flags, &compared(flags));
    }
}

#[test]
fn a_run_is_saved_as_baseline_and_compared_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    let run = "-s redis-incr,naive -u 300 --trials 2 --no-progress";
    let saved = compare(path, &format!("{run} --save-baseline main"));
    let document: Value = serde_json::from_slice(&saved.stdout).unwrap();
    assert_eq!(validate_with(SCHEMA, &document), Ok(()));
    assert_eq!(document["reports"][0]["name"], "this run");
    assert_eq!(document["contenders"][1]["standing"], "incorrect");

    let again = compare(
        path,
        &format!("{run} --baseline main --fail-on-regression 900%"),
    );
    let document: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(validate_with(SCHEMA, &document), Ok(()));
    assert_eq!(document["baseline"]["source"]["name"], "main");
    assert_eq!(document["gate"]["undecided"][0], "redis-incr");
    // Two trials are too few for an interval, so the comparison does not pass.
    assert_eq!(again.status.code(), Some(4));

    // The comparison is refused before a run, and the baseline stays.
    let other = compare(
        path,
        "-s redis-incr -u 301 --baseline main --save-baseline main",
    );
    let told = String::from_utf8(other.stderr).unwrap();
    assert_eq!(other.status.code(), Some(2));
    assert!(
        told.contains("users  300 in main, 301 in this run"),
        "{told}"
    );
    let kept = directory.path().join(".coupon-bench/baselines");
    assert_eq!(std::fs::read_dir(kept).unwrap().count(), 1);
}

#[test]
fn a_comparison_with_a_missing_or_wrong_field_is_invalid() {
    let (good, _) = compared("before.json after.json --fail-on-regression 10%");
    for (pointer, value) in [
        ("/schema_version", Value::from(2)),
        ("/metric", Value::from("p100")),
        ("/contenders/0/standing", Value::from("fine")),
        ("/contenders/0/rank", Value::from(0)),
        ("/contenders/0/figures/p99_ns", Value::from(1)),
        ("/contenders/0/against_fastest/interval", Value::from(1)),
        ("/baseline/changes/0/outcome", Value::from("worse")),
        ("/gate/regressed", Value::from("redis-incr")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(validate_with(SCHEMA, &bad).is_err(), "{pointer}");
    }
}
