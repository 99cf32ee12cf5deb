#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod expressions;

use super::*;
use crate::{
    model::{
        report::{
            AssertionOutcome, AttemptCounts, Backends, DatabaseLoad, Distribution, Fairness,
            Latency, LedgerCounts, Offered, Undecided,
        },
        verdict::Verdict,
    },
    strategies::Promise,
};

/// A run with all measurements: 100 of 1,000 users got a coupon. `trial` begins with 0.
fn run(strategy: &str, trial: u32) -> Run {
    let mut latency = Latency::default();
    latency.response.all = times(1_000, 1_000_000);
    latency.response.issued = times(100, 2_000_000);
    latency.service.issued = times(100, 500_000);
    Run {
        strategy: strategy.to_owned(),
        promise: Promise::Exact,
        one_per_user: true,
        trial: trial + 1,
        run_id: "r".to_owned(),
        backends: Backends::default(),
        attempts: AttemptCounts {
            total: 1_000,
            issued: 101,
            sold_out: 890,
            duplicate: 5,
            failed: 3,
            indeterminate: 1,
            accepted: 0,
        },
        undecided: Undecided {
            attempts: 4,
            share: Some(0.004),
        },
        failures: Vec::new(),
        ledger: LedgerCounts {
            issued: Some(100),
            over_issued: Some(0),
            under_issued: Some(0),
            duplicate_users: Some(0),
            lost: Some(1),
            phantom: Some(0),
            recovered: Some(0),
            drained: Some(true),
            ..LedgerCounts::default()
        },
        verdict: Verdict::Violated,
        violations: Vec::new(),
        findings: Vec::new(),
        reasons: Vec::new(),
        latency,
        time_to_durable: times(100, 9_000_000),
        duration_ns: 2_000_000_000,
        throughput_per_s: 500.5,
        release_skew_ns: 300,
        peak_in_flight: 64,
        schedule_lag_ns: times(100, 4_000_000),
        offered: Some(Offered {
            requested_per_s: 500.0,
            achieved_per_s: 499.5,
        }),
        cpu_share: Some(0.5),
        warnings: Vec::new(),
        drain_ns: Some(7_000),
        database: DatabaseLoad {
            statements: 100,
            peak_in_flight: 10,
            conflicts: 2,
            retries: 4,
            ..DatabaseLoad::default()
        },
        topic: None,
        fairness: Fairness { inversions: 6 },
        target: None,
        trace: None,
        witness: None,
        kept: Vec::new(),
    }
}

/// A distribution in which every statistic that so many samples support is `ns`.
fn times(count: u64, ns: u64) -> Distribution {
    Distribution {
        count,
        min_ns: Some(ns),
        mean_ns: Some(ns),
        p50_ns: Some(ns),
        p90_ns: Some(ns),
        p95_ns: Some(ns),
        p99_ns: Some(ns),
        p999_ns: (count >= 1_000).then_some(ns),
        max_ns: Some(ns),
        hdr: None,
    }
}

fn check(expression: &str, run: &Run) -> Check {
    Assertion::parse(expression).unwrap().check(run)
}

#[test]
fn every_kind_of_metric() {
    let run = run("naive", 0);
    for (expression, observed) in [
        ("issued == 100", json!(100)),
        ("told.issued == 101", json!(101)),
        ("told.total == 1k", json!(1_000)),
        ("lost >= 1", json!(1)),
        ("sold_out != 900", json!(890)),
        ("duplicate <= 5", json!(5)),
        ("failed < 4", json!(3)),
        ("told.indeterminate > 0", json!(1)),
        ("undecided <= 4", json!(4)),
        ("p99 < 200ms", json!(1_000_000)),
        ("all.p999 == 1ms", json!(1_000_000)),
        ("issued.p99<1s", json!(2_000_000)),
        ("service.issued.mean == 500us", json!(500_000)),
        ("time_to_durable.max <= 9ms", json!(9_000_000)),
        ("throughput > 0.5k/s", json!(500.5)),
        ("duration < 5m", json!(2_000_000_000_u64)),
        ("release_skew == 300ns", json!(300)),
        ("schedule_lag.p99 <= 4ms", json!(4_000_000)),
        ("offered > 499/s", json!(499.5)),
        ("drain < 1ms", json!(7_000)),
        ("peak_in_flight == 64", json!(64)),
        ("statements == 100", json!(100)),
        ("conflicts == 2", json!(2)),
        ("retries == 4", json!(4)),
        ("inversions == 6", json!(6)),
        ("verdict == violated", json!("violated")),
        ("verdict != holds", json!("violated")),
        ("naive.verdict != inconclusive", json!("violated")),
    ] {
        assert_eq!(
            check(expression, &run),
            Check { observed, ok: true },
            "{expression}"
        );
    }
    for expression in [
        "issued == 101",
        "issued != 100",
        "p99 > 1ms",
        "throughput > 501/s",
        "verdict == holds",
    ] {
        assert!(!check(expression, &run).ok, "{expression}");
    }
}

