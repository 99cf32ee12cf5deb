#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;
use crate::{
    model::{
        report::{
            AssertionOutcome, AttemptCounts, Backends, DatabaseLoad, Distribution, Fairness,
            Latency, LedgerCounts, Offered, Undecided,
        },
        verdict::Verdict,
    },
    strategies::{Promise, REGISTRY},
};

/// A run of which everything was measured: 100 of 1,000 issued. Trials are counted from 0 here.
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

/// All statistics that a sample of this size can carry are `ns`.
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

fn error(expression: &str) -> String {
    Assertion::parse(expression).unwrap_err().to_string()
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
fn what_was_not_measured_never_passes() {
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
fn a_number_that_may_still_grow_decides_what_it_can() {
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
fn where_nothing_can_be_asked_a_whole_ledger_is_observed_and_one_that_lacks_coupons_is_not() {
    let mut run = run("naive", 0);
    run.ledger.drained = None;
    assert!(check("issued == 100", &run).ok);
    assert!(check("over_issued == 0", &run).ok);
    run.ledger.lost = None;
    assert_eq!(check("issued == 100", &run).observed, json!(null));
    assert_eq!(check("lost == 0", &run).observed, json!(null));
}

#[test]
fn a_verdict_that_is_not_known_fails_nothing() {
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
fn a_run_that_breaks_it_counts_more_than_one_that_shows_nothing() {
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
fn all_runs_are_held_to_it_and_the_first_that_breaks_it_is_named() {
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

#[test]
fn errors_point_at_what_is_wrong() {
    for (expression, expected) in [
        (
            "",
            "an operator is missing: METRIC OP VALUE, such as issued == 100\n  \n  ^",
        ),
        (
            "issued",
            "an operator is missing: METRIC OP VALUE, such as issued == 100\n  issued\n        ^",
        ),
        (
            "isued == 100",
            "unknown metric \"isued\": did you mean \"issued\"?\n  isued == 100\n  ^^^^^",
        ),
        (
            "p99.9 < 1s",
            "unknown metric \"p99.9\": did you mean \"p999\"?\n  p99.9 < 1s\n  ^^^^^",
        ),
        (
            "naive.isued.p99 < 1s",
            "unknown metric \"isued.p99\": did you mean \"issued.p99\"?\n  naive.isued.p99 < 1s\n        ^^^^^^^^^",
        ),
        (
            "redis-kafak.issued == 1",
            "unknown strategy \"redis-kafak\": did you mean \"redis-kafka\"?\n  redis-kafak.issued == 1\n  ^^^^^^^^^^^",
        ),
        (
            "naive == 1",
            "a metric is missing, such as naive.issued\n  naive == 1\n       ^",
        ),
        (
            "naive. == 1",
            "a metric is missing, such as naive.issued\n  naive. == 1\n        ^",
        ),
        (
            " == 1",
            "a metric is missing, such as issued or p99\n   == 1\n   ^",
        ),
        (
            "issued = 1",
            "unknown operator \"=\": use ==\n  issued = 1\n         ^",
        ),
        (
            "issued => 1",
            "unknown operator \"=>\": use >=\n  issued => 1\n         ^^",
        ),
        (
            "verdict < holds",
            "verdict has no order: use == or !=\n  verdict < holds\n          ^",
        ),
        (
            "issued ==",
            "a value is missing: issued is a count, such as 100\n  issued ==\n           ^",
        ),
        (
            "verdict == hold",
            "invalid value \"hold\" (verdict is a verdict): did you mean \"holds\"?\n  verdict == hold\n             ^^^^",
        ),
    ] {
        assert_eq!(error(expression), expected);
    }
    let told = error("indeterminate.p99 < 1s");
    assert!(told.contains("no response time"), "{told}");
    assert!(error("zzzzzzzzzzz == 1").contains("some are issued, "));
}

#[test]
fn units_are_checked_before_anything_runs() {
    for (expression, why) in [
        (
            "p99 < 200",
            "(p99 is a duration): a duration needs a number and a unit",
        ),
        (
            "issued == 100ms",
            "(issued is a count): a count is a whole number",
        ),
        ("issued == 100 200", "a count is a whole number"),
        (
            "throughput > 5000",
            "(throughput is a rate): a rate is a number a second",
        ),
        ("p99 < 5000/s", "(p99 is a duration)"),
        (
            "verdict == 100",
            "(verdict is a verdict): it is one of holds, finding, violated, inconclusive",
        ),
        ("issued == holds", "(issued is a count)"),
        ("p99 < -1ms", "(p99 is a duration)"),
    ] {
        let told = error(expression);
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn the_caret_counts_characters_and_the_message_stays_in_its_lines() {
    let told = error("é\n\u{1b}[31m == 1");
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[1..], ["  é  [31m == 1", "  ^^^^^^^"]);
}

#[test]
fn names_are_unique() {
    let names: Vec<_> = Metric::all().map(|metric| metric.name).collect();
    let unique: std::collections::HashSet<_> = names.iter().collect();
    assert_eq!(unique.len(), names.len());
    assert!(
        REGISTRY
            .iter()
            .all(|entry| !names.iter().any(|name| name == entry.name))
    );
}

fn any_expression() -> impl Strategy<Value = String> {
    let strategies: Vec<_> = std::iter::once(String::new())
        .chain(REGISTRY.iter().map(|entry| format!("{}.", entry.name)))
        .collect();
    let metrics: Vec<_> = Metric::all().collect();
    (
        proptest::sample::select(strategies),
        proptest::sample::select(metrics),
        proptest::sample::select(Operator::ALL.to_vec()),
        any::<u32>(),
        " {0,2}",
    )
        .prop_map(|(strategy, metric, (operator, _), number, space)| {
            let (operator, value) = match metric.kind {
                value::Kind::Count => (operator, number.to_string()),
                value::Kind::Duration => (operator, format!("{number}us")),
                value::Kind::Rate => (operator, format!("{number}/s")),
                value::Kind::Verdict => ("!=", "holds".to_owned()),
            };
            format!(
                "{space}{strategy}{}{space}{operator}{space}{value}{space}",
                metric.name
            )
        })
}

proptest! {
    #[test]
    fn what_is_shown_reads_back(expression in any_expression()) {
        let assertion = Assertion::parse(&expression).unwrap();
        prop_assert_eq!(assertion.to_string(), expression);
        prop_assert_eq!(&Assertion::parse(&assertion.to_string()).unwrap(), &assertion);
        let _ = assertion.check(&run("naive", 0));
    }

    #[test]
    fn an_operator_and_its_opposite_never_agree(expression in any_expression()) {
        let run = run("naive", 0);
        for (one, other) in [("==", "!="), ("<=", ">"), (">=", "<")] {
            if !expression.contains(one) {
                continue;
            }
            let Ok(opposite) = Assertion::parse(&expression.replace(one, other)) else { continue };
            let first = Assertion::parse(&expression).unwrap().check(&run);
            prop_assert_eq!(first.ok != opposite.check(&run).ok, !first.observed.is_null());
        }
    }

    #[test]
    fn nothing_panics(expression in any::<String>()) {
        let _ = Assertion::parse(&expression).map_err(|error| error.to_string());
    }

    #[test]
    fn nothing_panics_on_what_looks_like_one(expression in "[a-z.é_-]{0,20}[ =!<>]{0,4}[0-9a-zé./ ]{0,8}") {
        if let Err(error) = Assertion::parse(&expression) {
            prop_assert_eq!(error.to_string().lines().count(), 3);
        }
    }
}

#[test]
fn a_target_is_named_by_its_title_or_by_its_file() {
    for (expression, name) in [
        ("\"My shop\".issued == 100", "My shop"),
        (" \"a.b == \\\"c\\\"\".issued.p99 < 1s", "a.b == \"c\""),
        ("shop.issued == 100", "shop"),
        ("shop.issued.p99 < 1s", "shop"),
        ("\"naive\".issued == 100", "naive"),
    ] {
        let assertion = Assertion::parse(expression).unwrap();
        assert_eq!(assertion.subject(), Some(name), "{expression}");
    }
    for expression in [
        "issued.p99 < 1s",
        "told.issued == 1",
        "sold_out.p99 < 1s",
        "issued == 1",
    ] {
        let assertion = Assertion::parse(expression).unwrap();
        assert_eq!(assertion.subject(), None, "{expression}");
    }
    for expression in [
        "\"My shop.issued == 100",
        "\"My shop\" == 100",
        "\"My shop\".isued == 100",
    ] {
        assert!(Assertion::parse(expression).is_err(), "{expression}");
    }
}
