//! Several runs in one table: what became of the coupons as ranges over the trials, speed as medians.
//!
//! A strategy that over-issued, lost a coupon or broke its promise stands under a heading of its own: how fast it did that
//! is no ranking. Strategies keep the order in which they were asked for.

mod bystander;
mod subject;

use self::subject::{Group, Subject, race, subjects};
use super::{
    Style, Tone, judgement,
    layout::{Grid, Page},
    load,
};
use crate::{
    report::{
        Range, Report, Run, Spread,
        format::{NOTHING, clean, duration, plural, rate},
    },
    verdict::Verdict,
};

/// Blocks of columns that stay together if the width allows it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Coupons,
    Race,
    Speed,
}

/// Head, block, and cell of a strategy.
type Column = (&'static str, Block, fn(&Subject) -> String);

const COLUMNS: [Column; 13] = [
    ("promise", Block::Coupons, |s| s.first.promise.to_string()),
    ("trials", Block::Coupons, |s| s.runs.len().to_string()),
    ("issued", Block::Coupons, |s| s.issued()),
    ("over-\nissued", Block::Coupons, |s| {
        s.range(|run| run.ledger.over_issued)
    }),
    ("lost", Block::Coupons, |s| s.range(|run| run.ledger.lost)),
    ("duplicate\nusers", Block::Coupons, |s| {
        s.range(|run| run.ledger.duplicate_users)
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

pub(super) fn write(page: &mut Page, report: &Report) {
    let subjects = subjects(report);
    for table in tables(page.style, &subjects) {
        page.gap();
        page.block(&table);
    }
    notes(page, &subjects);
    spread(page, &report.spread);
    bystander::write(page, &subjects);
    let all: Vec<_> = report.runs.iter().collect();
    if all.iter().any(|run| !run.warnings.is_empty()) {
        page.gap();
        load::warnings(page, &all);
    }
    for subject in &subjects {
        problems(page, subject, report.scenario.limit);
    }
    if all.iter().any(|run| !run.kept.is_empty()) {
        page.gap();
        load::kept(page, &all);
    }
}

/// One table, or as many as it takes for the columns to fit. Less air is taken only if it saves a table.
fn tables(style: Style, subjects: &[Subject]) -> Vec<String> {
    let trials = subjects.iter().any(|subject| subject.runs.len() > 1);
    let columns: Vec<Column> = COLUMNS
        .into_iter()
        .filter(|(name, ..)| trials || !OF_TRIALS.contains(name))
        .collect();
    let airy = parts(style.width, 2, subjects, &columns);
    let tight = parts(style.width, 1, subjects, &columns);
    let parts = if tight.len() < airy.len() {
        tight
    } else {
        airy
    };
    parts
        .iter()
        .map(|part| grid(subjects, part, style).draw(style))
        .collect()
}

/// Divides the columns, between blocks where possible.
fn parts<'a>(
    width: usize,
    gap: usize,
    subjects: &[Subject],
    mut rest: &'a [Column],
) -> Vec<&'a [Column]> {
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let fits =
            |taken: &usize| grid(subjects, &rest[..*taken], Style::PLAIN).width(gap) <= width;
        let ends_block = |taken: &usize| {
            rest.get(*taken)
                .is_none_or(|next| next.1 != rest[taken - 1].1)
        };
        let lengths = || (1..=rest.len()).rev();
        let taken = lengths()
            .filter(ends_block)
            .find(fits)
            .or_else(|| lengths().find(fits))
            .unwrap_or(1);
        let (part, others) = rest.split_at(taken);
        parts.push(part);
        rest = others;
    }
    parts
}

fn grid(subjects: &[Subject], columns: &[Column], style: Style) -> Grid {
    let head = columns
        .iter()
        .map(|(name, ..)| paint_lines(style, Tone::Heading, name));
    let mut rows = vec![
        std::iter::once(String::new())
            .chain(head)
            .collect::<Vec<_>>(),
    ];
    for group in [Group::Correct, Group::Inconclusive, Group::Incorrect] {
        let members: Vec<_> = subjects
            .iter()
            .filter(|subject| subject.group() == group)
            .collect();
        if members.is_empty() {
            continue;
        }
        let mut heading = vec![String::new(); columns.len() + 1];
        heading[0] = style.paint(group.tone(), group.to_string());
        if rows.len() > 1 {
            rows.push(vec![String::new(); columns.len() + 1]);
        }
        rows.push(heading);
        rows.extend(members.iter().map(|subject| {
            let cells = columns.iter().map(|(_, _, cell)| cell(subject));
            std::iter::once(format!("  {}", clean(subject.name)))
                .chain(cells)
                .collect()
        }));
    }
    let left = std::iter::once(0)
        .chain((1..=columns.len()).filter(|column| TEXT.contains(&columns[column - 1].0)))
        .collect();
    Grid {
        rows,
        left,
        divider: None,
    }
}

/// Each line by itself: a table pads lines, and the padding should not be coloured.
fn paint_lines(style: Style, tone: Tone, text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| style.paint(tone, line)).collect();
    lines.join("\n")
}

