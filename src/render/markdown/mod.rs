//! The report as Markdown, made for the comment on a pull request: the verdict first, the machine last and folded away.
//!
//! Names and messages may come from anywhere: all text passes through [`escape`].

mod escape;

use std::{fmt::Write, io};

pub(super) use self::escape::escaped;
use super::{
    Format,
    columns::{columns, notes},
    head::{Fact, facts, provenance},
    interleaving,
    judgement::lines,
    overall::overall,
    subject::{Subject, by_group, subjects},
    terminal::{Style, Tone},
    warnings,
};
use crate::text::printable;
use crate::{
    model::report::{AssertionOutcome, AssertionResult, Report, Run, witnesses},
    render::observed::observed,
    text::format::{clean, count, plural, shorten},
};

/// How many different errors of a strategy are shown.
const MESSAGES: usize = 5;

/// Longer messages are cut: the JSON has them in full.
const MESSAGE_LENGTH: usize = 240;

/// The Markdown format.
#[derive(Debug, Clone, Copy)]
pub struct Markdown;

impl Format for Markdown {
    fn render(&self, report: &Report) -> io::Result<String> {
        Ok(render(report))
    }
}

/// The whole report.
pub fn render(report: &Report) -> String {
    let subjects = subjects(report);
    let parts = [
        verdict(report),
        table_of(&subjects),
        findings(report, &subjects),
        pictures(report),
        errors(&subjects),
        assertions(&report.assertions),
        warned(&report.runs),
        details(report),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    printable(&parts.join("\n")).into_owned()
}

fn verdict(report: &Report) -> String {
    let overall = overall(report);
    let mut text = format!(
        "## {} coupon-bench: {}\n\n",
        sign(overall.tone),
        overall.word
    );
    if let Some(title) = &report.scenario.title {
        let _ = writeln!(text, "**{}**\n", escaped(&clean(title)));
    }
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}.", escaped(&overall.sentence));
    text
}

/// The attempts that show why it went wrong, where the run was traced.
fn pictures(report: &Report) -> String {
    let pictures = witnesses(&report.runs).into_iter();
    let drawn: Vec<_> = pictures.map(interleaving::markdown::render).collect();
    drawn.join("\n")
}

/// Nothing is said by colour alone.
pub(super) fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "✅",
        Tone::Bad => "❌",
        _ => "⚠️",
    }
}

/// The strategies, what is correct first.
fn table_of(subjects: &[Subject]) -> String {
    if subjects.is_empty() {
        return String::new();
    }
    let columns = columns(subjects);
    let head = columns.iter().map(|column| column.title());
    let mut rows = vec![std::iter::once("strategy".to_owned()).chain(head).collect()];
    rows.extend(by_group(subjects).into_iter().map(|(group, subject)| {
        let name = format!("{} {}", sign(group.tone()), escaped(&clean(subject.name)));
        let cells = columns
            .iter()
            .map(|column| escaped(&(column.cell)(subject)));
        std::iter::once(name).chain(cells).collect::<Vec<_>>()
    }));
    let mut text = table(&rows, |index| index > 0 && !columns[index - 1].is_text());
    for note in notes(subjects) {
        let _ = write!(text, "\n<sub>{note}</sub>\n");
    }
    text
}

/// The worst trial of each strategy that went wrong.
fn findings(report: &Report, subjects: &[Subject]) -> String {
    let mut text = String::new();
    for subject in subjects {
        let Some((run, others)) = subject.worst() else {
            continue;
        };
        let mut lines = lines(Style::PLAIN, run, report.scenario.limit).into_iter();
        let first = lines.next().unwrap_or_default();
        let name = escaped(&clean(&subject.name_of(run)));
        let _ = writeln!(text, "- **{name}**: {}", escaped(&first));
        for line in lines {
            let _ = writeln!(text, "  - {}", escaped(&line));
        }
        if others > 0 {
            let _ = writeln!(text, "  - and {} like it", plural(others, "other trial"));
        }
    }
    section("Findings", &text)
}

/// Why attempts failed.
fn errors(subjects: &[Subject]) -> String {
    let mut text = String::new();
    for subject in subjects {
        let failures = subject.runs.iter().flat_map(|run| &run.failures);
        for failure in failures.take(MESSAGES) {
            let message = shorten(&clean(&failure.message), MESSAGE_LENGTH);
            let _ = writeln!(
                text,
                "- {}: {} × {}",
                escaped(&clean(subject.name)),
                count(failure.count),
                escaped(&message)
            );
        }
    }
    section("Errors", &text)
}

fn assertions(assertions: &[AssertionResult]) -> String {
    if assertions.is_empty() {
        return String::new();
    }
    let mut rows = vec![
        ["assertion", "", "observed", "broken by"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(assertions.iter().map(|assertion| {
        let outcome = assertion.outcome();
        let tone = match outcome {
            AssertionOutcome::Held => Tone::Good,
            AssertionOutcome::Failed => Tone::Bad,
            AssertionOutcome::NotObserved => Tone::Warn,
        };
        vec![
            escaped(&clean(&assertion.expression)),
            format!("{} {}", sign(tone), outcome.name()),
            escaped(&observed(assertion)),
            escaped(&clean(assertion.broken_by.as_deref().unwrap_or_default())),
        ]
    }));
    section("Assertions", &table(&rows, |index| index == 2))
}

fn warned(runs: &[Run]) -> String {
    let line = |warning: String| format!("- {}\n", escaped(&warning));
    section(
        "Warnings",
        &warnings::of(runs).into_iter().map(line).collect::<String>(),
    )
}

fn details(report: &Report) -> String {
    let row = |(label, text): Fact| vec![label.to_owned(), escaped(&text)];
    let mut rows = vec![vec![String::new(), String::new()]];
    rows.extend(facts(report).into_iter().chain(provenance(report)).map(row));
    // The empty lines make it Markdown within HTML.
    format!(
        "<details>\n<summary>Environment</summary>\n\n{}\n</details>\n",
        table(&rows, |_| false)
    )
}

/// Nothing, if there is nothing in it.
pub(super) fn section(title: &str, body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    format!("### {title}\n\n{body}")
}

/// The first row is the head; `is_figure` says which columns stand at the right.
pub(super) fn table(rows: &[Vec<String>], is_figure: impl Fn(usize) -> bool) -> String {
    let mut lines: Vec<_> = rows.iter().map(|row| line(row)).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let rule = (0..columns).map(|index| if is_figure(index) { "---:" } else { "---" });
    lines.insert(1.min(lines.len()), line(&rule.collect::<Vec<_>>()));
    lines.concat()
}

fn line(cells: &[impl AsRef<str>]) -> String {
    let cells = cells.iter().map(AsRef::as_ref);
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

#[cfg(test)]
mod tests;
