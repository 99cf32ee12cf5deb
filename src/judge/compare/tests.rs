//! Written-out reports with a known result.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;
use crate::{
    model::{
        report::{Finding, Run},
        verdict::FindingKind,
    },
    render::{fixtures, json},
};

/// The trials of a correct strategy, each with this throughput.
fn trials(strategy: &str, throughput: &[f64]) -> Vec<Run> {
    let runs = (0..).zip(throughput).map(|(trial, per_second)| Run {
        strategy: strategy.to_owned(),
        throughput_per_s: *per_second,
        ..fixtures::redis_kafka(trial)
    });
    runs.collect()
}

fn named(name: &str, runs: Vec<Run>) -> NamedReport {
    NamedReport {
        name: name.to_owned(),
        report: fixtures::report(runs),
    }
}

fn ask(reports: Vec<NamedReport>) -> CompareRequest {
    CompareRequest {
        reports,
        baseline: None,
        metric: None,
        threshold: None,
        force: false,
        alone: false,
    }
}

const FAST: [f64; 5] = [1000.0, 1010.0, 990.0, 1005.0, 995.0];
const HALF: [f64; 5] = [500.0, 505.0, 495.0, 502.0, 498.0];

fn ranks(comparison: &Comparison) -> Vec<(&str, Correctness, Option<u32>)> {
    let all = comparison.contenders.iter();
    all.map(|one| (one.strategy.as_str(), one.standing, one.rank))
        .collect()
}

#[test]
fn the_faster_strategy_comes_first_with_an_interval() {
    let report = named("a", [trials("slow", &HALF), trials("fast", &FAST)].concat());
    let comparison = compare(ask(vec![report])).unwrap();
    assert_eq!(
        ranks(&comparison),
        [
            ("fast", Correctness::Correct, Some(1)),
            ("slow", Correctness::Correct, Some(2))
        ]
    );
    let against = comparison.contenders[1].against_fastest.unwrap();
    let [low, high] = against.interval.unwrap();
    assert!(
        (1.97..2.0).contains(&low) && (2.0..2.03).contains(&high),
        "{against:?}"
    );
    assert_eq!(against.speed, Speed::Slower);
    assert_eq!(comparison.exit_code, exit::OK);
}

#[test]
fn an_incorrect_strategy_is_not_ranked() {
    let mut runs = trials("right", &HALF);
    for (name, kind) in [
        ("over", FindingKind::OverIssue),
        ("under", FindingKind::UnderIssue),
        ("lost", FindingKind::Lost),
        ("phantom", FindingKind::Phantom),
        ("twice", FindingKind::DuplicateUser),
        ("shared", FindingKind::DuplicateCode),
        ("recovered", FindingKind::Recovered),
    ] {
        let mut fast = trials(name, &FAST);
        // One incorrect trial of five is enough.
        fast[3].findings.push(Finding {
            kind,
            count: 2,
            users: Vec::new(),
        });
        runs.extend(fast);
    }
    let mut doubtful = trials("doubtful", &FAST);
    doubtful[4].verdict = Verdict::Inconclusive;
    runs.extend(doubtful);
    let comparison = compare(ask(vec![named("a", runs)])).unwrap();
    let incorrect = |name| (name, Correctness::Incorrect, None);
    assert_eq!(
        ranks(&comparison),
        [
            ("recovered", Correctness::Correct, Some(1)),
            ("right", Correctness::Correct, Some(2)),
            ("doubtful", Correctness::Inconclusive, None),
            incorrect("over"),
            incorrect("under"),
            incorrect("lost"),
            incorrect("phantom"),
            incorrect("twice"),
            incorrect("shared"),
        ]
    );
    let over = &comparison.contenders[3];
    assert_eq!((over.troubles[0].most, over.troubles[0].trials), (2, 1));
    assert_eq!(comparison.exit_code, exit::INCONCLUSIVE);
}

#[test]
fn a_broken_promise_decides_the_exit_code() {
    let mut report = fixtures::violated();
    report.runs.extend(trials("other", &FAST));
    let comparison = compare(ask(vec![NamedReport {
        name: "a".to_owned(),
        report,
    }]))
    .unwrap();
    assert_eq!(comparison.exit_code, exit::VIOLATED);
    assert_eq!(comparison.contenders[1].standing, Correctness::Incorrect);
}

