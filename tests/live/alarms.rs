//! A thousand runs of the strategies with a promise: no verdict is a false alarm.

use serde_json::Value;

use crate::{
    program::run,
    services::{kafka, mysql, postgres, redis},
};

const ON_ANY_DATABASE: &str = "local-lock,db-pessimistic,db-optimistic,db-serializable,db-conditional,\
    redis-incr,redis-set-incr,redis-lock,redis-lua,redis-zset";
const ON_SERVERS: &str = "db-named-lock,db-skip-locked";
const THROUGH_KAFKA: &str = "redis-kafka,redis-kafka-safe";

/// Runs all strategies as bursts on a contended limit, and returns the number of runs.
fn quiet(strategies: &str, trials: u32, services: &str) -> usize {
    let ran = run(&format!(
        "-s {strategies} -u 40 -l 10 --db-pool 4 --trials {trials} --timeout 60s {services}"
    ));
    for one in ran.report["runs"].as_array().expect("runs") {
        let (violations, verdict) = (&one["violations"], &one["verdict"]);
        assert_eq!(violations, &Value::Array(Vec::new()), "{services}: {one}");
        // A claim that gives up after too many conflicts leaves a coupon over, which at-most allows. The others prove their promise.
        let may_doubt = one["promise"] == "at-most";
        assert!(verdict == "holds" || may_doubt, "{services}: {one}");
    }
    ran.verdicts().len()
}

#[test]
fn a_thousand_runs_of_correct_strategies_have_no_violation() {
    let (postgres, mysql) = (format!("--db {}", postgres()), format!("--db {}", mysql()));
    let real = format!("--redis {}", redis());
    let kafka = format!("--kafka {}", kafka());
    let runs = quiet(ON_ANY_DATABASE, 45, "")
        + quiet(ON_ANY_DATABASE, 20, &format!("{postgres} {real}"))
        + quiet(ON_ANY_DATABASE, 20, &format!("{mysql} {real}"))
        + quiet(ON_SERVERS, 20, &postgres)
        + quiet(ON_SERVERS, 20, &mysql)
        + quiet(THROUGH_KAFKA, 25, "")
        + quiet(THROUGH_KAFKA, 10, &format!("{postgres} {real} {kafka}"));
    assert_eq!(runs, 1_000);
}
