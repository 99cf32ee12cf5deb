//! What the database's other traffic felt before, during and after the load.

use super::{
    Tone,
    layout::{Grid, Page},
    load,
};
use crate::{
    model::report::{Bystander, BystanderPhase, Run},
    text::format::{count, optional_duration, rate},
};

const HEAD: [&str; 8] = [
    "bystander",
    "orders",
    "failed",
    "rate",
    "p50",
    "p99",
    "max",
    "late p99",
];

pub(super) fn write(page: &mut Page, run: &Run) {
    let Some(bystander) = &run.database.bystander else {
        return;
    };
    let style = page.style;
    let mut rows = vec![HEAD.map(|name| style.paint(Tone::Heading, name)).to_vec()];
    rows.extend(phases(bystander).map(|(name, phase)| row(page, name, phase)));
    let grid = Grid {
        rows,
        left: vec![0],
        divider: None,
    };
    page.gap();
    page.block(&grid.draw(style));
    page.note(
        "orders that somebody else makes on the same database; response time from the intended start",
    );
    load::failures(page, &bystander.failures);
}

fn phases(bystander: &Bystander) -> impl Iterator<Item = (&'static str, &BystanderPhase)> {
    let Bystander {
        before,
        during,
        after,
        ..
    } = bystander;
    [("before", before), ("during", during), ("after", after)].into_iter()
}

fn row(page: &Page, name: &str, phase: &BystanderPhase) -> Vec<String> {
    let failed = failed(phase);
    let tone = if failed == 0 { Tone::Plain } else { Tone::Bad };
    let response = &phase.response;
    let late = &phase.schedule_lag;
    vec![
        format!("  {name}"),
        count(phase.orders),
        page.style.paint(tone, count(failed)),
        rate(phase.rate_per_s),
        optional_duration(response.p50_ns),
        optional_duration(response.p99_ns),
        optional_duration(response.max_ns),
        optional_duration(late.p99_ns.or(late.max_ns)),
    ]
}

/// Orders that nobody got.
pub(super) fn failed(phase: &BystanderPhase) -> u64 {
    phase.failed.saturating_add(phase.unanswered)
}
