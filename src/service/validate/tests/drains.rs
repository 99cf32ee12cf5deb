//! `[drain]`: every kind of condition, and invalid conditions.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{GOOD, read};
use crate::service::{
    Target,
    drain::{Condition, Drain},
};

/// The valid file with this `[drain]`.
fn drained(drain: &str) -> Result<Target, String> {
    read(&format!("{GOOD}[drain]\n{drain}\n"))
}

#[test]
fn every_kind_of_condition_is_valid_alone_and_with_all_others() {
    let conditions = |drain: &str| match drained(drain).unwrap().drain {
        Some(Drain::Watched(watched)) => watched.conditions,
        other => panic!("{drain}: {other:?}"),
    };
    let all = [
        r#"http = { url = "/queue", pointer = "/lag", equals = 0 }"#,
        r#"kafka = { brokers = "127.0.0.1:9092", group = "g-{{run}}", topic = ["a", "b"] }"#,
        r#"redis = { url = "redis://:{{env.KEY}}@127.0.0.1", stream = "s", group = "g" }"#,
        r#"rabbitmq = { url = "http://guest:guest@127.0.0.1:15672", queue = "coupons" }"#,
        "sql = \"SELECT count(*) FROM outbox\"\ndb = \"postgres://127.0.0.1/shop\"",
    ];
    for one in all {
        assert_eq!(conditions(one).len(), 1, "{one}");
    }
    let together = conditions(&all.join("\n"));
    assert_eq!(together.len(), 5);
    let shown = format!("{together:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("guest:guest"),
        "{shown}"
    );
    assert!(
        together
            .iter()
            .any(|one| matches!(one, Condition::Kafka(lag) if lag.topics.len() == 2))
    );
    for redis in [r#"list = ["wait", "active"]"#, r#"key = "left""#] {
        let drain = format!("redis = {{ url = \"redis://127.0.0.1\", {redis} }}");
        assert_eq!(conditions(&drain).len(), 1);
    }
    let synchronous = drained("synchronous = true").unwrap().drain;
    assert!(matches!(synchronous, Some(Drain::Synchronous)));
    // It only says how long to wait for what was promised.
    assert_eq!(conditions("timeout = \"1s\"").len(), 0);
}

#[test]
fn an_invalid_drain_is_reported_with_a_correction() {
    for (drain, expected) in [
        (
            "synchronous = true\nunchanged_for = \"1s\"",
            "synchronous together with a condition in shop.toml:15 (drain): synchronous means that a coupon is durable before its claim is answered: remove one of the two",
        ),
        (
            "unchanged_for = \"2s\"\ntimeout = \"2s\"",
            "timeout that is not longer than unchanged_for in shop.toml:15 (drain): give it more time",
        ),
        (
            "redis = { url = \"redis://127.0.0.1\", stream = \"s\" }",
            "drain condition with no place in Redis, or with several in shop.toml:16 (drain.redis): name one of list, key, and stream with its group",
        ),
        (
            "rabbitmq = { url = \"amqp://me:hunter2@127.0.0.1\", queue = \"q\" }",
            "invalid URL in shop.toml:16 (drain.rabbitmq.url): write the address of the management API: http://USER:PASSWORD@HOST:15672",
        ),
        (
            "rabbitmq = { url = \"http://127.0.0.1:15672\", queue = \"q\" }\ntimeout = \"5s\"",
            "timeout that is not longer than three collections of RabbitMQ's figures in shop.toml:15 (drain): a queue is certainly empty only after 15 s: give it more time, or set collected_every",
        ),
        (
            "sql = \"SELECT 0\"",
            "query without a database in shop.toml:16 (drain.sql): name it: db = \"postgres://HOST/NAME\"",
        ),
        (
            "kafka = { brokers = \"embedded\", group = \"g\", topic = \"t\" }",
            "invalid value \"embedded\" in shop.toml:16 (drain.kafka.brokers): name the service's own brokers: HOST:PORT,…",
        ),
    ] {
        assert_eq!(drained(drain).err().as_deref(), Some(expected));
    }
}

/// The recipes of the page: they differ in what they ask, and each of them is whole.
#[test]
fn every_drain_in_the_documentation_is_valid() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/targets.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once("### The drain").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let recipes: Vec<_> = section
        .split("```toml\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap())
        .collect();
    assert!(recipes.len() >= 8, "{recipes:?}");
    for recipe in recipes {
        let recipe = recipe.replace("env.DATABASE_URL", "env.KEY");
        let recipe = recipe.replace("{{env.KEY}}", "postgres://127.0.0.1/shop");
        let target = read(&format!("{GOOD}{recipe}"));
        assert!(
            target.is_ok_and(|target| target.drain.is_some()),
            "{recipe}"
        );
    }
}
