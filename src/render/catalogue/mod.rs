//! `coupon-bench strategies`: the registry.
//!
//! # Layout
//!
//! - `mod`: the table of all strategies, and its JSON
//! - `strategy`: one strategy for a terminal; `markdown`: all strategies for `docs/strategies.md`
//!
//! The text of a strategy is that of its own file, so that the text and the code cannot differ.

mod markdown;
mod strategy;

pub use markdown::render as markdown;
pub use strategy::render as strategy;

use serde::Serialize;

use super::{
    document::{Column, Document, Style, Table, Text, Tone},
    json::indented,
};
use crate::{
    input::address::DbKind,
    strategies::{Entry, Need, Promise},
};

/// A strategy as `strategies --json` shows it.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    promise: Promise,
    one_per_user: bool,
    needs: Vec<&'static str>,
    databases: Vec<String>,
    how: &'static str,
    known_failure: &'static str,
}

/// A row for each strategy; what breaks the strategy stands below how it works.
pub fn table(entries: &[Entry], style: Style) -> String {
    let table = Table::new([
        Column::words("strategy"),
        Column::words("promise"),
        Column::words("one per\nuser"),
        Column::words("needs"),
        Column::prose("how it works, and what is known to break it"),
    ]);
    let mut document = Document::new();
    document.table(table.with(entries.iter().map(|entry| {
        let breaks = Text::toned(Tone::Quiet, format!("✗ {}", entry.known_failure));
        [
            entry.name.into(),
            entry.promise.to_string().into(),
            yes_or_no(entry.one_per_user).into(),
            needs_and_databases(entry).into(),
            Text::from(entry.how).then(breaks).into(),
        ]
    })));
    document.terminal(style)
}

fn yes_or_no(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// An array with an object for each strategy.
///
/// # Errors
///
/// If a value cannot be written as JSON.
pub fn json(entries: &[Entry]) -> Result<String, serde_json::Error> {
    let rows: Vec<Row> = entries
        .iter()
        .map(|entry| Row {
            name: entry.name,
            promise: entry.promise,
            one_per_user: entry.one_per_user,
            needs: needs(entry),
            databases: runs_on(entry).map(|db| db.to_string()).collect(),
            how: entry.how,
            known_failure: entry.known_failure,
        })
        .collect();
    indented(&rows)
}

/// The needed services, with the names in a report's `backends`.
fn needs(entry: &Entry) -> Vec<&'static str> {
    let mut names = vec!["db"];
    if entry.needs(Need::Redis) {
        names.push("redis");
    }
    if entry.needs(Need::Kafka) {
        names.push("kafka");
    }
    names
}

fn runs_on(entry: &Entry) -> impl Iterator<Item = DbKind> {
    DbKind::ALL
        .into_iter()
        .filter(|db| db.refusal(entry).is_none())
}

/// The services that the strategy needs, one in each line. The databases are named where it does not run on all of them.
fn needs_and_databases(entry: &Entry) -> String {
    let mut lines: Vec<_> = needs(entry).iter().map(ToString::to_string).collect();
    let databases: Vec<_> = runs_on(entry).map(|db| db.to_string()).collect();
    if databases.len() < DbKind::ALL.len() {
        lines.splice(..1, databases);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::strategies::REGISTRY;

    #[test]
    fn every_strategy_is_in_both_forms() {
        let text = table(REGISTRY, Style::PLAIN);
        let rows: Vec<serde_json::Value> = serde_json::from_str(&json(REGISTRY).unwrap()).unwrap();
        assert_eq!(rows.len(), REGISTRY.len());
        for (entry, row) in REGISTRY.iter().zip(rows) {
            assert!(text.contains(entry.name));
            assert_eq!(row["name"], entry.name);
            assert_eq!(row["promise"], entry.promise.to_string());
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [80, 100, 120] {
            let text = table(REGISTRY, Style { color: true, width });
            for line in text.lines() {
                assert!(textwrap::core::display_width(line) <= width, "{line}");
            }
        }
    }
}