#[test]
fn two_reports_compare_like_one_report_of_both_strategies() {
    let (fast, slow) = (trials("fast", &FAST), trials("slow", &HALF));
    let live = compare(ask(vec![named("a", [fast.clone(), slow.clone()].concat())])).unwrap();
    let from_file = |name: &str, runs| {
        let text = json::render(&fixtures::report(runs)).unwrap();
        NamedReport {
            name: name.to_owned(),
            report: read(&text).unwrap(),
        }
    };
    let files = vec![from_file("b", slow), from_file("c", fast)];
    let files = compare(ask(files)).unwrap();
    assert_eq!(ranks(&live), ranks(&files));
    for (one, other) in live.contenders.iter().zip(&files.contenders) {
        assert_eq!(one.against_fastest, other.against_fastest);
        assert_eq!(one.figures, other.figures);
    }
    assert_eq!(live.exit_code, files.exit_code);
}

#[test]
fn too_few_trials_have_a_ratio_and_no_interval() {
    let report = named(
        "a",
        [trials("fast", &FAST[..2]), trials("slow", &HALF)].concat(),
    );
    let comparison = compare(ask(vec![report])).unwrap();
    let against = comparison.contenders[1].against_fastest.unwrap();
    assert!((against.times_as_slow - 2.0).abs() < 0.02);
    assert_eq!((against.interval, against.p_value), (None, None));
    assert_eq!(against.speed, Speed::Unknown);
}

#[test]
fn a_strategy_without_figures_comes_after_those_with_figures() {
    let mut none = trials("none", &FAST);
    for run in &mut none {
        run.latency.response.issued.p99_ns = None;
    }
    let mut question = ask(vec![named("a", [none, trials("some", &HALF)].concat())]);
    question.metric = Some(Metric::IssuedP99);
    let comparison = compare(question).unwrap();
    let ranks = ranks(&comparison);
    assert_eq!((ranks[0].0, ranks[0].2), ("some", Some(1)));
    assert_eq!((ranks[1].0, ranks[1].2), ("none", None));
}

fn refused(change: impl Fn(&mut Report)) -> Vec<String> {
    let mut other = named("b", trials("slow", &HALF));
    change(&mut other.report);
    match compare(ask(vec![named("a", trials("fast", &FAST)), other])) {
        Err(Refusal::Different(differences)) => {
            let sources = differences.iter().map(|one| one.values.len());
            assert!(sources.into_iter().all(|number| number == 2));
            differences.into_iter().map(|one| one.key).collect()
        }
        other => unreachable!("it was compared: {other:?}"),
    }
}

#[test]
fn every_different_condition_is_named() {
    assert_eq!(refused(|b| b.scenario.users = 9), ["users"]);
    assert_eq!(refused(|b| b.scenario.in_flight = Some(9)), ["in_flight"]);
    assert_eq!(refused(|b| b.scenario.db_pool = 9), ["db_pool"]);
    assert_eq!(refused(|b| b.scenario.warmup = false), ["warmup"]);
    assert_eq!(
        refused(|b| b.scenario.consumer_batch = 9),
        ["consumer_batch"]
    );
    assert_eq!(refused(|b| b.environment.cores = 64), ["cores"]);
    assert_eq!(
        refused(|b| b.scenario.kafka = "far:9092".to_owned()),
        ["kafka"]
    );
    let newer = |b: &mut Report| {
        for run in &mut b.runs {
            run.backends.redis.as_mut().unwrap().version = "8.0.0".to_owned();
        }
        b.scenario.limit = 7;
    };
    assert_eq!(refused(newer), ["limit", "redis"]);
}

#[test]
fn irrelevant_settings_may_differ() {
    let mut other = named("b", trials("slow", &HALF[..3]));
    other.report.scenario.seed = 7;
    other.report.scenario.title = Some("\u{1b}[2J".to_owned());
    other.report.scenario.trials = 3;
    other.report.environment.started_at = "2030-01-01T00:00:00Z".to_owned();
    // This report used neither Redis nor Kafka, so their settings may differ.
    for run in &mut other.report.runs {
        run.backends.redis = None;
        run.backends.kafka = None;
    }
    other.report.scenario.redis_connections = 99;
    other.report.scenario.consumers = 99;
    let comparison = compare(ask(vec![named("a", trials("fast", &FAST)), other])).unwrap();
    assert_eq!(comparison.differences, []);
}

#[test]
fn force_compares_different_runs_and_keeps_the_differences() {
    let mut other = named("b", trials("slow", &HALF));
    other.report.scenario.users = 9;
    let mut question = ask(vec![named("a", trials("fast", &FAST)), other]);
    question.force = true;
    let comparison = compare(question).unwrap();
    assert_eq!(comparison.differences[0].key, "users");
    assert_eq!(ranks(&comparison)[1].2, Some(2));
}

