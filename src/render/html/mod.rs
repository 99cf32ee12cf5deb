//! The report as one HTML file that needs nothing else: no script, no font, no request.
//!
//! # Layout
//!
//! - `page.html`, `style.css`: the page
//! - `issued`, `latency`: what is drawn; `witness`: the interleaving in which a promise broke
//! - `figure`, `table`: a part of the page
//! - `axis`, `plot`: how it is drawn

mod axis;
mod figure;
mod issued;
mod latency;
mod plot;
mod table;
mod witness;

use std::io;

use askama::Template;
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use self::{
    figure::Figure,
    plot::{COLORS, DrawError},
    table::{Table, number, words},
    witness::Witness,
};
use super::{
    Format,
    columns::{Column, columns, notes},
    head::{Fact, facts, provenance},
    judgement::{lines, tone},
    overall::overall,
    subject::{Group, Subject, by_group, subjects},
    terminal::{Style, Tone},
    warnings,
};
use crate::text::printable;
use crate::{
    model::report::{AssertionOutcome, Report, witnesses},
    render::observed::observed,
    text::format::{clean, count, plural, shorten},
};

/// The page's style.
const STYLE: &str = include_str!("style.css");

/// How many different errors of a strategy are shown.
const MESSAGES: usize = 5;

/// Longer messages are cut: the JSON has them in full.
const MESSAGE_LENGTH: usize = 240;

/// The HTML format.
#[derive(Debug, Clone, Copy)]
pub struct Html;

impl Format for Html {
    fn render(&self, report: &Report) -> io::Result<String> {
        let page = page(report).map_err(io::Error::other)?;
        let html = page.render().map_err(io::Error::other)?;
        Ok(printable(&html).into_owned())
    }
}

/// What the template shows. Everything but the drawings is escaped there.
#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    policy: String,
    style: &'static str,
    title: String,
    tone: &'static str,
    word: &'static str,
    sentence: String,
    strategies: Table,
    notes: Vec<&'static str>,
    findings: Vec<Finding>,
    assertions: Table,
    coupons: Vec<Figure>,
    witnesses: Vec<Witness>,
    latency: Vec<Figure>,
    durability: Vec<Figure>,
    errors: Table,
    warnings: Vec<String>,
    facts: Vec<Fact>,
}

struct Finding {
    tone: &'static str,
    name: String,
    lines: Vec<String>,
}

fn page(report: &Report) -> Result<Page, DrawError> {
    let subjects = subjects(report);
    let overall = overall(report);
    let limit = report.scenario.limit;
    let mut coupons = Vec::new();
    let mut durability = Vec::new();
    for subject in &subjects {
        let run = subject.worst().map_or(subject.first, |(run, _)| run);
        coupons.extend(issued::figure(run, &clean(&subject.name_of(run)), limit)?);
        durability.extend(latency::durability(subject)?);
    }
    Ok(Page {
        policy: policy(),
        style: STYLE,
        title: title(report),
        tone: class(overall.tone),
        word: overall.word,
        sentence: overall.sentence,
        strategies: strategies(&subjects),
        notes: notes(&subjects),
        findings: subjects
            .iter()
            .filter_map(|it| finding(it, limit))
            .collect(),
        assertions: assertions(report),
        coupons,
        witnesses: witnesses(&report.runs)
            .into_iter()
            .map(witness::witness_figure)
            .collect(),
        latency: latency::figures(&subjects)?,
        durability,
        errors: errors(&subjects),
        warnings: warnings::of(&report.runs),
        facts: facts(report)
            .into_iter()
            .chain(provenance(report))
            .collect(),
    })
}

/// Nothing but the one style and pictures that are part of the page.
fn policy() -> String {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
}

fn title(report: &Report) -> String {
    let title = report.scenario.title.as_deref().map(clean);
    title.filter(|title| !title.is_empty()).unwrap_or_else(|| {
        let names: Vec<_> = report
            .scenario
            .strategies
            .iter()
            .map(|it| clean(it))
            .collect();
        format!("coupon-bench: {}", names.join(", "))
    })
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Bad => "bad",
        _ => "warn",
    }
}

/// What is correct first.
fn strategies(subjects: &[Subject]) -> Table {
    let columns = columns(subjects);
    let cell = |column: &Column, text| {
        if column.is_text() {
            words(text)
        } else {
            number(text)
        }
    };
    let head = columns.iter().map(|column| cell(column, column.title()));
    let rows = by_group(subjects).into_iter().map(|(group, subject)| {
        let name = format!("{} {}", sign(group), clean(subject.name));
        let name = words(name).toned(class(group.tone()));
        let cells = columns
            .iter()
            .map(|column| cell(column, (column.cell)(subject)));
        std::iter::once(name).chain(cells).collect()
    });
    Table {
        head: std::iter::once(words("strategy")).chain(head).collect(),
        rows: rows.collect(),
    }
}

/// Nothing is said by colour alone.
fn sign(group: Group) -> &'static str {
    match group {
        Group::Correct => "✓",
        Group::Inconclusive => "?",
        Group::Incorrect => "✗",
    }
}

/// The worst trial of a strategy that went wrong.
fn finding(subject: &Subject, limit: u64) -> Option<Finding> {
    let (run, others) = subject.worst()?;
    let mut lines = lines(Style::PLAIN, run, limit);
    if others > 0 {
        lines.push(format!("and {} like it", plural(others, "other trial")));
    }
    Some(Finding {
        tone: class(tone(run)),
        name: clean(&subject.name_of(run)),
        lines,
    })
}

fn assertions(report: &Report) -> Table {
    let rows = report.assertions.iter().map(|assertion| {
        vec![
            words(clean(&assertion.expression)),
            match assertion.outcome() {
                AssertionOutcome::Held => words("✓ ok").toned("good"),
                AssertionOutcome::Failed => words("✗ failed").toned("bad"),
                AssertionOutcome::NotObserved => words("? not observed").toned("warn"),
            },
            number(observed(assertion)),
            words(clean(assertion.broken_by.as_deref().unwrap_or_default())),
        ]
    });
    Table {
        head: vec![
            words("assertion"),
            words("result"),
            number("observed"),
            words("broken by"),
        ],
        rows: rows.collect(),
    }
}

fn errors(subjects: &[Subject]) -> Table {
    let rows = subjects.iter().flat_map(|subject| {
        let failures = subject.runs.iter().flat_map(|run| &run.failures);
        failures.take(MESSAGES).map(|failure| {
            vec![
                words(clean(subject.name)),
                number(count(failure.count)),
                words(shorten(&clean(&failure.message), MESSAGE_LENGTH)),
            ]
        })
    });
    Table {
        head: vec![words("strategy"), number("times"), words("message")],
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests;
