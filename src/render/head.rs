//! The facts at the head of every output: strategies, workload and services.

use crate::{
    model::{
        report::{Backend, OpenLoop, Report, Run, Settings, TargetSettings},
        workload::{DbConnection, Spacing},
    },
    text::format::{clean, count, optional_duration, plural, rate},
};

/// A label and its text.
pub(super) type Fact = (&'static str, String);

/// The facts of a report, without its title.
pub(super) fn facts(report: &Report) -> Vec<Fact> {
    let settings = &report.scenario;
    let mut facts = match &settings.target {
        None => vec![strategies(settings)],
        Some(target) => service(report, target),
    };
    facts.extend(settings.refused.iter().map(|refused| {
        let text = format!("{}: {}", refused.strategy, refused.reason);
        ("not run", clean(&text))
    }));
    facts.push(("workload", workload(settings)));
    if settings.target.is_none() {
        facts.push(("db pool", database(settings)));
    }
    if report.runs.iter().any(|run| run.topic.is_some())
        && let Some(consumers) = consumers(settings)
    {
        facts.push(("consumers", consumers));
    }
    if let Some(per_second) = settings.bystander_rate_per_s {
        let orders = format!("orders at {} on the same database", rate(per_second));
        facts.push(("bystander", orders));
    }
    let backends = backends(&report.runs);
    if !backends.is_empty() {
        facts.push(("backends", backends));
    }
    facts
}

/// The facts about the machine and the program, for a document that is read on another machine.
pub(super) fn provenance(report: &Report) -> Vec<Fact> {
    let (tool, machine) = (&report.tool, &report.environment);
    let revision = tool.git_revision.as_deref();
    let revision = revision.map_or(String::new(), |revision| format!(" ({revision})"));
    let gib = machine.memory_bytes as f64 / f64::from(1 << 30);
    [
        (
            "made by",
            format!("{} {}{revision}", tool.name, tool.version),
        ),
        ("started at", machine.started_at.clone()),
        (
            "machine",
            format!(
                "{}, {}, {}, {gib:.1} GiB of memory",
                machine.os,
                machine.cpu,
                plural(machine.cores as u64, "processor")
            ),
        ),
    ]
    .map(|(label, text)| (label, clean(&text)))
    .to_vec()
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

/// The facts about a foreign service.
fn service(report: &Report, target: &TargetSettings) -> Vec<Fact> {
    let (_, name) = strategies(&report.scenario);
    let mut addresses: Vec<&str> = Vec::new();
    let loads = report.runs.iter().filter_map(|run| run.target.as_ref());
    for address in loads.flat_map(|load| &load.addresses) {
        if !addresses.contains(&address.as_str()) {
            addresses.push(address);
        }
    }
    let connections = plural(target.connections, "connection");
    let mut at = vec![
        clean(&target.address),
        clean(&target.http_version),
        connections,
    ];
    // An address that is a part of the URL is not repeated.
    if !addresses
        .iter()
        .all(|address| target.address.contains(address))
    {
        at.insert(1, clean(&addresses.join(", ")));
    }
    vec![
        (
            "target",
            format!(
                "{name} · {} · {}",
                clean(&target.claim),
                clean(&target.file)
            ),
        ),
        ("service", at.join(" · ")),
        ("ledger", clean(&target.ledger)),
    ]
}

fn workload(settings: &Settings) -> String {
    format!("{}, seed {}", shape(settings), settings.seed)
}

/// The workload without its seed.
pub(super) fn shape(settings: &Settings) -> String {
    let total = settings.users.saturating_mul(settings.attempts.into());
    let mut parts = vec![
        plural(settings.users, "user"),
        format!("limit {}", count(settings.limit)),
    ];
    if settings.attempts > 1 {
        parts.push(format!("{} attempts each", settings.attempts));
    }
    parts.push(match (settings.in_flight, settings.open_loop) {
        (Some(in_flight), _) => format!("closed loop, {} in flight", count(in_flight)),
        (None, Some(open)) => format!("open loop, {}", open_loop(open)),
        (None, None) => format!("burst of {}", plural(total, "attempt")),
    });
    if settings.instances > 1 {
        parts.push(format!("{} instances", settings.instances));
    }
    if !settings.warmup {
        parts.push("no warm-up".to_owned());
    }
    parts.join(", ")
}

fn open_loop(open: OpenLoop) -> String {
    let over = |time: Option<u64>| optional_duration(time);
    let mut text = match (open.ramp_ns, open.spike_ns, open.rate_per_s) {
        (Some(_), _, None) => format!("rising for {}", over(open.ramp_ns)),
        (Some(_), _, Some(to)) => format!("rising to {} in {}", rate(to), over(open.ramp_ns)),
        (None, Some(_), _) => format!("a spike within {}", over(open.spike_ns)),
        (None, None, to) => to.map(rate).unwrap_or_default(),
    };
    if open.spacing == Spacing::Poisson {
        text.push_str(" (Poisson)");
    }
    text
}

/// The size of the connection pool and its use.
pub(super) fn database(settings: &Settings) -> String {
    let connection = match settings.db_connection {
        DbConnection::Statement => "one connection per statement",
        DbConnection::Request => "one connection held for a whole claim",
    };
    format!("{}, {connection}", settings.db_pool)
}

/// The consumers of the topic; `None` for one consumer that takes one record at a time.
pub(super) fn consumers(settings: &Settings) -> Option<String> {
    let mut parts = vec![count(settings.consumers.into())];
    if settings.consumer_batch > 1 {
        let records = count(settings.consumer_batch.into());
        parts.push(format!("up to {records} records at once"));
    }
    if let Some(per_second) = settings.consumer_rate_per_s {
        parts.push(format!("{} together", rate(per_second)));
    }
    (settings.consumers > 1 || parts.len() > 1).then(|| parts.join(", "))
}

/// Each backend of the runs once.
fn backends(runs: &[Run]) -> String {
    let mut names: Vec<String> = Vec::new();
    let of =
        |run: &Run| [&run.backends.db, &run.backends.redis, &run.backends.kafka].map(Clone::clone);
    // The database first, then Redis, then Kafka.
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

/// Kind and version of a backend.
pub(super) fn describe(backend: &Backend) -> String {
    let name = clean(&format!("{} {}", backend.kind, backend.version));
    if backend.embedded {
        format!("{name} (embedded)")
    } else {
        name
    }
}
