//! Reports against `schema/report.schema.json`: every report of the program is valid, and a report with a missing or wrong field is not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "schema/compare.rs"]
mod compare;
#[path = "schema/explore.rs"]
mod explore;
#[path = "schema/hunt.rs"]
mod hunt;
#[path = "schema/targets.rs"]
mod targets;

use std::fs;

use common::{REPORT_SCHEMA, validate, validate_with};
use coupon_bench::{model::report::Report, render::fixtures};
use serde_json::{Value, json};

fn good() -> Value {
    serde_json::to_value(fixtures::violated()).unwrap()
}

/// The valid report with one change.
fn with(pointer: &str, value: Value) -> Value {
    let mut report = good();
    *report.pointer_mut(pointer).unwrap() = value;
    report
}

fn without(pointer: &str, field: &str) -> Value {
    let mut report = good();
    let object = report
        .pointer_mut(pointer)
        .unwrap()
        .as_object_mut()
        .unwrap();
    assert!(object.remove(field).is_some());
    report
}

fn is_valid_for_readers(report: &Value) -> bool {
    let schema = serde_json::from_str(REPORT_SCHEMA).unwrap();
    jsonschema::draft202012::new(&schema)
        .unwrap()
        .is_valid(report)
}

/// Asserts that the document of a command matches `schema` and holds the exit code of the process.
fn assert_matches_schema(schema: &str, flags: &str, (document, code): &(Value, Option<i32>)) {
    assert_eq!(validate_with(schema, document), Ok(()), "{flags}");
    let written = document["exit_code"].as_i64();
    assert_eq!(written, code.map(i64::from), "{flags}");
}

#[test]
fn every_schema_file_is_a_valid_schema() {
    let folder = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/schema")).unwrap();
    for path in folder.map(|file| file.unwrap().path()) {
        if path.to_str().unwrap().ends_with(".schema.json") {
            let schema = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            assert!(jsonschema::meta::is_valid(&schema), "{path:?}");
        }
    }
}

#[test]
fn every_fixture_is_valid() {
    let reports: [Report; 11] = [
        fixtures::redis_kafka_holds(),
        fixtures::naive_over_issues(),
        fixtures::violated(),
        fixtures::inconclusive(),
        fixtures::comparison(),
        fixtures::kept(),
        fixtures::with_bystander(),
        fixtures::bystander_comparison(),
        fixtures::failed_assertions(),
        fixtures::not_understood(),
        fixtures::report(Vec::new()),
    ];
    for report in reports {
        let json = serde_json::to_value(report).unwrap();
        assert_eq!(validate(&json), Ok(()));
        assert!(is_valid_for_readers(&json));
    }
}

#[test]
fn a_report_with_a_missing_field_is_invalid_at_every_level() {
    for (pointer, field) in [
        ("", "interrupted"),
        ("/tool", "git_revision"),
        ("/environment", "cores"),
        ("/scenario", "seed"),
        ("/runs/0", "verdict"),
        ("/runs/0/backends", "kafka"),
        ("/runs/0/backends/db", "embedded"),
        ("/runs/0/attempts", "indeterminate"),
        ("/runs/0/ledger", "lost"),
        ("/runs/0/violations/0", "users"),
        ("/runs/0/latency/response/all", "p999_ns"),
        ("/runs/0/database", "bystander"),
        ("/runs/0/database/pool_wait", "hdr"),
        ("/runs/0/database/rows_over_time", "interval_ns"),
        ("/runs/0/topic", "lag"),
        ("/race/0", "interval"),
    ] {
        let report = without(pointer, field);
        assert!(!is_valid_for_readers(&report), "{pointer}/{field}");
    }
}

#[test]
fn a_report_with_a_wrong_value_is_invalid() {
    for (pointer, value) in [
        ("/schema_version", json!(1)),
        ("/exit_code", json!(6)),
        ("/environment/started_at", json!("yesterday")),
        ("/scenario/users", json!(0)),
        ("/scenario/consumer_rate_per_s", json!(0)),
        ("/scenario/db_connection", json!("session")),
        ("/runs/0/promise", json!("exactly")),
        ("/runs/0/verdict", json!("passed")),
        ("/runs/0/attempts/failed", json!(-1)),
        ("/runs/0/ledger/issued", json!(1.5)),
        ("/runs/0/ledger/lost", json!(-1)),
        ("/runs/0/trial", json!(0)),
        ("/runs/0/undecided/share", json!(1.1)),
        ("/scenario/max_undecided", json!("5%")),
        ("/runs/0/violations/0/kind", json!("overissue")),
        ("/runs/0/violations/0/users", json!(vec![1; 21])),
        ("/runs/0/duration_ns", json!("1 s")),
        ("/runs/0/backends/db", json!("sqlite")),
        ("/runs/0/database/bystander", json!({})),
        ("/runs/0/database/rows_over_time/rows", json!(vec![1; 101])),
        ("/race/0/interval", json!([0.1])),
        ("/race/0/interval", json!([0.1, 1.1])),
    ] {
        let report = with(pointer, value);
        assert!(!is_valid_for_readers(&report), "{pointer}");
        assert!(validate(&report).is_err(), "{pointer}");
    }
}

#[test]
fn a_field_outside_the_schema_is_valid_for_readers_and_invalid_in_tests() {
    for pointer in [
        "",
        "/scenario",
        "/runs/0",
        "/runs/0/backends/db",
        "/runs/0/topic",
        "/runs/0/latency/service/issued",
    ] {
        let mut report = good();
        let object = report
            .pointer_mut(pointer)
            .unwrap()
            .as_object_mut()
            .unwrap();
        object.insert("added_later".to_owned(), json!(1));
        assert!(is_valid_for_readers(&report), "{pointer}");
        assert!(
            validate(&report).unwrap_err().contains("added_later"),
            "{pointer}"
        );
    }
}
