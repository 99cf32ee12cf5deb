//! Response times by outcome: 9,900 fast refusals must not hide the 100 attempts that got a coupon.

use crate::{
    model::report::{ByOutcome, Distribution, Run},
    render::document::{Cell, Document, Table, Text, Tone},
    text::format::{count, optional_duration},
};

pub(super) fn write(document: &mut Document, run: &Run) {
    let response = outcomes(&run.latency.response);
    let service = outcomes(&run.latency.service);
    if response.is_empty() && service.is_empty() {
        return;
    }
    // Two sets that are equal in print are shown once.
    let same = response == service;
    let mut table = Table::of_figures([
        "response time",
        "count",
        "min",
        "p50",
        "p90",
        "p95",
        "p99",
        "p99.9",
        "max",
    ])
    .with(response);
    let mut section = |title: &str, rows: Vec<[Cell; 9]>| {
        table.section(Text::toned(Tone::Heading, title));
        for cells in rows {
            table.row(cells);
        }
    };
    if !same {
        section("service time", service);
    }
    if let Some(decision) = &run.latency.decision {
        section("time to decision", vec![row("all", decision)]);
    }
    if run.time_to_durable.count > 0 {
        let row = row("issued", &run.time_to_durable);
        section("time to durable", vec![row]);
    }
    document.gap();
    document.table(table);
    document.note(if same {
        "response time runs from the intended start; service time, from the actual one, is the same"
    } else {
        "response time runs from the intended start, service time from the actual one"
    });
}

/// Each outcome that has a sample, with its name.
pub(super) fn by_name(latency: &ByOutcome) -> impl Iterator<Item = (&'static str, &Distribution)> {
    [
        ("issued", &latency.issued),
        ("accepted", &latency.accepted),
        ("sold out", &latency.sold_out),
        ("duplicate", &latency.duplicate),
        ("failed", &latency.failed),
    ]
    .into_iter()
    .filter(|(_, distribution)| distribution.count > 0)
}

fn outcomes(latency: &ByOutcome) -> Vec<[Cell; 9]> {
    [("all", &latency.all)]
        .into_iter()
        .filter(|(_, all)| all.count > 0)
        .chain(by_name(latency))
        .map(|(name, distribution)| row(name, distribution))
        .collect()
}

fn row(name: &str, distribution: &Distribution) -> [Cell; 9] {
    let time = |ns| optional_duration(ns).into();
    [
        Cell::name(name),
        count(distribution.count).into(),
        time(distribution.min_ns),
        time(distribution.p50_ns),
        time(distribution.p90_ns),
        time(distribution.p95_ns),
        time(distribution.p99_ns),
        time(distribution.p999_ns),
        time(distribution.max_ns),
    ]
}
