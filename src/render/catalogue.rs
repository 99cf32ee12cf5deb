//! `coupon-bench strategies`: the registry for people, and for programs.

use serde::Serialize;

use super::terminal::{
    Style, Tone,
    layout::{Grid, Page},
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

/// A table as wide as the terminal; what breaks a strategy stands below how it works.
pub fn table(entries: &[Entry], style: Style) -> String {
    let mut page = Page::new(style.readable());
    let style = page.style;
    let head = ["strategy", "promise", "one per\nuser", "needs"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(entries.iter().map(|entry| {
        vec![
            entry.name.to_owned(),
            entry.promise.to_string(),
            if entry.one_per_user { "yes" } else { "no" }.to_owned(),
            needs_and_databases(entry),
        ]
    }));
    let room = prose_width(style, &rows);
    rows[0].push(wrap("how it works, and what is known to break it", room, "").join("\n"));
    for (row, entry) in rows.iter_mut().skip(1).zip(entries) {
        let breaks = format!("✗ {}", entry.known_failure);
        let lines = wrap(entry.how, room, "").into_iter().chain(
            wrap(&breaks, room, "  ")
                .into_iter()
                .map(|line| style.paint(Tone::Quiet, line)),
        );
        row.push(lines.collect::<Vec<_>>().join("\n"));
    }
    for cell in &mut rows[0] {
        let lines: Vec<_> = cell
            .lines()
            .map(|line| style.paint(Tone::Heading, line))
            .collect();
        *cell = lines.join("\n");
    }
    let grid = Grid {
        rows,
        left: vec![0, 1, 2, 3, 4],
        divider: None,
    };
    page.block(&grid.draw(style));
    page.finish()
}

/// An array of objects.
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
    let mut text = serde_json::to_string_pretty(&rows)?;
    text.push('\n');
    Ok(text)
}

/// By the names that a report's `backends` use.
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

/// One a line; the databases only where it is not all of them.
fn needs_and_databases(entry: &Entry) -> String {
    let mut lines: Vec<_> = needs(entry).iter().map(ToString::to_string).collect();
    let databases: Vec<_> = runs_on(entry).map(|db| db.to_string()).collect();
    if databases.len() < DbKind::ALL.len() {
        lines.splice(..1, databases);
    }
    lines.join("\n")
}

/// What the other columns leave, two columns of air after each.
fn prose_width(style: Style, rows: &[Vec<String>]) -> usize {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter()
            .flat_map(|row| row[column].lines())
            .map(textwrap::core::display_width)
            .max()
            .unwrap_or(0)
    };
    let others: usize = (0..columns).map(|column| width(column) + 2).sum();
    style.width.saturating_sub(others).max(20)
}

fn wrap(text: &str, width: usize, rest: &str) -> Vec<String> {
    let options = textwrap::Options::new(width)
        .subsequent_indent(rest)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options)
        .into_iter()
        .map(std::borrow::Cow::into_owned)
        .collect()
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
