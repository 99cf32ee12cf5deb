//! The result of a hunt: for a terminal, as Markdown, as a page, as JSON. The picture of a witness is that of any
//! [interleaving](super::interleaving).
//!
//! # Layout
//!
//! - this file: the result of a search, for a terminal and as Markdown
//! - `words`: the result of a case, and the last lines
//! - [`replay`]: the result of `--replay`
//! - `command`: the command that replays a token
//! - `json`, `html`: both results as data and as a page
//! - [`progress`]: the state of a hunt while it lasts

mod command;
mod html;
mod json;
pub mod progress;
pub mod replay;
mod words;

pub use command::ReplayCommand;
pub use html::search as html;
pub use json::search as json;

use super::{
    Style,
    document::{Cell, Column, Document, Table},
};
use crate::{
    engine::hunt::{CaseResult, HuntResult, HuntWitness},
    model::interleaving::{Interleaving, Step},
    text::format::{clean, count, duration, plural, rate, shorten},
};

/// The number of background statements that are named.
const BACKGROUND: usize = 3;
/// The most letters of a background statement.
const STATEMENT: usize = 60;

/// The result of a search, for a terminal.
pub fn terminal(result: &HuntResult, command: &ReplayCommand, style: Style) -> String {
    let mut document = Document::new();
    document.facts(facts(result));
    document.gap();
    document.table(cases(result));
    for witness in result.witnesses() {
        document.gap();
        explained(&mut document, witness, command);
    }
    document.gap();
    for note in &result.notes {
        document.fact("note", clean(note));
    }
    document.gap();
    for line in words::conclusions(result) {
        document.bar(line.tone, line.text());
    }
    document.terminal(style)
}

/// The result of a search, as Markdown.
pub fn markdown(result: &HuntResult, command: &ReplayCommand) -> String {
    let mut document = Document::new();
    let lines = words::conclusions(result);
    let tone = lines.last().map(|line| line.tone);
    document.title(
        tone,
        format!("coupon-bench hunt: {}", clean(&result.target)),
    );
    for line in &lines {
        document.bar(line.tone, line.text());
    }
    document.facts(facts(result));
    document.table(cases(result));
    for witness in result.witnesses() {
        explained(&mut document, witness, command);
    }
    document.list("Notes", result.notes.iter().map(|note| clean(note)));
    document.markdown()
}

/// The picture of a witness, its advice, and the command that plays it again.
fn explained(document: &mut Document, witness: &HuntWitness, command: &ReplayCommand) {
    document.picture(&picture(&witness.interleaving));
    if !witness.advice.is_empty() {
        document.fact("advice", clean(&witness.advice));
    }
    document.gap();
    // Not wrapped, so that the command can be copied.
    document.lines(command.line(&witness.token));
}

/// The picture with every text on one line: a statement of a service may have line breaks.
pub fn picture(found: &Interleaving) -> Interleaving {
    let steps = found.steps.iter().map(|step| Step {
        actor: step.actor,
        name: clean(&step.name),
        saw: step.saw.as_deref().map(clean),
        told: step.told.as_deref().map(clean),
        mark: step.mark,
    });
    Interleaving {
        title: clean(&found.title),
        actors: found.actors.clone(),
        steps: steps.collect(),
        ledger: clean(&found.ledger),
        why: clean(&found.why),
        token: found.token.clone(),
    }
}

fn facts(result: &HuntResult) -> Vec<(&'static str, String)> {
    let mut facts = vec![("service", clean(&result.target)), ("gates", gates(result))];
    if !result.background.is_empty() {
        facts.push(("background", background(result)));
    }
    facts.push(("searched", searched(result)));
    facts
}

/// `postgres 127.0.0.1:5432 · redis 127.0.0.1:6379`
fn gates(result: &HuntResult) -> String {
    let gates = result.gates.iter();
    let gates = gates.map(|(kind, address)| format!("{kind} {}", clean(address)));
    gates.collect::<Vec<_>>().join(" · ")
}

/// `SELECT 1 (12 times), PING (once), and 2 more: forwarded at once`
fn background(result: &HuntResult) -> String {
    let shown = result.background.iter().take(BACKGROUND);
    let shown = shown.map(|(statement, times)| {
        let times = match times {
            1 => "once".to_owned(),
            several => format!("{} times", count(*several)),
        };
        format!("{} ({times})", shorten(&clean(statement), STATEMENT))
    });
    let mut parts: Vec<_> = shown.collect();
    let more = result.background.len().saturating_sub(BACKGROUND);
    if more > 0 {
        parts.push(format!("and {} more", count(more as u64)));
    }
    format!("{}: forwarded at once", parts.join(", "))
}

/// `43 schedules in 1.87 s, 23.0/s`
fn searched(result: &HuntResult) -> String {
    let schedules = plural(result.schedules(), "schedule");
    let took = duration(nanoseconds(result.took));
    let speed =
        schedules_per_second(result).map_or_else(String::new, |it| format!(", {}", rate(it)));
    format!("{schedules} in {took}{speed}")
}

/// `None` if no schedule was played.
fn schedules_per_second(result: &HuntResult) -> Option<f64> {
    let seconds = result.took.as_secs_f64();
    let schedules = result.schedules();
    (schedules > 0 && seconds > 0.0).then(|| schedules as f64 / seconds)
}

fn nanoseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A row for each case.
fn cases(result: &HuntResult) -> Table {
    let table = Table::new([
        Column::words("case"),
        Column::figures("schedules"),
        Column::figures("time"),
        Column::words("result"),
    ]);
    table.with(result.cases.iter().map(row))
}

fn row(case: &CaseResult) -> [Cell; 4] {
    let (tone, outcome) = words::outcome(case);
    let time = if case.schedules == 0 {
        crate::text::format::NOTHING.to_owned()
    } else {
        duration(nanoseconds(case.took))
    };
    [
        case.case.to_string().into(),
        count(case.schedules).into(),
        time.into(),
        Cell::Signed(tone, outcome),
    ]
}

#[cfg(test)]
mod tests;
