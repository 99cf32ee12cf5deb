//! Snapshots of the outputs, and properties of all outputs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use insta::assert_snapshot;
use pulldown_cmark::{Event, Options, Parser};

use super::{
    words::{probability, times},
    *,
};
use crate::{
    judge::compare::{CompareRequest, NamedReport, Refusal, compare},
    model::{
        report::{Report, Run},
        verdict::Verdict,
    },
    render::{Style, fixtures},
};

fn ask(reports: Vec<(&str, Report)>) -> CompareRequest {
    let reports = reports.into_iter().map(|(name, report)| NamedReport {
        name: name.to_owned(),
        report,
    });
    CompareRequest {
        reports: reports.collect(),
        baseline: None,
        metric: None,
        threshold: None,
        force: true,
        alone: true,
    }
}

/// The trials of a strategy, so many percent slower than others.
fn trials(strategy: &str, slower: f64) -> Vec<Run> {
    let noise = [1.0, 1.02, 0.97, 1.01, 0.99];
    let runs = (0..).zip(noise).map(|(trial, noise)| Run {
        strategy: strategy.to_owned(),
        throughput_per_s: 20_000.0 * noise / (1.0 + slower / 100.0),
        ..fixtures::redis_kafka(trial)
    });
    runs.collect()
}

fn five(runs: Vec<Run>) -> Report {
    let mut report = fixtures::report(runs);
    report.scenario.trials = 5;
    report
}

fn ranking() -> Comparison {
    let mut report = fixtures::comparison();
    report.runs.extend(trials("redis-lua", 700.0));
    let mut doubtful = trials("redis-lock", 0.0);
    doubtful[2].verdict = Verdict::Inconclusive;
    doubtful[2].reasons = vec!["the pipeline was not empty when the rows were read".to_owned()];
    report.runs.extend(doubtful);
    compare(ask(vec![("this run", report)])).unwrap()
}

fn regression() -> Comparison {
    let mut wrong = trials("redis-lua", 0.0);
    wrong[1] = Run {
        strategy: "redis-lua".to_owned(),
        ..fixtures::violated().runs.remove(0)
    };
    let before = five(
        [
            trials("redis-incr", 0.0),
            trials("redis-lua", 0.0),
            trials("gone", 0.0),
        ]
        .concat(),
    );
    let after = five([trials("redis-incr", 25.0), wrong].concat());
    let mut question = ask(vec![("before.json", before), ("after.json", after)]);
    question.threshold = Some(0.1);
    compare(question).unwrap()
}

/// A comparison with hostile text in every field from outside.
fn hostile(bad: &str) -> Comparison {
    let mut one = five([trials(bad, 0.0), trials("other", 3.0), trials("wrong", 0.0)].concat());
    one.scenario.title = Some(bad.to_owned());
    one.environment.cpu = bad.to_owned();
    one.environment.started_at = format!("2026-01-02T{bad}");
    for run in &mut one.runs {
        run.warnings = vec![bad.to_owned()];
        if run.strategy == "wrong" {
            run.verdict = Verdict::Inconclusive;
            run.reasons = vec![bad.to_owned()];
        }
        if let Some(db) = &mut run.backends.db {
            bad.clone_into(&mut db.version);
        }
    }
    let two = five(trials(bad, 50.0));
    let mut question = ask(vec![(bad, one), ("b.json", two)]);
    question.threshold = Some(0.1);
    compare(question).unwrap()
}

const BAD: &str =
    "a\n| <script>alert(1)</script> \u{1b}[2J\u{1b}]0;x\u{7} **b** [c](http://d) <!-- @e\r\n# f";

/// The elements of the Markdown, without text.
fn elements(comparison: &Comparison) -> Vec<String> {
    let document = markdown(comparison);
    let events = Parser::new_ext(&document, Options::ENABLE_TABLES);
    let elements = events.filter(|event| !matches!(event, Event::Text(_)));
    elements.map(|event| format!("{event:?}")).collect()
}

fn few() -> Comparison {
    let runs = [trials("one", 0.0), trials("two", 9.0)].concat();
    let runs = runs.into_iter().filter(|run| run.trial <= 2).collect();
    compare(ask(vec![("this run", fixtures::report(runs))])).unwrap()
}

fn plain(comparison: &Comparison) -> String {
    terminal(comparison, Style::PLAIN)
}

#[test]
fn a_ranking_on_a_terminal() {
    assert_snapshot!(plain(&ranking()));
}

