#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::{
    model::report::{Distribution, Failure},
    render::{fixtures, interleaving},
    strategies::REGISTRY,
};

/// The largest size of a page.
const LARGEST: usize = 2 << 20;

fn render(report: &Report) -> String {
    Html.render(report).unwrap()
}

/// A report with this text in every field from outside.
fn hostile(text: &str) -> Report {
    let mut report = fixtures::failed_assertions();
    let text = text.to_owned();
    report.scenario.title = Some(text.clone());
    report.scenario.strategies = vec![text.clone()];
    report.assertions[0].expression.clone_from(&text);
    report.environment.cpu.clone_from(&text);
    let run = &mut report.runs[0];
    run.strategy.clone_from(&text);
    run.warnings = vec![text.clone()];
    run.failures = vec![Failure {
        message: text,
        count: 3,
    }];
    report
}

#[test]
fn the_verdict_comes_first() {
    for (report, class, word) in [
        (fixtures::redis_kafka_holds(), "good", "holds"),
        (fixtures::naive_over_issues(), "warn", "finding"),
        (fixtures::violated(), "bad", "violated"),
        (fixtures::inconclusive(), "warn", "inconclusive"),
        (fixtures::report(Vec::new()), "warn", "incomplete"),
    ] {
        let page = render(&report);
        let header = page.split("<header ").nth(1).unwrap();
        let header = header.split("</header>").next().unwrap();
        assert!(
            header.starts_with(&format!("class=\"{class}\"")),
            "{header}"
        );
        assert!(header.contains(&format!("<span class=\"word\">{word}</span>")));
    }
}

#[test]
fn only_the_surplus_is_red() {
    let (naive, holds) = (
        render(&fixtures::naive_over_issues()),
        render(&fixtures::redis_kafka_holds()),
    );
    let (_, body) = naive.split_once("</style>").unwrap();
    assert!(body.contains("fill=\"#CF222E\""));
    let (_, body) = holds.split_once("</style>").unwrap();
    assert!(!body.contains("=\"#CF222E\""));
}

#[test]
fn foreign_text_adds_no_element() {
    let calm = render(&hostile("calm")).matches('<').count();
    for text in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onload='x",
        "</title></style></svg>",
        "{{ style }} {% include %}",
        "one\ntwo \u{1b}[2J \u{202e} 🎟",
        "&lt;&#x3c;",
    ] {
        let page = render(&hostile(text));
        assert_eq!(page.matches('<').count(), calm, "{text}");
        assert!(
            !page.contains("<script") && !page.contains("<img"),
            "{text}"
        );
    }
}

#[test]
fn a_page_of_every_strategy_and_a_million_attempts_is_small() {
    let samples = |count: u64| (0..count).map(|index| 10_000 + index * index % 9_000_000_000);
    let distribution = fixtures::distribution(samples(1_000_000));
    let runs = REGISTRY.iter().map(|entry| {
        let mut run = fixtures::naive(0, 900);
        entry.name.clone_into(&mut run.strategy);
        run.latency.response.all.clone_from(&distribution);
        run.latency.response.issued.clone_from(&distribution);
        run.latency.response.sold_out.clone_from(&distribution);
        run.time_to_durable.clone_from(&distribution);
        run.database.rows_over_time.rows = (0..100).collect();
        run
    });
    let page = render(&fixtures::report(runs.collect()));
    assert!(page.len() < LARGEST, "{}", page.len());
}

#[test]
fn the_policy_allows_the_style_sheet() {
    let page = render(&fixtures::comparison());
    let style = page.split("<style>").nth(1).unwrap();
    let style = style.split("</style>").next().unwrap();
    let hash = BASE64_STANDARD.encode(Sha256::digest(style));
    assert!(policy().contains(&hash));
    assert_eq!(page.matches("<style").count(), 1);
    assert!(page.contains(&format!("sha256-{hash}")));
    assert!(!page.contains(" style=\""));
}

#[test]
fn every_colour_of_a_drawing_has_its_variable() {
    let page = render(&fixtures::comparison());
    for attribute in ["fill=\"#", "stroke=\"#"] {
        for (at, _) in page.match_indices(attribute) {
            let color = &page[at..at + attribute.len() + 7];
            assert!(STYLE.contains(&format!("[{color}]")), "{color}");
        }
    }
}

#[test]
fn every_figure_has_a_text_and_its_numbers() {
    let page = render(&fixtures::comparison());
    let figures = page.matches("<figure>").count();
    assert_eq!(figures, 3 + 2 * 2 + 3);
    assert_eq!(
        page.matches("role=\"img\" aria-label=\"").count(),
        2 * figures
    );
    assert_eq!(page.matches("<summary>Numbers</summary>").count(), figures);
}

#[test]
fn a_single_curve_has_the_name_of_its_strategy() {
    let mut report = fixtures::comparison();
    for run in &mut report.runs {
        if run.strategy != "redis-kafka" {
            run.latency.response.sold_out = Distribution::default();
        }
    }
    let page = render(&report);
    let figure = page.split("<figcaption>Percentiles, response time of “sold out”");
    let figure = figure.last().unwrap().split("<div").next().unwrap();
    assert!(figure.contains("<li value=\"3\">"), "{figure}");
    assert!(figure.contains("redis-kafka"), "{figure}");
}

#[test]
fn a_report_without_histograms_has_no_curves() {
    let mut report = fixtures::redis_kafka_holds();
    report.runs[0].latency.response.issued.hdr = Some("no histogram".to_owned());
    report.runs[0].latency.response.sold_out.hdr = None;
    report.runs[0].database.rows_over_time.rows.clear();
    assert!(!render(&report).contains("<figure>"));
}

#[test]
fn a_witness_is_shown_on_the_page() {
    let mut report = fixtures::naive_over_issues();
    report.runs[0].witness = Some(interleaving::example());
    let text = render(&report);
    assert!(text.contains("<img src=\"data:image/svg+xml;base64,"));
    assert!(text.contains("SELECT count(*) → 0"));
}
