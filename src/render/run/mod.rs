//! A report of runs: for a terminal and as Markdown.
//!
//! # Layout
//!
//! - `mod`: the order of the parts in both outputs
//! - `strategies`: one row for each strategy; `verdicts`: the verdict of a run, findings, assertions
//! - `outcome`: what users were told beside what the ledger holds
//! - `latency`, `histogram`: response times by outcome
//! - `load`: rates, the database, the topic, failures, objects left behind
//! - `bystander`: response times of the other traffic on the database

mod bystander;
mod histogram;
mod latency;
mod load;
mod outcome;
pub(super) mod strategies;
pub(super) mod verdicts;

use std::io;

use super::{
    Format, Style,
    document::{Document, Tone},
    head::{facts, provenance},
    judgement::lines,
    overall::overall,
    strategy_runs::{StrategyRuns, subjects},
    warnings,
};
use crate::{
    model::report::{Report, Run, witnesses},
    text::format::{clean, count, plural},
};

/// For a terminal of this style.
impl Format for Style {
    fn render(&self, report: &Report) -> io::Result<String> {
        Ok(terminal(report, *self))
    }
}

/// Markdown, made for the comment on a pull request.
#[derive(Debug, Clone, Copy)]
pub struct Markdown;

impl Format for Markdown {
    fn render(&self, report: &Report) -> io::Result<String> {
        Ok(markdown(report))
    }
}

/// The report for a terminal: one run in full, or a table of several.
pub fn terminal(report: &Report, style: Style) -> String {
    let mut document = Document::new();
    if let Some(title) = &report.scenario.title {
        document.heading(clean(title));
        document.gap();
    }
    document.facts(facts(report));
    match report.runs.as_slice() {
        [] => {
            document.gap();
            document.bar(Tone::Warn, "nothing was run");
        }
        [run] => one_run(&mut document, report, run),
        _ => several_runs(&mut document, report),
    }
    if report.interrupted {
        document.gap();
        document.bar(Tone::Warn, INTERRUPTED);
    }
    if !report.assertions.is_empty() {
        document.gap();
        document.table(verdicts::assertions(report));
    }
    document.terminal(style)
}

/// What a report of interrupted runs says.
pub(super) const INTERRUPTED: &str = "interrupted: this covers only what had finished by then";

/// The report as Markdown: the verdict first, the machine last.
pub fn markdown(report: &Report) -> String {
    let subjects = subjects(report);
    let overall = overall(report);
    let mut document = Document::new();
    document.title(
        Some(overall.tone),
        format!("coupon-bench: {}", overall.word),
    );
    if let Some(title) = &report.scenario.title {
        document.strong(clean(title));
    }
    document.paragraph(format!("{}.", overall.sentence));
    if !subjects.is_empty() {
        document.table(strategies::table(&subjects));
        document.notes(strategies::notes(&subjects));
    }
    let mut findings = Document::new();
    for subject in &subjects {
        verdicts::worst(&mut findings, subject, report.scenario.limit);
    }
    document.section("Findings", findings);
    for picture in witnesses(&report.runs) {
        document.picture(picture);
    }
    let errors = subjects.iter().flat_map(load::messages);
    let errors = errors.map(|(name, times, message)| format!("{name}: {times} × {message}"));
    document.list("Errors", errors);
    if !report.assertions.is_empty() {
        document.heading("Assertions");
        document.table(verdicts::assertions(report));
    }
    document.list("Warnings", warnings::of(&report.runs));
    let mut environment = Document::new();
    environment.facts(facts(report));
    environment.facts(provenance(report));
    document.folded("Environment", environment);
    document.markdown()
}

pub(super) use load::messages;

fn one_run(document: &mut Document, report: &Report, run: &Run) {
    document.gap();
    document.table(outcome::table(run));
    document.gap();
    verdicts::lines_of(document, run, lines(run, report.scenario.limit), "");
    pictures(document, &[run]);
    latency::write(document, run);
    histogram::write(document, run);
    load::write(document, run);
    bystander::write(document, run);
}

fn several_runs(document: &mut Document, report: &Report) {
    let subjects = subjects(report);
    document.gap();
    document.table(strategies::table(&subjects));
    document.notes(strategies::notes(&subjects));
    if !report.spread.is_empty() {
        document.gap();
        document.table(strategies::spread(&report.spread));
    }
    bystander::compare(document, &subjects);
    let all: Vec<_> = report.runs.iter().collect();
    if all.iter().any(|run| !run.warnings.is_empty()) {
        document.gap();
        load::warn(document, all.iter().copied());
    }
    for subject in &subjects {
        problems(document, subject, report.scenario.limit);
    }
    pictures(document, &all);
    if all.iter().any(|run| !run.kept.is_empty()) {
        document.gap();
        load::kept(document, &all);
    }
    let overall = overall(report);
    document.gap();
    let word = super::document::Text::toned(overall.tone, overall.word);
    document.bar(overall.tone, word.then(format!(": {}", overall.sentence)));
}

/// The worst trial, and the failures of all trials.
fn problems(document: &mut Document, subject: &StrategyRuns, limit: u64) {
    document.gap();
    verdicts::worst(document, subject, limit);
    if subject.runs.iter().any(|run| !run.failures.is_empty()) {
        document.gap();
        document.heading(clean(subject.name));
        load::failures(document, subject.runs.iter().flat_map(|run| &run.failures));
    }
}

/// The first witness of each strategy, and what the trace could not keep.
fn pictures(document: &mut Document, runs: &[&Run]) {
    for picture in witnesses(runs.iter().copied()) {
        document.gap();
        document.picture(picture);
    }
    for run in runs {
        let Some(trace) = run.trace else { continue };
        if trace.dropped > 0 {
            let steps = plural(trace.seen, "step");
            let dropped = count(trace.dropped);
            document.fact(
                "trace",
                format!("{steps}, of which {dropped} could not be kept"),
            );
        }
        if run.witness.is_none() && !run.findings.is_empty() {
            document.fact(
                "trace",
                "does not hold the attempts that explain the finding",
            );
        }
    }
}

#[cfg(test)]
mod markdown_tests;
