#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use insta::assert_snapshot;

use super::{json, markdown, terminal};
use crate::{
    engine::explore::{Bounds, Exploration, Settings, explore},
    render::Style,
    strategies,
};

fn found(name: &str, faults: u8, states: u64) -> Exploration {
    let settings = Settings {
        users: 2,
        limit: 1,
        attempts: 1,
        instances: 1,
        batch: 1,
        faults,
        tries: 3,
        bounds: Bounds { steps: 100, states },
    };
    explore(strategies::find(name).unwrap(), &settings).unwrap()
}

#[test]
fn a_race_on_a_terminal() {
    assert_snapshot!(terminal(&[found("naive", 0, 1_000)], Style::PLAIN));
}

#[test]
fn faults_on_a_terminal() {
    assert_snapshot!(terminal(&[found("redis-kafka", 1, 10_000)], Style::PLAIN));
}

#[test]
fn several_on_a_terminal() {
    let several = ["naive", "redis-lock", "redis-kafka-safe"].map(|name| found(name, 1, 10_000));
    assert_snapshot!(terminal(&several, Style::PLAIN));
}

#[test]
fn a_bound_that_was_hit_is_on_every_output() {
    let stopped = found("redis-kafka", 0, 10);
    let text = terminal(std::slice::from_ref(&stopped), Style::PLAIN);
    assert!(
        text.contains("not broken so far") && text.contains("hit --states"),
        "{text}"
    );
    assert!(markdown(std::slice::from_ref(&stopped)).contains("not broken so far"));
    let document: serde_json::Value = serde_json::from_str(&json(&[stopped], 4).unwrap()).unwrap();
    assert_eq!(document["explorations"][0]["exhaustive"], false);
    assert_eq!(
        document["explorations"][0]["invariants"][0]["holds"],
        serde_json::Value::Null
    );
}

#[test]
fn as_markdown() {
    assert_snapshot!(markdown(&[found("redis-lock", 1, 10_000)]));
}
