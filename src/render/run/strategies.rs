//! One row for each strategy: what became of the coupons as ranges over the trials, speed as medians.
//!
//! A strategy that over-issued, lost a coupon or broke its promise is in a group of its own, as its speed is not comparable.
//! Strategies keep the order in which they were requested.

use crate::{
    model::report::{Range, Spread},
    render::{
        document::{Cell, Column, Table, Text},
        strategy_runs::{Group, StrategyRuns, by_group, race},
    },
    text::format::{NOTHING, clean, duration, rate},
};

/// Blocks of columns, which stay in one table if the width allows it: the coupons, the races, the speed.
const COUPONS: u8 = 0;
const RACES: u8 = 1;
const SPEED: u8 = 2;

/// A figure of a strategy, as text.
type Figure = fn(&StrategyRuns) -> String;

const COLUMNS: [(&str, u8, Figure); 13] = [
    ("promise", COUPONS, |s| s.first.promise.to_string()),
    ("trials", COUPONS, |s| s.runs.len().to_string()),
    ("issued", COUPONS, |s| s.issued()),
    ("over-\nissued", COUPONS, |s| {
        s.wrong(|ledger| ledger.over_issued)
    }),
    ("lost", COUPONS, |s| s.wrong(|ledger| ledger.lost)),
    ("duplicate\nusers", COUPONS, |s| {
        s.wrong(|ledger| ledger.duplicate_users)
    }),
    ("verdict", COUPONS, |s| s.verdict()),
    (RACE, RACES, |s| s.race.map_or(NOTHING.to_owned(), race)),
    ("p50", SPEED, |s| {
        s.latency(|run| &run.latency.response.all, |d| d.p50_ns)
    }),
    ("p99", SPEED, |s| {
        s.latency(|run| &run.latency.response.all, |d| d.p99_ns)
    }),
    ("p99\nissued", SPEED, |s| {
        s.latency(|run| &run.latency.response.issued, |d| d.p99_ns)
    }),
    ("durable\np50", SPEED, |s| {
        s.latency(|run| &run.time_to_durable, |d| d.p50_ns)
    }),
    ("answers", SPEED, |s| s.throughput()),
];

const RACE: &str = "race";

/// Columns of text; the others are figures.
const WORDS: [&str; 3] = ["promise", "verdict", RACE];

/// Columns that are shown only where a strategy has several trials.
const OF_TRIALS: [&str; 2] = ["trials", RACE];

/// The table: on a terminal with a title for each group, elsewhere with a sign for each strategy.
pub(in crate::render) fn table(subjects: &[StrategyRuns]) -> Table {
    let trials = has_trials(subjects);
    let columns = COLUMNS
        .iter()
        .filter(|(head, ..)| trials || !OF_TRIALS.contains(head));
    let figures: Vec<Figure> = columns.clone().map(|(.., figure)| *figure).collect();
    let columns = columns.map(|(head, block, _)| Column {
        block: Some(*block),
        ..if WORDS.contains(head) {
            Column::words(*head)
        } else {
            Column::figures(*head)
        }
    });
    let name = Column::words("").elsewhere("strategy");
    let mut table = Table::new(std::iter::once(name).chain(columns));
    let mut group = None;
    for (its_group, subject) in by_group(subjects) {
        if group != Some(its_group) {
            if group.is_some() {
                table.section("");
            }
            group = Some(its_group);
            let title = its_group.to_string();
            table.section(Text::toned(its_group.tone(), title));
        }
        let name = Cell::Name(its_group.tone(), clean(subject.name));
        let cells = figures.iter().map(|figure| figure(subject).into());
        table.row(std::iter::once(name).chain(cells));
    }
    table
}

fn has_trials(subjects: &[StrategyRuns]) -> bool {
    subjects.iter().any(|subject| subject.runs.len() > 1)
}

/// What a reader of the table has to know.
pub(in crate::render) fn notes(subjects: &[StrategyRuns]) -> Vec<&'static str> {
    let trials = has_trials(subjects);
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
            "strategies with wrong coupons are not ranked by speed",
        ),
    ];
    notes
        .into_iter()
        .filter_map(|(applies, note)| applies.then_some(note))
        .collect()
}

/// The smallest and the largest value over the trials.
pub(super) fn spread(spreads: &[Spread]) -> Table {
    // The tails are left out first: they are in the JSON.
    let table = Table::new([
        Column::words("over the trials"),
        Column::figures("p50"),
        Column::figures("p99"),
        Column::figures("p99 issued").dispensable(1),
        Column::figures("durable p50").dispensable(0),
        Column::figures("answers"),
    ]);
    let times = |range: Option<Range<u64>>| Cell::from(ends(range, duration));
    table.with(spreads.iter().map(|spread| {
        [
            Cell::name(clean(&spread.strategy)),
            times(spread.p50_ns),
            times(spread.p99_ns),
            times(spread.issued_p99_ns),
            times(spread.durable_p50_ns),
            ends(spread.throughput_per_s, rate).into(),
        ]
    }))
}

fn ends<T: Copy>(range: Option<Range<T>>, format: fn(T) -> String) -> String {
    range.map_or(NOTHING.to_owned(), |range| {
        let (low, high) = (format(range.min), format(range.max));
        if low == high {
            low
        } else {
            format!("{low} – {high}")
        }
    })
}