#[test]
fn a_regression_on_a_terminal() {
    assert_snapshot!(plain(&regression()));
}

#[test]
fn few_trials_on_a_terminal() {
    assert_snapshot!(plain(&few()));
}

#[test]
fn a_regression_as_markdown() {
    assert_snapshot!(markdown(&regression()));
}

#[test]
fn the_trials_of_a_strategy_are_above_those_of_its_baseline() {
    // The faster strategy's name begins with the name of the other one.
    let both = |slower: f64| {
        let runs = [
            trials("redis-kafka-safe", slower),
            trials("redis-kafka", slower + 50.0),
        ];
        five(runs.concat())
    };
    let comparison = compare(ask(vec![("before", both(0.0)), ("after", both(20.0))])).unwrap();
    let text = plain(&comparison);
    let listed = text
        .lines()
        .skip_while(|line| !line.starts_with("each trial"));
    let names: Vec<_> = listed
        .skip(1)
        .take(4)
        .filter_map(|line| line.trim().split_once("  "))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "redis-kafka-safe",
            "redis-kafka-safe, baseline",
            "redis-kafka",
            "redis-kafka, baseline",
        ]
    );
}

#[test]
fn an_assertion_without_an_observation_is_no_failure() {
    let mut report = fixtures::report(trials("one", 0.0));
    report.assertions = fixtures::failed_assertions().assertions.split_off(3);
    report.runs.extend(trials("other", 0.0));
    let comparison = compare(ask(vec![("this run", report)])).unwrap();
    assert_eq!(comparison.exit_code, 4);
    let told = "assertion not observed: failed.p99 < 1s (naive, trial 1)";
    assert!(plain(&comparison).contains(told), "{}", plain(&comparison));
}

#[test]
fn hostile_names_add_no_element() {
    let comparison = hostile(BAD);
    let text = plain(&comparison);
    assert!(
        !text.contains(|c: char| c.is_control() && c != '\n'),
        "{text:?}"
    );
    assert!(!text.lines().any(|line| line.starts_with("# f")), "{text}");
    assert_eq!(elements(&comparison), elements(&hostile("calm")));
    let refused = refusal(&Refusal::Different(comparison.differences));
    assert!(!refused.contains('\u{1b}'), "{refused:?}");
}

#[test]
fn no_line_is_wider_than_the_terminal_or_ends_in_spaces() {
    for comparison in [ranking(), regression(), hostile(BAD), few()] {
        for width in [80, 100, 120] {
            let text = terminal(
                &comparison,
                Style {
                    color: false,
                    width,
                },
            );
            for line in text.lines() {
                assert!(
                    textwrap::core::display_width(line) <= width,
                    "{width}: {line}"
                );
                assert_eq!(line.trim_end(), line);
            }
        }
    }
}

#[test]
fn the_failed_assertion_behind_the_exit_code_is_shown() {
    let mut report = fixtures::failed_assertions();
    report.runs.extend(trials("other", 0.0));
    let comparison = compare(ask(vec![("this run", report)])).unwrap();
    assert_eq!(comparison.exit_code, 3);
    let told = "assertion failed: issued == 100, observed 1,000 (naive, trial 1)";
    assert!(plain(&comparison).contains(told), "{}", plain(&comparison));
    assert!(markdown(&comparison).contains("assertion failed"));
}

#[test]
fn a_slowdown_that_the_trials_do_not_exclude_is_shown() {
    let mut after = trials("one", 0.0);
    after[0].throughput_per_s /= 3.0;
    let reports = vec![("a", five(trials("one", 0.0))), ("b", five(after))];
    let mut question = ask(reports);
    question.threshold = Some(0.1);
    let comparison = compare(question).unwrap();
    assert_eq!(comparison.exit_code, 0);
    let text = plain(&comparison);
    assert!(
        text.contains("no regression") && text.contains("not excluded: one may be up to"),
        "{text}"
    );
    assert!(markdown(&comparison).starts_with("## ✅ coupon-bench: no regression"));
}

#[test]
fn numbers_are_short() {
    assert_eq!(
        ["1.00", "0.052", "12.3", "1234"],
        [1.0, 0.052, 12.34, 1234.4].map(times)
    );
    assert_eq!(
        ["0.28", "0.004", "< 0.001"],
        [0.281, 0.0041, 1e-9].map(probability)
    );
}
