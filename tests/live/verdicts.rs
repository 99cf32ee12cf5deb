//! The verdict of each strategy on embedded and real services is that of the catalogue.

use serde_json::{Value, json};

use crate::{program::run, services::backends};

const EXACT: &str = "redis-incr,redis-set-incr,redis-kafka,local-lock";

fn all(values: &[Value], wanted: &Value) -> bool {
    !values.is_empty() && values.iter().all(|value| value == wanted)
}

#[test]
fn exact_strategies_issue_exactly_the_limit() {
    for (name, flags) in backends() {
        let ran = run(&format!("-s {EXACT} -u 1000 --trials 3 {flags}"));
        assert!(
            all(&ran.each("/ledger/issued"), &json!(100)),
            "{name}: {}",
            ran.report
        );
        assert!(
            all(&ran.verdicts(), &json!("holds")),
            "{name}: {}",
            ran.report
        );
        assert_eq!((ran.exit, ran.verdicts().len()), (Some(0), 12), "{name}");
    }
}

#[test]
fn an_over_issue_of_naive_is_a_finding() {
    for (name, flags) in backends() {
        let ran = run(&format!("-s naive -u 1000 --trials 3 {flags}"));
        let over_issued = ran.each("/ledger/over_issued");
        assert!(
            over_issued.iter().all(|count| count.as_u64() > Some(0)),
            "{name}: {over_issued:?}"
        );
        assert_eq!(ran.exit, Some(0), "{name}");
        assert!(all(&ran.verdicts(), &json!("finding")), "{name}");
        assert_eq!(ran.each("/trial"), [json!(1), json!(2), json!(3)]);
        assert_eq!(ran.report["race"][0]["probability"], json!(1.0), "{name}");
    }
}

#[test]
fn one_connection_per_request_bounds_the_over_issue_by_the_pool() {
    for (name, flags) in backends() {
        let ran = run(&format!(
            "-s naive -u 1000 --db-connection request --db-pool 5 {flags}"
        ));
        let issued = ran.each("/ledger/issued")[0].as_u64().expect("a count");
        assert!((100..=105).contains(&issued), "{name}: {issued}");
    }
}

#[test]
fn an_assertion_turns_a_finding_into_a_failure() {
    let ran = run("-s naive -u 500 --assert issued==100");
    assert_eq!(ran.exit, Some(3));
    assert_eq!(ran.report["assertions"][0]["ok"], json!(false));
    let ran = run("-s naive -u 500 --assert verdict==holds");
    assert_eq!(ran.exit, Some(3));
    assert_eq!(ran.report["assertions"][0]["observed"], json!("finding"));
}

#[test]
fn an_assertion_without_an_observed_value_is_inconclusive_and_not_failed() {
    let unobserved = "--assert failed.p99<1s";
    let ran = run(&format!("-s redis-incr -u 500 {unobserved}"));
    assert_eq!((ran.exit, ran.verdicts()), (Some(4), vec![json!("holds")]));
    assert_eq!(ran.report["assertions"][0]["observed"], json!(null));
    let ran = run(&format!(
        "-s redis-incr -u 500 {unobserved} --assert issued==7"
    ));
    assert_eq!(ran.exit, Some(3));
    let ran = run("-s redis-kafka -u 50 --assert verdict==holds");
    assert_eq!(
        (ran.exit, ran.verdicts()),
        (Some(4), vec![json!("inconclusive")])
    );
}

#[test]
fn naive_verbatim_over_issues_by_one_without_a_race() {
    for (name, flags) in backends() {
        let ran = run(&format!("-s naive-verbatim --in-flight 1 -u 200 {flags}"));
        assert_eq!(ran.each("/ledger/issued"), [json!(101)], "{name}");
    }
}

#[test]
fn naive_with_one_user_at_a_time_is_inconclusive() {
    let ran = run("-s naive --in-flight 1 -u 200");
    assert_eq!(
        (ran.exit, ran.verdicts()),
        (Some(4), vec![json!("inconclusive")])
    );
    let reasons = ran.each("/reasons")[0].to_string();
    assert!(reasons.contains("overlapped"), "{reasons}");
}

#[test]
fn a_double_click_gets_two_coupons_with_a_counter_and_one_with_a_set() {
    for (name, flags) in backends() {
        let ran = run(&format!(
            "-s redis-incr,redis-set-incr,redis-kafka --attempts 3 -u 1000 {flags}"
        ));
        let duplicates = ran.each("/ledger/duplicate_users");
        assert!(duplicates[0].as_u64() > Some(0), "{name}: {duplicates:?}");
        assert_eq!(duplicates[1..], [json!(0), json!(0)], "{name}");
        assert_eq!(ran.exit, Some(0), "{name}: {}", ran.report);
        let counts = ran.each("/attempts");
        for count in &counts {
            let sum: u64 = ["issued", "sold_out", "duplicate", "failed", "indeterminate"]
                .iter()
                .filter_map(|outcome| count[*outcome].as_u64())
                .sum();
            assert_eq!((Some(sum), sum), (count["total"].as_u64(), 3000), "{name}");
        }
    }
}

#[test]
fn several_consumers_and_connections_keep_the_promise() {
    for (name, flags) in backends() {
        let ran = run(&format!(
            "-s redis-kafka -u 1000 --consumers 4 --redis-connections 3 {flags}"
        ));
        assert_eq!(ran.each("/ledger/issued"), [json!(100)], "{name}");
        assert_eq!(ran.each("/topic/lag"), [json!(0)], "{name}");
    }
}

#[test]
fn too_few_users_to_reach_the_limit_are_inconclusive() {
    let ran = run("-s redis-kafka -u 50");
    assert_eq!(
        (ran.exit, ran.verdicts()),
        (Some(4), vec![json!("inconclusive")])
    );
    assert_eq!(ran.each("/ledger/issued"), [json!(50)]);
}

#[test]
fn a_hundred_thousand_users_work_with_default_settings() {
    let ran = run("-s redis-kafka -u 100k");
    assert_eq!(
        (ran.exit, ran.each("/ledger/issued")),
        (Some(0), vec![json!(100)])
    );
}

#[test]
fn the_promise_holds_without_warm_up() {
    let ran = run("-s redis-kafka -u 1000 --warmup off");
    assert_eq!(
        (ran.exit, ran.each("/ledger/issued")),
        (Some(0), vec![json!(100)])
    );
}
