//! The head of the page: what was run, and on what.

use super::layout::Page;
use crate::{
    report::{
        Backend, Report, Run, Settings,
        format::{clean, count, plural},
    },
    scenario::DbConnection,
};

pub(super) fn write(page: &mut Page, report: &Report) {
    let settings = &report.scenario;
    if let Some(title) = &settings.title {
        page.heading(&clean(title));
        page.gap();
    }
    let (label, names) = strategies(settings);
    page.labelled(label, &names);
    for refused in &settings.refused {
        page.labelled(
            "not run",
            &clean(&format!("{}: {}", refused.strategy, refused.reason)),
        );
    }
    page.labelled("workload", &workload(settings));
    let database = database(settings);
    page.labelled("db pool", &database);
    let backends = backends(&report.runs);
    if !backends.is_empty() {
        page.labelled("backends", &backends);
    }
}

fn strategies(settings: &Settings) -> (&'static str, String) {
    let names: Vec<_> = settings.strategies.iter().map(|name| clean(name)).collect();
    let mut text = names.join(", ");
    if settings.trials > 1 {
        let interleaved = if names.len() > 1 { ", interleaved" } else { "" };
        text = format!("{text} · {} trials each{interleaved}", settings.trials);
    }
    if names.len() == 1 {
        ("strategy", text.replace(" trials each", " trials"))
    } else {
        ("strategies", text)
    }
}

fn workload(settings: &Settings) -> String {
    let total = settings.users.saturating_mul(settings.attempts.into());
    let mut parts = vec![
        plural(settings.users, "user"),
        format!("limit {}", count(settings.limit)),
    ];
    if settings.attempts > 1 {
        parts.push(format!("{} attempts each", settings.attempts));
    }
    parts.push(match settings.in_flight {
        Some(in_flight) => format!("closed loop, {} in flight", count(in_flight)),
        None => format!("burst of {}", plural(total, "attempt")),
    });
    if settings.instances > 1 {
        parts.push(format!("{} instances", settings.instances));
    }
    if !settings.warmup {
        parts.push("no warm-up".to_owned());
    }
    parts.push(format!("seed {}", settings.seed));
    parts.join(", ")
}

fn database(settings: &Settings) -> String {
    let connection = match settings.db_connection {
        DbConnection::Statement => "one connection per statement",
        DbConnection::Request => "one connection held for a whole claim",
    };
    format!("{}, {connection}", settings.db_pool)
}

/// Every service that any run used, once.
fn backends(runs: &[Run]) -> String {
    let mut names: Vec<String> = Vec::new();
    let of =
        |run: &Run| [&run.backends.db, &run.backends.redis, &run.backends.kafka].map(Clone::clone);
    // By kind first: the database, then Redis, then Kafka, whichever run used it.
    for kind in 0..3 {
        for run in runs {
            if let Some(Some(backend)) = of(run).get(kind) {
                let name = describe(backend);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
    names.join(" · ")
}

fn describe(backend: &Backend) -> String {
    let name = clean(&format!("{} {}", backend.kind, backend.version));
    if backend.embedded {
        format!("{name} (embedded)")
    } else {
        name
    }
}
