//! What users were told, beside what the ledger holds.

use super::{
    Style, Tone,
    layout::{Grid, Page},
};
use crate::report::{
    AttemptCounts, LedgerCounts, Run,
    format::{NOTHING, count, duration},
};

pub(super) fn write(page: &mut Page, run: &Run) {
    let style = page.style;
    let mut rows = vec![
        ["told", "attempts", "ledger", "coupons", ""].map(|head| style.paint(Tone::Heading, head)),
    ];
    rows.extend(
        told(style, &run.attempts)
            .into_iter()
            .zip(ledger(style, run))
            .map(|([told, attempts], [ledger, coupons, meaning])| {
                [told, attempts, ledger, coupons, meaning]
            }),
    );
    // A strategy without a topic has nothing to drain.
    rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
    let grid = Grid {
        rows: rows.into_iter().map(Vec::from).collect(),
        left: vec![0, 2, 4],
        divider: Some(2),
    };
    page.gap();
    page.block(&grid.draw(style));
}

/// As many rows as [`ledger`].
fn told(style: Style, attempts: &AttemptCounts) -> [[String; 2]; 8] {
    let sum = [
        attempts.issued,
        attempts.sold_out,
        attempts.duplicate,
        attempts.failed,
        attempts.indeterminate,
    ]
    .iter()
    .fold(0, |sum: u64, outcome| sum.saturating_add(*outcome));
    let row = |name: &str, number, tone| [name.to_owned(), figure(style, number, tone)];
    let total = if sum == attempts.total {
        row("total", sum, Tone::Plain)
    } else {
        let text = format!("{} of {}", count(sum), count(attempts.total));
        ["total".to_owned(), style.paint(Tone::Bad, text)]
    };
    [
        row("issued", attempts.issued, Tone::Plain),
        row("sold out", attempts.sold_out, Tone::Plain),
        row("duplicate", attempts.duplicate, Tone::Plain),
        row("failed", attempts.failed, Tone::Warn),
        row("indeterminate", attempts.indeterminate, Tone::Warn),
        total,
        [String::new(), String::new()],
        [String::new(), String::new()],
    ]
}

fn ledger(style: Style, run: &Run) -> [[String; 3]; 8] {
    let LedgerCounts {
        issued,
        over_issued,
        under_issued,
        duplicate_users,
        lost,
        phantom,
        recovered,
        drained,
    } = run.ledger;
    let row = |name: &str, number, tone, meaning: &str| {
        [
            name.to_owned(),
            figure(style, number, tone),
            style.paint(Tone::Quiet, meaning),
        ]
    };
    let rows = match issued {
        Some(rows) => row("issued", rows, Tone::Plain, "rows in the database"),
        None => [
            "issued".to_owned(),
            style.paint(Tone::Warn, NOTHING),
            style.paint(Tone::Warn, "could not be read"),
        ],
    };
    let drain = match (drained, run.topic) {
        (true, None) => [String::new(), String::new(), String::new()],
        (true, Some(_)) => [
            "drained in".to_owned(),
            duration(run.drain_ns),
            String::new(),
        ],
        (false, _) => [
            style.paint(Tone::Warn, "not drained"),
            duration(run.drain_ns),
            style.paint(Tone::Warn, "rows may be missing"),
        ],
    };
    [
        rows,
        row("over-issued", over_issued, Tone::Bad, "beyond the limit"),
        row(
            "under-issued",
            under_issued,
            Tone::Warn,
            "short of limit or demand",
        ),
        row(
            "duplicate users",
            duplicate_users,
            Tone::Warn,
            "with more than one row",
        ),
        row("lost", lost, Tone::Bad, "told yes, no row"),
        row("phantom", phantom, Tone::Warn, "a row, not told yes"),
        row("recovered", recovered, Tone::Warn, "no answer, but a row"),
        drain,
    ]
}

/// In its tone if there is any.
fn figure(style: Style, number: u64, tone: Tone) -> String {
    let tone = if number == 0 { Tone::Plain } else { tone };
    style.paint(tone, count(number))
}
