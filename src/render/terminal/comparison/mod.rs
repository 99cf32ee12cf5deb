//! Several runs in one table: what became of the coupons as ranges over the trials, speed as medians.
//!
//! A strategy that over-issued, lost a coupon or broke its promise stands under a heading of its own: how fast it did that
//! is no ranking. Strategies keep the order in which they were asked for.

mod bystander;

use super::{
    Style, Tone,
    judgement::write as write_judgement,
    layout::{Grid, Page},
    load, witness,
};
use crate::{
    model::report::{Range, Report, Spread},
    render::{
        columns::{self, Column, columns},
        judgement::tone,
        overall::overall,
        subject::{Group, Subject, subjects},
    },
    text::format::{NOTHING, clean, duration, plural, rate},
};

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
        load::warn(page, all.iter().copied());
    }
    for subject in &subjects {
        problems(page, subject, report.scenario.limit);
    }
    witness::write(page, page.style, &all);
    if all.iter().any(|run| !run.kept.is_empty()) {
        page.gap();
        load::kept(page, &all);
    }
    let all = overall(report);
    page.gap();
    let word = page.style.paint(all.tone, all.word);
    page.barred(all.tone, &format!("{word}: {}", all.sentence));
}

/// One table, or as many as it takes for the columns to fit. Less air is taken only if it saves a table.
fn tables(style: Style, subjects: &[Subject]) -> Vec<String> {
    let columns = columns(subjects);
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
                .is_none_or(|next| next.block != rest[taken - 1].block)
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
        .map(|column| paint_lines(style, Tone::Heading, column.head));
    let mut rows = vec![
        std::iter::once(String::new())
            .chain(head)
            .collect::<Vec<_>>(),
    ];
    for group in Group::ALL {
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
            let cells = columns.iter().map(|column| (column.cell)(subject));
            std::iter::once(format!("  {}", clean(subject.name)))
                .chain(cells)
                .collect()
        }));
    }
    let left = std::iter::once(0)
        .chain((1..=columns.len()).filter(|column| columns[column - 1].is_text()))
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
    for note in columns::notes(subjects) {
        page.note(note);
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
    if let Some((run, others)) = subject.worst() {
        page.gap();
        write_judgement(page, run, limit, Some(&subject.name_of(run)));
        if others > 0 {
            let others = plural(others, "other trial");
            page.barred(tone(run), &format!("and {others} like it"));
        }
    }
    if subject.runs.iter().any(|run| !run.failures.is_empty()) {
        page.gap();
        page.heading(&clean(subject.name));
        load::failures(page, subject.runs.iter().flat_map(|run| &run.failures));
    }
}
