//! `coupon-bench ceiling`: the throughput of the services without a strategy, as a table and as JSON.

use super::{
    document::{Cell, Column, Document, Style, Table, Text, Tone},
    json::indented,
    run::INTERRUPTED,
};
use crate::{
    model::{
        ceiling::{Ceiling, OperationResult},
        report::Backend,
    },
    text::format::{clean, count, optional_duration, plural, rate, shorten},
};

/// The number of characters that are shown of a message. The JSON has the whole message.
const MESSAGE_LENGTH: usize = 240;

/// The figures as JSON.
///
/// # Errors
///
/// If a value cannot be written as JSON.
pub fn json(ceiling: &Ceiling) -> Result<String, serde_json::Error> {
    indented(ceiling)
}

/// A row for each operation, and below the table the settings of the measurement.
pub fn table(ceiling: &Ceiling, style: Style) -> String {
    let mut document = Document::new();
    let as_asked = as_asked(ceiling);
    let operations = (!as_asked).then(|| Column::figures("operations"));
    let columns = [Column::words("operation"), Column::words("on")]
        .into_iter()
        .chain(operations)
        .chain(["per second", "p50", "p99", "max", "errors"].map(Column::figures));
    let rows = ceiling.ceilings.iter().map(|one| row(one, as_asked));
    document.table(Table::new(columns).with(rows));
    document.note(shape(ceiling));
    if ceiling.ceilings.iter().any(|one| one.backend.embedded) {
        document.note("Figures of embedded services are about this program, not about Redis, Kafka or your database.");
    }
    troubles(&mut document, ceiling);
    document.terminal(style)
}

/// Whether every operation was done as often as requested. Then one number replaces a column.
fn as_asked(ceiling: &Ceiling) -> bool {
    let asked = ceiling.settings.operations;
    ceiling.ceilings.iter().all(|one| one.operations == asked)
}

fn row(one: &OperationResult, as_asked: bool) -> Vec<Cell> {
    let latency = &one.latency;
    let tone = if one.is_flawed() {
        Tone::Bad
    } else {
        Tone::Plain
    };
    let mut cells = vec![one.how.as_str().into(), described(&one.backend).into()];
    if !as_asked {
        cells.push(count(one.operations).into());
    }
    cells.extend([
        rate(one.throughput_per_s).into(),
        optional_duration(latency.p50_ns).into(),
        optional_duration(latency.p99_ns).into(),
        optional_duration(latency.max_ns).into(),
        Text::toned(tone, count(one.errors)).into(),
    ]);
    cells
}

fn described(backend: &Backend) -> String {
    let name = clean(&format!("{} {}", backend.kind, backend.version));
    if backend.embedded {
        // On its own line, so that the table fits a terminal.
        format!("{name}\n(embedded)")
    } else {
        name
    }
}

/// The settings of the load, for the measured services.
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

/// The errors of all operations.
fn troubles(document: &mut Document, ceiling: &Ceiling) {
    let mut first = true;
    for one in &ceiling.ceilings {
        let given_up = one.given_up.then(|| {
            format!(
                "{}: no operation was completed any more, so the load was stopped",
                one.how
            )
        });
        let failures = one.failures.iter().map(|failure| {
            let message = shorten(&clean(&failure.message), MESSAGE_LENGTH);
            format!("{} × {message}", count(failure.count))
        });
        for text in given_up.into_iter().chain(failures) {
            let label = if std::mem::take(&mut first) {
                document.gap();
                "failures"
            } else {
                ""
            };
            document.fact(label, text);
        }
    }
    if ceiling.interrupted {
        document.gap();
        document.bar(Tone::Warn, INTERRUPTED);
    }
}