fn notes(page: &mut Page, subjects: &[Subject]) {
    if subjects.iter().any(|subject| subject.runs.len() > 1) {
        page.note(
            "coupons: smallest to largest over the trials; response times and answers: medians",
        );
    }
    if subjects
        .iter()
        .any(|subject| subject.group() == Group::Incorrect)
    {
        page.note("what is incorrect is not ranked");
    }
}

/// How far the trials lie apart.
fn spread(page: &mut Page, spreads: &[Spread]) {
    if spreads.is_empty() {
        return;
    }
    let style = page.style;
    let head = [
        "over the trials",
        "p50",
        "p99",
        "p99 issued",
        "durable p50",
        "answers",
    ];
    let times = |range: Option<Range<u64>>| ends(range, duration);
    let row = |spread: &Spread| {
        vec![
            format!("  {}", clean(&spread.strategy)),
            times(spread.p50_ns),
            times(spread.p99_ns),
            times(spread.issued_p99_ns),
            times(spread.durable_p50_ns),
            ends(spread.throughput_per_s, rate),
        ]
    };
    let head = head.map(|name| style.paint(Tone::Heading, name)).to_vec();
    let mut grid = Grid {
        rows: std::iter::once(head)
            .chain(spreads.iter().map(row))
            .collect(),
        left: vec![0],
        divider: None,
    };
    // Where there is no room for all, the tails go first: they are in the JSON.
    for column in [4, 3] {
        if grid.width(1) > style.width {
            for row in &mut grid.rows {
                row.remove(column);
            }
        }
    }
    page.gap();
    page.block(&grid.draw(style));
}

/// The smallest and the largest.
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

/// The worst trial in words, and the errors of all.
fn problems(page: &mut Page, subject: &Subject, limit: u64) {
    let troubled: Vec<_> = subject
        .runs
        .iter()
        .copied()
        .filter(|run| judgement::tone(run) != Tone::Good)
        .collect();
    let worst = troubled.iter().copied().max_by_key(|run| {
        // Of equals the first: the maximum is the last of equals otherwise.
        (
            severity(run),
            run.ledger.over_issued,
            run.ledger.lost,
            std::cmp::Reverse(run.trial),
        )
    });
    if let Some(run) = worst {
        page.gap();
        let whose = if subject.runs.len() > 1 {
            format!("{}, trial {}", subject.name, run.trial + 1)
        } else {
            subject.name.to_owned()
        };
        judgement::write(page, run, limit, Some(&whose));
        if troubled.len() > 1 {
            let others = plural(troubled.len() as u64 - 1, "other trial");
            page.barred(judgement::tone(run), &format!("and {others} like it"));
        }
    }
    if subject.runs.iter().any(|run| !run.failures.is_empty()) {
        page.gap();
        page.heading(&clean(subject.name));
        load::failures(page, subject.runs.iter().flat_map(|run| &run.failures));
    }
}

fn severity(run: &Run) -> u8 {
    match run.verdict {
        Verdict::Violated => 3,
        Verdict::Holds if judgement::is_unpromised_failure(run) => 2,
        Verdict::Inconclusive => 1,
        Verdict::Holds => 0,
    }
}
