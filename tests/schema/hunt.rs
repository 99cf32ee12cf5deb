//! The JSON of `hunt --json` against `schema/hunt.schema.json`.

use coupon_bench::{
    engine::hunt::HuntResult,
    model::verdict::Verdict,
    render::{
        fixtures::hunts,
        hunt::{
            json,
            replay::{self, Replay},
        },
    },
};
use serde_json::{Value, json};

use crate::common::validate_with;

const SCHEMA: &str = include_str!("../../schema/hunt.schema.json");

fn document(result: &HuntResult) -> Value {
    serde_json::from_str(&json(result, 3).unwrap()).unwrap()
}

fn replayed(verdict: Verdict) -> Value {
    let (token, played) = (hunts::token(), [hunts::played(verdict)]);
    let replay = Replay {
        target: "Coupons at noon",
        token: &token,
        played: &played,
    };
    serde_json::from_str(&replay::json(&replay, 0).unwrap()).unwrap()
}

#[test]
fn every_hunt_matches_the_schema() {
    for result in [
        hunts::found(),
        hunts::exhausted(),
        hunts::bounded(),
        hunts::not_controllable(),
        hunts::failed(),
        hunts::serial(),
    ] {
        assert_eq!(validate_with(SCHEMA, &document(&result)), Ok(()));
    }
}

#[test]
fn every_replay_matches_the_schema() {
    for verdict in Verdict::ALL {
        assert_eq!(validate_with(SCHEMA, &replayed(verdict)), Ok(()));
    }
}

#[test]
fn a_hunt_has_what_its_outputs_show() {
    let found = document(&hunts::found());
    let first = &found["cases"][0];
    assert_eq!(
        first["case"],
        json!({"same_user": false, "limit": 1, "given": 0})
    );
    assert_eq!(first["extent"], "found");
    assert_eq!(first["witness"]["token"], "hunt:u2:l1:ABBA");
    assert_eq!(found["cases"][1]["extent"], "not_searched");
    let bounded = document(&hunts::bounded());
    assert_eq!(bounded["cases"][0]["left"], 150);
    assert_eq!(
        document(&hunts::not_controllable())["cases"][0]["left"],
        Value::Null
    );
}

#[test]
fn a_hunt_with_a_missing_or_wrong_field_is_invalid() {
    for (good, pointer, value) in [
        (document(&hunts::found()), "/schema_version", json!(2)),
        (document(&hunts::found()), "/gates/0/kind", json!("oracle")),
        (document(&hunts::found()), "/cases/0/extent", json!("holds")),
        (
            document(&hunts::found()),
            "/cases/0/witness/token",
            json!("hunt:u2:l1:ABC"),
        ),
        (
            document(&hunts::found()),
            "/cases/0/witness/verdict",
            json!("broken"),
        ),
        (
            replayed(Verdict::Violated),
            "/schedule",
            json!("naive:u2:l1:ABBA"),
        ),
        (replayed(Verdict::Violated), "/last/interleaving", json!({})),
        (replayed(Verdict::Violated), "/trials", json!(0)),
    ] {
        let mut bad = good;
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(validate_with(SCHEMA, &bad).is_err(), "{pointer}");
    }
}
