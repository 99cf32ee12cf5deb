//! The report as one HTML file without scripts, fonts or requests.
//!
//! # Layout
//!
//! - `page.html`, `style.css`: the page; `table.html`: a table on it
//! - `hunt.html`: the page of [`super::hunt`]
//! - `issued`, `latency`: the figures; `witness`: the interleaving in which a promise broke
//! - `figure`: a plot with its numbers
//! - `axis`, `plot`: the drawing of a figure

mod axis;
mod figure;
mod issued;
mod latency;
mod plot;
pub(super) mod witness;

use std::io;

use askama::Template;
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use self::{
    figure::Figure,
    plot::{COLORS, DrawError},
    witness::Witness,
};
use super::{
    Format,
    document::{
        Column, Table, Text,
        html::{HtmlTable, class},
    },
    head::{Fact, facts, provenance},
    judgement::tone,
    overall::overall,
    run::{
        messages,
        strategies::{self, notes},
        verdicts::{self, worst_lines},
    },
    strategy_runs::{StrategyRuns, subjects},
    warnings,
};
use crate::{
    model::report::{Report, witnesses},
    text::{format::clean, printable},
};

/// The page's style.
pub(super) const STYLE: &str = include_str!("style.css");

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

/// The values of the template, which escapes all of them but the drawings.
#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    policy: String,
    style: &'static str,
    title: String,
    tone: &'static str,
    word: &'static str,
    sentence: String,
    strategies: HtmlTable,
    notes: Vec<&'static str>,
    findings: Vec<Finding>,
    assertions: HtmlTable,
    coupons: Vec<Figure>,
    witnesses: Vec<Witness>,
    latency: Vec<Figure>,
    durability: Vec<Figure>,
    errors: HtmlTable,
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
        strategies: (&strategies::table(&subjects)).into(),
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

/// The content security policy: the one style sheet, and pictures inside of the page.
pub(super) fn policy() -> String {
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

/// The worst trial of a strategy that went wrong.
fn finding(subject: &StrategyRuns, limit: u64) -> Option<Finding> {
    let (run, lines) = worst_lines(subject, limit)?;
    Some(Finding {
        tone: class(tone(run)),
        name: clean(&subject.name_of(run)),
        lines: lines.iter().map(Text::plain).collect(),
    })
}

fn assertions(report: &Report) -> HtmlTable {
    let mut table = verdicts::assertions(report);
    table.columns[1].head = "result".into();
    (&table).into()
}

fn errors(subjects: &[StrategyRuns]) -> HtmlTable {
    let table = Table::new([
        Column::words("strategy"),
        Column::figures("times"),
        Column::words("message"),
    ]);
    let rows = subjects.iter().flat_map(messages);
    let rows = rows.map(|(name, times, message)| [name.into(), times.into(), message.into()]);
    (&table.with(rows)).into()
}

#[cfg(test)]
mod tests;
