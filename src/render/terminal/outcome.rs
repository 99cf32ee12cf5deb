//! What users were told, beside what the ledger holds.

use super::{
    Style, Tone,
    layout::{Grid, Page},
};
use crate::{
    model::report::{AttemptCounts, Basis, LedgerCounts, Run},
    text::format::{NOTHING, count, duration},
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

/// Of either side.
const ROWS: usize = 8;

fn told(style: Style, attempts: &AttemptCounts) -> Vec<[String; 2]> {
    let sum = [
        attempts.issued,
        attempts.sold_out,
        attempts.duplicate,
        attempts.failed,
        attempts.indeterminate,
        attempts.accepted,
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
    let accepted = (attempts.accepted > 0).then(|| row("accepted", attempts.accepted, Tone::Plain));
    let mut rows = vec![
        row("issued", attempts.issued, Tone::Plain),
        row("sold out", attempts.sold_out, Tone::Plain),
        row("duplicate", attempts.duplicate, Tone::Plain),
    ];
    rows.extend(accepted);
    rows.extend([
        row("failed", attempts.failed, Tone::Warn),
        row("indeterminate", attempts.indeterminate, Tone::Warn),
        total,
    ]);
    rows.resize(ROWS, [String::new(), String::new()]);
    rows
}

fn ledger(style: Style, run: &Run) -> [[String; 3]; ROWS] {
    let LedgerCounts {
        basis,
        issued,
        over_issued,
        under_issued,
        duplicate_users,
        lost,
        phantom,
        recovered,
        ..
    } = run.ledger;
    let meanings = meanings(basis, run.target.is_some());
    let row = |name: &str, number: Option<u64>, tone, meaning: &str| {
        let number = match number {
            Some(number) => figure(style, number, tone),
            None => style.paint(Tone::Warn, NOTHING),
        };
        let meaning = style.paint(Tone::Quiet, meaning);
        [name.to_owned(), number, meaning]
    };
    let rows = match (issued, basis) {
        (None, Basis::Users | Basis::Count) => [
            "issued".to_owned(),
            style.paint(Tone::Warn, NOTHING),
            style.paint(Tone::Warn, "could not be read"),
        ],
        (rows, _) => row("issued", rows, Tone::Plain, meanings.issued),
    };
    [
        rows,
        row("over-issued", over_issued, Tone::Bad, meanings.over_issued),
        row(
            "under-issued",
            under_issued,
            Tone::Warn,
            missing(&run.ledger, under_issued, "short of limit or demand"),
        ),
        row(
            "duplicate users",
            duplicate_users,
            Tone::Warn,
            meanings.duplicate_users,
        ),
        row(
            "lost",
            lost,
            Tone::Bad,
            missing(&run.ledger, lost, meanings.lost),
        ),
        row("phantom", phantom, Tone::Warn, meanings.phantom),
        row("recovered", recovered, Tone::Warn, meanings.recovered),
        drain(style, run),
    ]
}

/// What a number of missing coupons means, or why there is none.
fn missing(ledger: &LedgerCounts, number: Option<u64>, meaning: &'static str) -> &'static str {
    match (number, ledger.issued) {
        (None, Some(_)) => "not known yet",
        _ => meaning,
    }
}

/// Nothing, where there is nothing to drain or nobody to ask.
fn drain(style: Style, run: &Run) -> [String; 3] {
    let took = run.drain_ns.map(duration).unwrap_or_default();
    match run.ledger.drained {
        None => Default::default(),
        Some(true) if run.topic.is_none() && run.target.is_none() => Default::default(),
        Some(true) => ["drained in".to_owned(), took, String::new()],
        Some(false) => [
            style.paint(Tone::Warn, "not drained"),
            took,
            style.paint(Tone::Warn, "rows may be missing"),
        ],
    }
}

/// What the figures mean, which depends on what the ledger can tell.
struct Meanings {
    issued: &'static str,
    over_issued: &'static str,
    duplicate_users: &'static str,
    lost: &'static str,
    phantom: &'static str,
    recovered: &'static str,
}

fn meanings(basis: Basis, is_target: bool) -> Meanings {
    match basis {
        Basis::Users if is_target => Meanings {
            issued: "coupons in the ledger",
            over_issued: "beyond the limit",
            duplicate_users: "with more than one coupon",
            lost: "told yes, no coupon",
            phantom: "a coupon, not told yes",
            recovered: "no answer, but a coupon",
        },
        Basis::Users => Meanings {
            issued: "rows in the database",
            over_issued: "beyond the limit",
            duplicate_users: "with more than one row",
            lost: "told yes, no row",
            phantom: "a row, not told yes",
            recovered: "no answer, but a row",
        },
        Basis::Count => Meanings {
            issued: "as the ledger counts them, whoever has them",
            over_issued: "beyond the limit",
            duplicate_users: "told yes more than once",
            lost: "at least: more were told yes than there are",
            phantom: "at least: more than the answers explain",
            recovered: "at most: no answer, but a coupon",
        },
        Basis::Told => Meanings {
            issued: "unknown without a ledger",
            over_issued: "told yes beyond the limit",
            duplicate_users: "told yes more than once",
            lost: "unknown without a ledger",
            phantom: "unknown without a ledger",
            recovered: "unknown without a ledger",
        },
    }
}

/// In its tone if there is any.
fn figure(style: Style, number: u64, tone: Tone) -> String {
    let tone = if number == 0 { Tone::Plain } else { tone };
    style.paint(tone, count(number))
}
