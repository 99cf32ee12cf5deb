//! Snapshots of a report on a terminal, and properties of all outputs.

use insta::assert_snapshot;

use super::{
    Format, Style, fixtures,
    html::Html,
    junit::Junit,
    run::{Markdown, terminal as render},
};
use crate::{
    model::{
        report::{LedgerCounts, Report},
        verdict::Verdict,
    },
    strategies::Promise,
};

fn plain(report: &Report) -> String {
    render(report, Style::PLAIN)
}

#[test]
fn redis_kafka_holds() {
    let text = plain(&fixtures::redis_kafka_holds());
    for word in ["holds", "issued 100", "over-issued 0"] {
        assert!(text.contains(word), "{word}");
    }
    assert_snapshot!(text);
}

#[test]
fn naive_over_issues() {
    let text = plain(&fixtures::naive_over_issues());
    assert!(
        !text.contains("holds"),
        "over-issuing must not read as praise"
    );
    assert_snapshot!(text);
}

#[test]
fn violated() {
    assert_snapshot!(plain(&fixtures::violated()));
}

#[test]
fn inconclusive() {
    assert_snapshot!(plain(&fixtures::inconclusive()));
}

#[test]
fn comparison() {
    assert_snapshot!(plain(&fixtures::comparison()));
}

#[test]
fn comparison_in_80_columns() {
    let style = Style {
        color: false,
        width: 80,
    };
    assert_snapshot!(render(&fixtures::comparison(), style));
}

#[test]
fn bystander() {
    assert_snapshot!(plain(&fixtures::with_bystander()));
}

#[test]
fn bystander_comparison() {
    let style = Style {
        color: false,
        width: 80,
    };
    assert_snapshot!(render(&fixtures::bystander_comparison(), style));
}

#[test]
fn not_understood() {
    assert_snapshot!(plain(&fixtures::not_understood()));
}

#[test]
fn kept() {
    assert_snapshot!(plain(&fixtures::kept()));
}

#[test]
fn failed_assertions() {
    assert_snapshot!(plain(&fixtures::failed_assertions()));
}

#[test]
fn strategies() {
    assert_snapshot!(super::catalogue::table(
        crate::strategies::REGISTRY,
        Style::PLAIN
    ));
}

#[test]
fn no_line_is_wider_than_the_terminal_or_ends_in_spaces() {
    for report in all() {
        for width in [80, 100, 120] {
            for line in render(
                &report,
                Style {
                    color: false,
                    width,
                },
            )
            .lines()
            {
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
fn colour_changes_nothing_but_colour() {
    for report in all() {
        let colored = render(
            &report,
            Style {
                color: true,
                ..Style::PLAIN
            },
        );
        assert!(colored.contains('\u{1b}'));
        assert_eq!(without_escapes(&colored), plain(&report));
    }
}

#[test]
fn an_interrupted_report_says_so() {
    let mut report = fixtures::report(Vec::new());
    report.interrupted = true;
    let text = plain(&report);
    assert!(text.contains("nothing was run"));
    assert!(text.contains("interrupted"));
}

/// A report with every kind of row and the longest words, in another order than the requested one.
fn crowded() -> Report {
    let mut report = fixtures::comparison();
    for run in &mut report.runs {
        if run.strategy == "redis-incr" {
            run.promise = Promise::SingleProcess;
            run.verdict = Verdict::Violated;
            run.ledger.issued = Some(1_234_567 + u64::from(run.trial));
            run.ledger.over_issued = Some(1_234_467);
        }
        if run.strategy == "redis-kafka" && run.trial == 2 {
            run.verdict = Verdict::Inconclusive;
            run.ledger = LedgerCounts::default();
            run.reasons = vec!["the ledger could not be read".to_owned()];
        }
    }
    report
}

#[test]
fn a_ledger_that_could_not_be_read_has_no_figures() {
    let mut report = fixtures::inconclusive();
    report.runs[0].ledger = LedgerCounts::default();
    let text = plain(&report);
    assert!(text.contains("inconclusive: issued an unknown number of 100 · promise exact"));
    for row in ["over-issued", "under-issued", "lost", "phantom"] {
        let line = text.lines().find(|line| line.contains(row));
        let line = line.unwrap_or_default();
        assert!(line.contains('–'), "{line}");
    }
}

#[test]
fn an_output_without_a_drain_does_not_mention_it() {
    let report = fixtures::not_understood();
    let outputs = [
        plain(&report),
        Markdown.render(&report).unwrap_or_default(),
        Junit.render(&report).unwrap_or_default(),
        Html.render(&report).unwrap_or_default(),
    ];
    for text in outputs {
        let (_, body) = text.split_once("</style>").unwrap_or(("", &text));
        assert!(!body.is_empty());
        for word in ["drain", "pipeline"] {
            assert!(!body.contains(word), "{word}: {body}");
        }
    }
}

#[test]
fn a_number_that_may_still_grow_is_shown_in_no_output() {
    let mut report = fixtures::inconclusive();
    report.runs[0].reasons.clear();
    let text = plain(&report);
    assert!(
        text.contains("issued 80 of 100, over-issued –, lost – ·"),
        "{text}"
    );
    let markdown = Markdown.render(&report).unwrap_or_default();
    assert!(
        markdown.contains("| exact | 80 | – | – | – | inconclusive |"),
        "{markdown}"
    );
    let junit = Junit.render(&report).unwrap_or_default();
    assert!(junit.contains(r#"name="lost" value="–""#), "{junit}");
}

#[test]
fn the_number_of_undecided_attempts_stands_below_the_verdict() {
    let mut report = fixtures::redis_kafka_holds();
    let run = &mut report.runs[0];
    (run.attempts.failed, run.attempts.indeterminate) = (12, 3);
    run.undecided = run.attempts.undecided();
    let told = "never decided: 15 of 10,000 attempts, 0.1\u{a0}% (12 failed, 3 indeterminate)";
    assert!(plain(&report).contains(told), "{}", plain(&report));
}

#[test]
fn only_proven_strategies_are_called_correct() {
    let text = plain(&crowded());
    let at = |word: &str| text.find(word).unwrap_or(usize::MAX);
    assert!(!text.contains("\ncorrect\n"));
    assert!(at("\ninconclusive\n") < at("\n  redis-kafka"));
    assert!(at("\n  redis-kafka") < at("\nincorrect\n"));
    assert!(at("\nincorrect\n") < at("\n  naive"));
    assert!(at("\n  naive") < at("\n  redis-incr"));
    assert!(text.contains("inconclusive 1/5"));
}

fn all() -> [Report; 11] {
    [
        crowded(),
        fixtures::redis_kafka_holds(),
        fixtures::naive_over_issues(),
        fixtures::violated(),
        fixtures::inconclusive(),
        fixtures::comparison(),
        fixtures::kept(),
        fixtures::with_bystander(),
        fixtures::bystander_comparison(),
        fixtures::failed_assertions(),
        fixtures::not_understood(),
    ]
}

fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain + rest
}