#[test]
fn an_assertion_without_a_measurement_never_passes() {
    let nothing = Check {
        observed: json!(null),
        ok: false,
    };
    let measured = run("naive", 0);
    for expression in [
        "service.p99 < 1s",
        "issued.p999 != 1ms",
        "duplicate.p50 >= 0ns",
    ] {
        assert_eq!(check(expression, &measured), nothing, "{expression}");
    }
    let mut unread = run("naive", 0);
    unread.ledger = LedgerCounts {
        drained: Some(true),
        ..LedgerCounts::default()
    };
    for expression in ["issued != 100", "over_issued == 0", "lost == 0"] {
        assert_eq!(check(expression, &unread), nothing, "{expression}");
    }
    let mut undrained = run("naive", 0);
    undrained.ledger = LedgerCounts {
        issued: Some(100),
        drained: Some(false),
        ..LedgerCounts::default()
    };
    for expression in [
        "issued == 100",
        "over_issued == 0",
        "lost == 0",
        "drain < 1s",
        "time_to_durable.p99 < 1s",
    ] {
        assert_eq!(check(expression, &undrained), nothing, "{expression}");
    }
    let mut unasked = run("naive", 0);
    unasked.attempts = AttemptCounts::default();
    for expression in [
        "failed == 0",
        "told.issued <= 100",
        "duration < 1s",
        "inversions == 0",
    ] {
        assert_eq!(check(expression, &unasked), nothing, "{expression}");
    }
    let mut infinite = run("naive", 0);
    infinite.throughput_per_s = f64::NAN;
    assert_eq!(check("throughput != 1/s", &infinite), nothing);
}

#[test]
fn a_lower_bound_decides_only_some_comparisons() {
    let mut undrained = run("naive", 0);
    undrained.ledger = LedgerCounts {
        issued: Some(103),
        over_issued: Some(3),
        drained: Some(false),
        ..LedgerCounts::default()
    };
    for (expression, decided) in [
        ("over_issued == 0", Some(false)),
        ("over_issued != 0", Some(true)),
        ("over_issued <= 2", Some(false)),
        ("over_issued <= 3", None),
        ("over_issued < 3", Some(false)),
        ("over_issued < 4", None),
        ("over_issued >= 3", Some(true)),
        ("over_issued > 3", None),
        ("over_issued == 3", None),
        ("over_issued != 3", None),
        ("issued > 100", Some(true)),
    ] {
        let observed = if expression.starts_with("issued") {
            103
        } else {
            3
        };
        let expected = match decided {
            Some(ok) => Check {
                observed: json!(observed),
                ok,
            },
            None => Check {
                observed: json!(null),
                ok: false,
            },
        };
        assert_eq!(check(expression, &undrained), expected, "{expression}");
    }
}

#[test]
fn without_a_drain_only_a_complete_ledger_is_an_observation() {
    let mut run = run("naive", 0);
    run.ledger.drained = None;
    assert!(check("issued == 100", &run).ok);
    assert!(check("over_issued == 0", &run).ok);
    run.ledger.lost = None;
    assert_eq!(check("issued == 100", &run).observed, json!(null));
    assert_eq!(check("lost == 0", &run).observed, json!(null));
}

#[test]
fn an_inconclusive_verdict_fails_no_assertion() {
    let mut run = run("naive", 0);
    run.verdict = Verdict::Finding;
    assert!(check("verdict == finding", &run).ok);
    let broken = Check {
        observed: json!("finding"),
        ok: false,
    };
    assert_eq!(check("verdict == holds", &run), broken);
    run.verdict = Verdict::Inconclusive;
    for expression in [
        "verdict == holds",
        "verdict != violated",
        "verdict == finding",
    ] {
        assert_eq!(
            check(expression, &run).observed,
            json!(null),
            "{expression}"
        );
    }
    assert!(check("verdict == inconclusive", &run).ok);
    assert_eq!(
        check("verdict != inconclusive", &run).observed,
        json!("inconclusive")
    );
}

#[test]
fn a_broken_assertion_takes_precedence_over_a_missing_observation() {
    let mut runs = vec![run("naive", 0), run("naive", 1), run("naive", 2)];
    runs[0].ledger = LedgerCounts::default();
    let assertions = ["lost == 1", "lost == 0"];
    let assertions = assertions.map(|expression| Assertion::parse(expression).unwrap());
    let results = check_all(&assertions, &runs);
    let told: Vec<_> = results
        .iter()
        .map(|result| (result.outcome(), result.broken_by.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (AssertionOutcome::NotObserved, Some("naive, trial 1")),
            (AssertionOutcome::Failed, Some("naive, trial 2")),
        ]
    );
}

#[test]
fn all_runs_are_checked_and_the_first_that_breaks_the_assertion_is_named() {
    let mut runs = vec![
        run("naive", 0),
        run("redis-incr", 0),
        run("naive", 1),
        run("naive", 2),
    ];
    runs[2].ledger.issued = Some(103);
    runs[3].ledger.issued = Some(104);
    let expressions = [
        "issued == 100",
        "redis-incr.issued == 100",
        "local-lock.issued == 100",
    ];
    let assertions = expressions.map(|expression| Assertion::parse(expression).unwrap());
    let results = check_all(&assertions, &runs);
    let told: Vec<_> = results
        .iter()
        .map(|result| {
            (
                result.observed.clone(),
                result.ok,
                result.broken_by.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (json!(103), false, Some("naive, trial 2")),
            (json!(100), true, None),
            (json!(null), false, None),
        ]
    );
    assert!(check_all(&assertions, &[]).iter().all(|result| !result.ok));
    assert!(!assertions[1].applies_to(&runs[0]) && assertions[1].applies_to(&runs[1]));
}
