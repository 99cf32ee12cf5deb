//! How long answers took, by what users were told: 9,900 fast refusals must not hide the 100 that issue.

use super::{
    Tone,
    layout::{Grid, Page},
};
use crate::{
    model::report::{ByOutcome, Distribution, Run},
    text::format::{count, optional_duration},
};

const HEAD: [&str; 8] = ["count", "min", "p50", "p90", "p95", "p99", "p99.9", "max"];

pub(super) fn write(page: &mut Page, run: &Run) {
    let response = outcomes(&run.latency.response);
    let service = outcomes(&run.latency.service);
    if response.is_empty() && service.is_empty() {
        return;
    }
    // What cannot be told apart in print is shown once.
    let same = response == service;
    let style = page.style;
    let mut rows = vec![head("response time")];
    rows.extend(response);
    if !same {
        rows.push(section("service time"));
        rows.extend(service);
    }
    if let Some(decision) = &run.latency.decision {
        rows.push(section("time to decision"));
        rows.push(row("all", decision));
    }
    if run.time_to_durable.count > 0 {
        rows.push(section("time to durable"));
        rows.push(row("issued", &run.time_to_durable));
    }
    for row in &mut rows {
        if !row[0].starts_with(' ') {
            for cell in row {
                *cell = style.paint(Tone::Heading, &cell);
            }
        }
    }
    let grid = Grid {
        rows,
        left: vec![0],
        divider: None,
    };
    page.gap();
    page.block(&grid.draw(style));
    page.note(if same {
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

fn outcomes(latency: &ByOutcome) -> Vec<Vec<String>> {
    [("all", &latency.all)]
        .into_iter()
        .filter(|(_, all)| all.count > 0)
        .chain(by_name(latency))
        .map(|(name, distribution)| row(name, distribution))
        .collect()
}

fn head(name: &str) -> Vec<String> {
    [name].into_iter().chain(HEAD).map(str::to_owned).collect()
}

fn section(name: &str) -> Vec<String> {
    let mut row = vec![String::new(); HEAD.len() + 1];
    name.clone_into(&mut row[0]);
    row
}

fn row(name: &str, distribution: &Distribution) -> Vec<String> {
    let durations = [
        distribution.min_ns,
        distribution.p50_ns,
        distribution.p90_ns,
        distribution.p95_ns,
        distribution.p99_ns,
        distribution.p999_ns,
        distribution.max_ns,
    ];
    [format!("  {name}"), count(distribution.count)]
        .into_iter()
        .chain(durations.map(optional_duration))
        .collect()
}
