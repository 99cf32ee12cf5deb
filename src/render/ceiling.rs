//! `coupon-bench ceiling`: how fast the services are by themselves, for people, and for programs.

use super::terminal::{
    Style, Tone,
    layout::{Grid, Page},
};
use crate::{
    model::{
        ceiling::{Ceiling, Measured},
        report::Backend,
    },
    text::format::{clean, count, optional_duration, plural, rate, shorten},
};

/// Longer messages are cut: the JSON has them in full.
const MESSAGE_LENGTH: usize = 240;

const HEAD: [&str; 8] = [
    "operation",
    "on",
    "operations",
    "per second",
    "p50",
    "p99",
    "max",
    "errors",
];

/// Where in [`HEAD`] they stand.
const OPERATIONS: usize = 2;

/// Indented, with a newline at the end.
pub fn json(ceiling: &Ceiling) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(ceiling)?;
    text.push('\n');
    Ok(text)
}

/// A line an operation, and below them what they were measured with.
pub fn table(ceiling: &Ceiling, style: Style) -> String {
    let mut page = Page::new(style.readable());
    let style = page.style;
    let mut rows = vec![HEAD.map(|cell| style.paint(Tone::Heading, cell)).to_vec()];
    rows.extend(ceiling.ceilings.iter().map(|one| row(one, style)));
    if as_asked(ceiling) {
        for row in &mut rows {
            row.remove(OPERATIONS);
        }
    }
    let grid = Grid {
        rows,
        left: vec![0, 1],
        divider: None,
    };
    page.block(&grid.draw(style));
    page.note(&shape(ceiling));
    if ceiling.ceilings.iter().any(|one| one.backend.embedded) {
        page.note("Figures of embedded services are about this program, not about Redis, Kafka or your database.");
    }
    troubles(&mut page, ceiling);
    page.finish()
}

/// Whether every operation was done as often as asked: then the numbers need no column.
fn as_asked(ceiling: &Ceiling) -> bool {
    let asked = ceiling.settings.operations;
    ceiling.ceilings.iter().all(|one| one.operations == asked)
}

fn row(one: &Measured, style: Style) -> Vec<String> {
    let latency = &one.latency;
    let tone = if one.is_flawed() {
        Tone::Bad
    } else {
        Tone::Plain
    };
    vec![
        one.how.clone(),
        described(&one.backend),
        count(one.operations),
        rate(one.throughput_per_s),
        optional_duration(latency.p50_ns),
        optional_duration(latency.p99_ns),
        optional_duration(latency.max_ns),
        style.paint(tone, count(one.errors)),
    ]
}

fn described(backend: &Backend) -> String {
    let name = clean(&format!("{} {}", backend.kind, backend.version));
    if backend.embedded {
        // On a line of its own, so that the table is no wider than a terminal.
        format!("{name}\n(embedded)")
    } else {
        name
    }
}

/// How the load was put on the services that were measured.
fn shape(ceiling: &Ceiling) -> String {
    let settings = &ceiling.settings;
    let measured = |name: &str| ceiling.ceilings.iter().any(|one| one.operation == name);
    let mut parts = Vec::new();
    if as_asked(ceiling) {
        let each = if ceiling.ceilings.len() > 1 {
            " each"
        } else {
            ""
        };
        parts.push(plural(settings.operations, "operation") + each);
    }
    parts.push(format!("{} in flight", count(settings.in_flight)));
    if measured("incr") {
        let connections = u64::from(settings.redis_connections);
        parts.push(plural(connections, "connection") + " to Redis");
    }
    if measured("insert") {
        parts.push(plural(settings.db_pool.into(), "connection") + " to the database");
    }
    if let (true, Some(bytes)) = (measured("produce"), settings.payload) {
        parts.push(format!("values of {}", plural(bytes as u64, "byte")));
    }
    parts.join(" · ")
}

/// What went wrong, if anything did.
fn troubles(page: &mut Page, ceiling: &Ceiling) {
    let mut first = true;
    for one in &ceiling.ceilings {
        let given_up = one
            .given_up
            .then(|| format!("{}: nothing moved, so the load was given up", one.how));
        let failures = one.failures.iter().map(|failure| {
            let message = shorten(&clean(&failure.message), MESSAGE_LENGTH);
            format!("{} × {message}", count(failure.count))
        });
        for text in given_up.into_iter().chain(failures) {
            let label = if std::mem::take(&mut first) {
                page.gap();
                "failures"
            } else {
                ""
            };
            page.labelled(label, &text);
        }
    }
    if ceiling.interrupted {
        page.gap();
        page.barred(
            Tone::Warn,
            "interrupted: this covers only what had finished by then",
        );
    }
}
