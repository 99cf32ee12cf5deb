//! The JSON of `explore --json` against `schema/explore.schema.json`.

use std::process::Command;

use serde_json::Value;

use crate::{assert_matches_schema, common::validate_with};

const SCHEMA: &str = include_str!("../../schema/explore.schema.json");

fn explored(flags: &str) -> (Value, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_coupon-bench"))
        .args("explore --json -".split(' '))
        .args(flags.split(' '))
        .output()
        .unwrap();
    (
        serde_json::from_slice(&output.stdout).unwrap(),
        output.status.code(),
    )
}

#[test]
fn every_exploration_matches_the_schema() {
    for flags in [
        "-s naive",
        "-s all --faults 1",
        "-s redis-kafka --states 10",
        "-s local-lock --instances 2 --attempts 2",
    ] {
        assert_matches_schema(SCHEMA, flags, &explored(flags));
    }
}

#[test]
fn an_exploration_with_a_missing_or_wrong_field_is_invalid() {
    let (good, _) = explored("-s naive");
    for (pointer, value) in [
        ("/schema_version", Value::from(2)),
        ("/explorations/0/searches/0/schedules", Value::from(6)),
        (
            "/explorations/0/invariants/0/witness/interleaving/steps/0/actor",
            Value::from("x1"),
        ),
        (
            "/explorations/0/invariants/0/invariant",
            Value::from("overissue"),
        ),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(validate_with(SCHEMA, &bad).is_err(), "{pointer}");
    }
}