/// The change from `before` to `after`, and the exit code of a gate at 10 %.
fn since(before: Vec<Run>, after: Vec<Run>) -> (ChangeOutcome, u8) {
    let mut question = ask(vec![named("before", before), named("after", after)]);
    question.threshold = Some(0.1);
    let comparison = compare(question).unwrap();
    let baseline = comparison.baseline.unwrap();
    assert_eq!(
        (baseline.source.name.as_str(), baseline.changes.len()),
        ("before", 1)
    );
    (baseline.changes[0].outcome, comparison.exit_code)
}

#[test]
fn a_report_with_the_strategies_of_the_first_is_compared_with_it() {
    let of = |throughput: &[f64]| trials("one", throughput);
    let slower = |share: f64| FAST.map(|value| value * share);
    let mut wrong = of(&FAST);
    wrong[0].findings = fixtures::naive(0, 9).findings;
    let mut open = of(&FAST);
    open[0].verdict = Verdict::Inconclusive;
    for (before, after, expected) in [
        (
            of(&FAST),
            of(&HALF),
            (ChangeOutcome::Slower, exit::VIOLATED),
        ),
        // The slowdown is significant and within the threshold.
        (
            of(&FAST),
            of(&slower(0.95)),
            (ChangeOutcome::Slower, exit::OK),
        ),
        // The slowdown is large and not significant.
        (
            of(&FAST),
            of(&[300.0, 1100.0, 900.0]),
            (ChangeOutcome::Same, exit::OK),
        ),
        (of(&HALF), of(&FAST), (ChangeOutcome::Faster, exit::OK)),
        (
            of(&FAST),
            of(&HALF[..2]),
            (ChangeOutcome::Unknown, exit::INCONCLUSIVE),
        ),
        (
            of(&FAST),
            wrong.clone(),
            (ChangeOutcome::Broken, exit::VIOLATED),
        ),
        (wrong.clone(), of(&HALF), (ChangeOutcome::Mended, exit::OK)),
        (
            wrong.clone(),
            wrong,
            (ChangeOutcome::StillIncorrect, exit::OK),
        ),
        (
            of(&FAST),
            open,
            (ChangeOutcome::Inconclusive, exit::INCONCLUSIVE),
        ),
    ] {
        assert_eq!(since(before, after), expected);
    }
}

#[test]
fn reports_that_cannot_be_compared_are_refused() {
    let one = || named("a", trials("one", &FAST));
    let empty = || named("e", Vec::new());
    assert!(matches!(compare(ask(vec![one()])), Err(Refusal::Alone(name)) if name == "one"));
    assert!(matches!(compare(ask(vec![one(), empty()])), Err(Refusal::Empty(name)) if name == "e"));
    let mut strangers = ask(vec![one()]);
    strangers.baseline = Some(named("b", trials("other", &FAST)));
    assert!(matches!(compare(strangers), Err(Refusal::Strangers(name)) if name == "b"));
    let mut gate = ask(vec![one(), named("b", trials("other", &FAST))]);
    gate.threshold = Some(0.1);
    assert!(matches!(compare(gate), Err(Refusal::NoBaseline)));
    let mut saved = ask(vec![one()]);
    saved.alone = true;
    assert!(compare(saved).is_ok());
}

fn throughput() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(1.0..1e6, 1..8)
}

proptest! {
    #[test]
    fn the_order_of_the_reports_does_not_change_the_ranking(
        values in prop::collection::vec((throughput(), any::<bool>()), 2..6)
    ) {
        let reports: Vec<_> = values.iter().enumerate().map(|(index, (values, wrong))| {
            let mut runs = trials(&format!("s{index}"), values);
            if *wrong {
                runs[0].findings = fixtures::naive(0, 9).findings;
            }
            named(&format!("r{index}"), runs)
        }).collect();
        let mut turned = reports.clone();
        turned.reverse();
        let (there, back) = (compare(ask(reports)).unwrap(), compare(ask(turned)).unwrap());
        let correct = |comparison: &Comparison| -> Vec<_> {
            let all = comparison.contenders.iter();
            all.filter(|one| one.rank.is_some())
                .map(|one| (one.strategy.clone(), one.rank, one.against_fastest.unwrap().speed))
                .collect()
        };
        prop_assert_eq!(correct(&there), correct(&back));
        let wrong = values.iter().filter(|(_, wrong)| *wrong).count();
        prop_assert_eq!(there.contenders.len() - correct(&there).len(), wrong);
        for one in &there.contenders {
            prop_assert!(one.against_fastest.is_none_or(|against| against.times_as_slow >= 1.0 - 1e-9));
        }
    }
}
