//! Response times of the bystander, the other traffic on the same database: of one run by phase, of several as medians.

use super::load;
use crate::{
    model::report::{Bystander, BystanderPhase, Distribution, Run},
    render::{
        document::{Cell, Document, Table, Tone},
        strategy_runs::StrategyRuns,
    },
    statistics::median,
    text::format::{clean, count, optional_duration, rate},
};

/// Before, during and after the load of one run.
pub(super) fn write(document: &mut Document, run: &Run) {
    let Some(bystander) = &run.database.bystander else {
        return;
    };
    let table = Table::of_figures([
        "bystander",
        "orders",
        "failed",
        "rate",
        "p50",
        "p99",
        "max",
        "late p99",
    ]);
    let phases = [
        ("before", &bystander.before),
        ("during", &bystander.during),
        ("after", &bystander.after),
    ];
    document.gap();
    document.table(table.with(phases.map(|(name, phase)| row(name, phase))));
    document.note(
        "orders of the bystander on the same database; response time from the intended start",
    );
    load::failures(document, &bystander.failures);
}

fn row(name: &str, phase: &BystanderPhase) -> [Cell; 8] {
    let (response, late) = (&phase.response, &phase.schedule_lag);
    [
        Cell::name(name),
        count(phase.orders).into(),
        Cell::figure(failed(phase), Tone::Bad),
        rate(phase.rate_per_s).into(),
        optional_duration(response.p50_ns).into(),
        optional_duration(response.p99_ns).into(),
        optional_duration(response.max_ns).into(),
        optional_duration(late.p99_ns.or(late.max_ns)).into(),
    ]
}

/// Orders without a result.
fn failed(phase: &BystanderPhase) -> u64 {
    phase.failed.saturating_add(phase.unanswered)
}

/// Medians over the trials of each strategy.
pub(super) fn compare(document: &mut Document, subjects: &[StrategyRuns]) {
    let rows: Vec<_> = subjects.iter().filter_map(medians).collect();
    if rows.is_empty() {
        return;
    }
    let table = Table::of_figures([
        "bystander",
        "p50\nbefore",
        "p50\nduring",
        "p99\nbefore",
        "p99\nduring",
        "p99\nafter",
        "max\nduring",
        "orders\nfailed",
    ]);
    document.gap();
    document.table(table.with(rows));
    document.note("response times of the bystander's orders on the same database");
}

/// `None` where there was no bystander.
fn medians(subject: &StrategyRuns) -> Option<[Cell; 8]> {
    let all = subject.runs.iter();
    let all = all.filter_map(|run| run.database.bystander.as_ref());
    let all: Vec<&Bystander> = all.collect();
    if all.is_empty() {
        return None;
    }
    let middle = |phase: fn(&Bystander) -> &BystanderPhase,
                  figure: fn(&Distribution) -> Option<u64>| {
        let values = all.iter().filter_map(|one| figure(&phase(one).response));
        let mut values: Vec<_> = values.collect();
        values.sort_unstable();
        Cell::from(optional_duration(median(&values, u64::midpoint)))
    };
    let phases = all
        .iter()
        .flat_map(|one| [&one.before, &one.during, &one.after]);
    Some([
        Cell::name(clean(subject.name)),
        middle(|one| &one.before, |times| times.p50_ns),
        middle(|one| &one.during, |times| times.p50_ns),
        middle(|one| &one.before, |times| times.p99_ns),
        middle(|one| &one.during, |times| times.p99_ns),
        middle(|one| &one.after, |times| times.p99_ns),
        middle(|one| &one.during, |times| times.max_ns),
        Cell::figure(phases.map(failed).sum(), Tone::Bad),
    ])
}
