//! What users were told, beside what the ledger holds.

use crate::{
    model::report::{AttemptCounts, Basis, LedgerCounts, Run},
    render::document::{Cell, Column, Table, Text, Tone},
    text::format::{NOTHING, count, duration},
};

/// The attempts by outcome at the left, the coupons of the ledger at the right.
pub(super) fn table(run: &Run) -> Table {
    let mut table = Table::new([
        Column::words("told"),
        Column::figures("attempts"),
        Column::words("ledger"),
        Column::figures("coupons"),
        Column::words(""),
    ]);
    table.divider = Some(2);
    let (mut told, ledger) = (told(&run.attempts).into_iter(), ledger(run));
    let empty = || ["".into(), "".into()];
    for row in ledger {
        let told = told.next();
        // A strategy without a topic has nothing to drain.
        if told.is_some() || row.is_some() {
            let row = row.unwrap_or(["".into(), "".into(), "".into()]);
            table.row(told.unwrap_or_else(empty).into_iter().chain(row));
        }
    }
    table
}

fn told(attempts: &AttemptCounts) -> Vec<[Cell; 2]> {
    let row = |name: &str, number, tone| [name.into(), Cell::figure(number, tone)];
    let outcomes = [
        ("issued", attempts.issued, Tone::Plain),
        ("sold out", attempts.sold_out, Tone::Plain),
        ("duplicate", attempts.duplicate, Tone::Plain),
        ("accepted", attempts.accepted, Tone::Plain),
        ("failed", attempts.failed, Tone::Warn),
        ("indeterminate", attempts.indeterminate, Tone::Warn),
    ];
    let numbers = outcomes.iter().map(|(_, number, _)| *number);
    let sum = numbers.fold(0, u64::saturating_add);
    let total = if sum == attempts.total {
        row("total", sum, Tone::Plain)
    } else {
        let text = format!("{} of {}", count(sum), count(attempts.total));
        ["total".into(), Text::toned(Tone::Bad, text).into()]
    };
    // Few services accept a request whose outcome they decide later.
    let rows = outcomes
        .into_iter()
        .filter(|(name, number, _)| *name != "accepted" || *number > 0)
        .map(|(name, number, tone)| row(name, number, tone));
    rows.chain([total]).collect()
}

/// A row is `None` where there is nothing to show beside the attempts.
fn ledger(run: &Run) -> [Option<[Cell; 3]>; 8] {
    let ledger = &run.ledger;
    let meanings = meanings(ledger.basis, run.target.is_some());
    let row = |name: &str, number: Option<u64>, tone, meaning: &str| {
        let number = match number {
            Some(number) => Cell::figure(number, tone),
            None => Text::toned(Tone::Warn, NOTHING).into(),
        };
        let meaning = Text::toned(Tone::Quiet, meaning);
        Some([name.into(), number, meaning.into()])
    };
    // An open number is one that the ledger does not show yet.
    let open = |number: Option<u64>, meaning| match (number, ledger.issued) {
        (None, Some(_)) => "not known yet",
        _ => meaning,
    };
    let LedgerCounts {
        over_issued,
        under_issued,
        duplicate_users,
        lost,
        phantom,
        recovered,
        ..
    } = *ledger;
    let short = open(under_issued, "short of limit or demand");
    let is_unread = ledger.issued.is_none() && ledger.basis != Basis::Told;
    [
        if is_unread {
            let unread = Text::toned(Tone::Warn, "could not be read");
            Some([
                "issued".into(),
                Text::toned(Tone::Warn, NOTHING).into(),
                unread.into(),
            ])
        } else {
            row("issued", ledger.issued, Tone::Plain, meanings.issued)
        },
        row("over-issued", over_issued, Tone::Bad, meanings.over_issued),
        row("under-issued", under_issued, Tone::Warn, short),
        row(
            "duplicate users",
            duplicate_users,
            Tone::Warn,
            meanings.duplicate_users,
        ),
        row("lost", lost, Tone::Bad, open(lost, meanings.lost)),
        row("phantom", phantom, Tone::Warn, meanings.phantom),
        row("recovered", recovered, Tone::Warn, meanings.recovered),
        drain(run),
    ]
}

/// `None` where there is nothing to drain, or no way to find out.
fn drain(run: &Run) -> Option<[Cell; 3]> {
    let took = Cell::from(run.drain_ns.map(duration).unwrap_or_default());
    match run.ledger.drained? {
        true if run.topic.is_none() && run.target.is_none() => None,
        true => Some(["drained in".into(), took, "".into()]),
        false => Some([
            Text::toned(Tone::Warn, "not drained").into(),
            took,
            Text::toned(Tone::Warn, "rows may be missing").into(),
        ]),
    }
}

/// The explanation of each figure, which depends on the content of the ledger.
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
            issued: "as the ledger counts them, without users",
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
