#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use insta::assert_snapshot;
use pulldown_cmark::{Event, Options, Parser, Tag, html::push_html};

use super::{markdown as render, *};
use crate::render::fixtures;

/// The HTML of the Markdown.
fn html(markdown: &str) -> String {
    let mut html = String::new();
    push_html(&mut html, Parser::new_ext(markdown, Options::ENABLE_TABLES));
    html
}

/// A report with this text in every field from outside.
fn hostile(text: &str) -> Report {
    let mut report = fixtures::failed_assertions();
    let text = text.to_owned();
    report.scenario.title = Some(text.clone());
    report.scenario.strategies = vec![text.clone()];
    report.assertions[0].expression.clone_from(&text);
    report.assertions[0].broken_by = Some(text.clone());
    report.environment.cpu.clone_from(&text);
    let run = &mut report.runs[0];
    run.strategy.clone_from(&text);
    run.reasons = vec![text.clone()];
    run.warnings = vec![text.clone()];
    run.backends.db.as_mut().unwrap().version.clone_from(&text);
    run.failures = vec![crate::model::report::Failure {
        message: text,
        count: 3,
    }];
    report
}

#[test]
fn the_verdict_comes_first() {
    for (report, first) in [
        (fixtures::redis_kafka_holds(), "## ✅ coupon-bench: holds\n"),
        (
            fixtures::naive_over_issues(),
            "## ⚠️ coupon-bench: finding\n",
        ),
        (fixtures::violated(), "## ❌ coupon-bench: violated\n"),
        (
            fixtures::inconclusive(),
            "## ⚠️ coupon-bench: inconclusive\n",
        ),
    ] {
        let text = render(&report);
        assert!(text.starts_with(first), "{text}");
    }
}

#[test]
fn several_strategies() {
    assert_snapshot!(render(&fixtures::comparison()));
}

#[test]
fn violated() {
    assert_snapshot!(render(&fixtures::violated()));
}

#[test]
fn failed_assertions() {
    assert_snapshot!(render(&fixtures::failed_assertions()));
}

#[test]
fn nothing_was_run() {
    assert!(render(&fixtures::report(Vec::new())).contains("nothing was run."));
}

#[test]
fn foreign_text_adds_no_element() {
    for text in [
        "<script>alert(1)</script>",
        "a|b||c",
        "`code` ``` ~~~",
        "one\ntwo\r\n\n# three\n- four",
        "**bold** _it_ ~~no~~ [a](http://b) ![i](j) <http://c>",
        "</details>\\",
        "<!-- 🎟 -->&lt;&#64;",
        "$a$ https://example.com",
    ] {
        let report = hostile(text);
        let html = html(&render(&report));
        let shown = clean(text)
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let shown = shown.replace('#', "#\u{200b}");
        let (calm, times) = (super::markdown_tests::html(&render(&hostile("calm"))), 9);
        assert!(html.matches(&shown).count() >= times, "{text}: {html}");
        // The text adds no element.
        assert_eq!(
            html.matches('<').count(),
            calm.matches('<').count(),
            "{text}"
        );
    }
}

#[test]
fn no_user_is_mentioned_and_no_issue_is_referenced() {
    let text = render(&hostile("@all #1 a@b.c octo/repo#2"));
    for (at, _) in text.match_indices(['@', '#']) {
        let rest = &text[at + 1..];
        let is_heading = text[..at].ends_with('\n') || at == 0 || text[..at].ends_with('#');
        let is_entity = text[..at].ends_with('&');
        assert!(
            is_heading || is_entity || rest.starts_with("&#8203;"),
            "{rest}"
        );
    }
}

#[test]
fn every_row_of_a_table_has_all_its_cells() {
    for report in [fixtures::comparison(), hostile("a|b")] {
        let text = render(&report);
        let mut columns = 0;
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
            if let Event::Start(Tag::Table(alignments)) = event {
                columns = alignments.len();
                assert!(columns > 1);
            }
        }
        assert!(columns > 0);
        for lines in text.lines().collect::<Vec<_>>().windows(2) {
            let bars = |line: &str| line.replace("\\|", "").matches('|').count();
            if lines.iter().all(|line| line.starts_with('|')) {
                assert_eq!(bars(lines[0]), bars(lines[1]), "{lines:?}");
            }
        }
    }
}
