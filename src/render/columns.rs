//! What a table of strategies shows: the same columns, with the same figures, in every output that has one.

use super::subject::{Group, Subject, race};
use crate::text::format::NOTHING;

/// Blocks of columns that stay together if the width allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    /// What became of the coupons.
    Coupons,
    /// How often the strategy raced.
    Race,
    /// How fast it was.
    Speed,
}

/// Of a strategy.
type Cell = fn(&Subject) -> String;

/// One column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// May be broken at its line break.
    pub(super) head: &'static str,
    pub(super) block: Block,
    pub(super) cell: Cell,
}

const COLUMNS: [(&str, Block, Cell); 13] = [
    ("promise", Block::Coupons, |s| s.first.promise.to_string()),
    ("trials", Block::Coupons, |s| s.runs.len().to_string()),
    ("issued", Block::Coupons, |s| s.issued()),
    ("over-\nissued", Block::Coupons, |s| {
        s.wrong(|ledger| ledger.over_issued)
    }),
    ("lost", Block::Coupons, |s| s.wrong(|ledger| ledger.lost)),
    ("duplicate\nusers", Block::Coupons, |s| {
        s.wrong(|ledger| ledger.duplicate_users)
    }),
    ("verdict", Block::Coupons, |s| s.verdict()),
    (RACE, Block::Race, |s| {
        s.race.map_or(NOTHING.to_owned(), race)
    }),
    ("p50", Block::Speed, |s| {
        s.latency(|run| &run.latency.response.all, |d| d.p50_ns)
    }),
    ("p99", Block::Speed, |s| {
        s.latency(|run| &run.latency.response.all, |d| d.p99_ns)
    }),
    ("p99\nissued", Block::Speed, |s| {
        s.latency(|run| &run.latency.response.issued, |d| d.p99_ns)
    }),
    ("durable\np50", Block::Speed, |s| {
        s.latency(|run| &run.time_to_durable, |d| d.p50_ns)
    }),
    ("answers", Block::Speed, |s| s.throughput()),
];

const RACE: &str = "race";

/// Columns of text; the others are figures.
const TEXT: [&str; 3] = ["promise", "verdict", RACE];

/// Columns that say something only where there are several trials.
const OF_TRIALS: [&str; 2] = ["trials", RACE];

impl Column {
    /// Whether it is read and not compared.
    pub(super) fn is_text(self) -> bool {
        TEXT.contains(&self.head)
    }

    /// The head on one line.
    pub(super) fn title(self) -> String {
        self.head.replace("-\n", "-").replace('\n', " ")
    }
}

/// Those that say something of these strategies.
pub(super) fn columns(subjects: &[Subject]) -> Vec<Column> {
    let trials = subjects.iter().any(|subject| subject.runs.len() > 1);
    COLUMNS
        .into_iter()
        .map(|(head, block, cell)| Column { head, block, cell })
        .filter(|column| trials || !OF_TRIALS.contains(&column.head))
        .collect()
}

/// What has to be said under such a table.
pub(super) fn notes(subjects: &[Subject]) -> Vec<&'static str> {
    let trials = subjects.iter().any(|subject| subject.runs.len() > 1);
    let incorrect = subjects
        .iter()
        .any(|subject| subject.group() == Group::Incorrect);
    let notes = [
        (
            trials,
            "coupons: smallest to largest over the trials; response times and answers: medians",
        ),
        (
            trials,
            "race: trials that over-issued, and how probable that is, with 95 % confidence",
        ),
        (
            incorrect,
            "where coupons went wrong, how fast that was is no ranking",
        ),
    ];
    notes
        .into_iter()
        .filter_map(|(applies, note)| applies.then_some(note))
        .collect()
}
