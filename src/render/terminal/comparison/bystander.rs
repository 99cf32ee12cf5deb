//! What the database's other traffic felt of each strategy: medians over the trials.

use super::super::{
    Tone, bystander,
    layout::{Grid, Page},
};
use crate::{
    model::report::{Bystander, BystanderPhase, Distribution},
    render::subject::Subject,
    statistics::median,
    text::format::{clean, count, optional_duration},
};

type Figure = fn(&Distribution) -> Option<u64>;

pub(super) fn write(page: &mut Page, subjects: &[Subject]) {
    let felt: Vec<_> = subjects
        .iter()
        .filter_map(|subject| row(page, subject))
        .collect();
    if felt.is_empty() {
        return;
    }
    let head = [
        "bystander",
        "p50\nbefore",
        "p50\nduring",
        "p99\nbefore",
        "p99\nduring",
        "p99\nafter",
        "max\nduring",
        "orders\nfailed",
    ];
    let style = page.style;
    let head = head.map(|name| super::paint_lines(style, Tone::Heading, name));
    let grid = Grid {
        rows: std::iter::once(head.to_vec()).chain(felt).collect(),
        left: vec![0],
        divider: None,
    };
    page.gap();
    page.block(&grid.draw(style));
    page.note("response times of orders that somebody else makes on the same database");
}

/// `None` where there was no bystander.
fn row(page: &Page, subject: &Subject) -> Option<Vec<String>> {
    let felt: Vec<&Bystander> = subject
        .runs
        .iter()
        .filter_map(|run| run.database.bystander.as_ref())
        .collect();
    if felt.is_empty() {
        return None;
    }
    let middle = |phase: fn(&Bystander) -> &BystanderPhase, figure: Figure| {
        let values = felt.iter().filter_map(|felt| figure(&phase(felt).response));
        let mut values: Vec<_> = values.collect();
        values.sort_unstable();
        optional_duration(median(&values, u64::midpoint))
    };
    let failed = felt
        .iter()
        .flat_map(|felt| [&felt.before, &felt.during, &felt.after])
        .map(bystander::failed)
        .sum();
    let tone = if failed == 0 { Tone::Plain } else { Tone::Bad };
    Some(vec![
        format!("  {}", clean(subject.name)),
        middle(|felt| &felt.before, |d| d.p50_ns),
        middle(|felt| &felt.during, |d| d.p50_ns),
        middle(|felt| &felt.before, |d| d.p99_ns),
        middle(|felt| &felt.during, |d| d.p99_ns),
        middle(|felt| &felt.after, |d| d.p99_ns),
        middle(|felt| &felt.during, |d| d.max_ns),
        page.style.paint(tone, count(failed)),
    ])
}
