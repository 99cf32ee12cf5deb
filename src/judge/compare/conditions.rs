//! Whether runs may be compared: the same workload on the same services and the same kind of machine.
//!
//! Titles and seeds may differ, and so may the strategies and the number of trials. Every other setting counts, also one that
//! is added later; those of Redis and Kafka only between reports that used them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::Named;
use crate::model::report::{Backend, Backends, Report, Run};

/// Settings that say nothing about what was measured. The services are compared by what they are, not by their URLs.
const IRRELEVANT: [&str; 10] = [
    "title",
    "strategies",
    "refused",
    "trials",
    "seed",
    "keep",
    "max_undecided",
    "db",
    "redis",
    "kafka",
];

/// Of a target: what it is asked and how counts, not where it happens to listen or is described.
const PLACES: [&str; 2] = ["target.file", "target.address"];

/// Something that was not the same everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// A setting's name as in the report, or `redis`, `cpu` ….
    pub key: String,
    /// What it was where.
    pub values: Vec<Found>,
}

/// What something was in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The report's name.
    pub report: String,
    /// For people.
    pub value: String,
}

/// What was not the same in all of the reports.
pub fn differences(all: &[&Named]) -> Vec<Difference> {
    // In the order in which they are found: settings, services, machine.
    let mut keys: Vec<String> = Vec::new();
    let mut found: BTreeMap<String, Vec<Found>> = BTreeMap::new();
    for named in all {
        for (key, value) in conditions(&named.report) {
            if !keys.contains(&key) {
                keys.push(key.clone());
            }
            let report = named.name.clone();
            found.entry(key).or_default().push(Found { report, value });
        }
    }
    let difference = |key: String| {
        let values = found.remove(&key)?;
        let (first, others) = values.split_first()?;
        let same = others.iter().all(|other| other.value == first.value);
        (!same).then_some(Difference { key, values })
    };
    keys.into_iter().filter_map(difference).collect()
}

/// Every service that any run used, once: databases first.
pub(super) fn backends(all: &[&Named]) -> Vec<Backend> {
    let mut different: Vec<Backend> = Vec::new();
    for role in Role::ALL {
        for run in all.iter().flat_map(|named| &named.report.runs) {
            if let Some(backend) = role.of(&run.backends)
                && !different.contains(backend)
            {
                different.push(backend.clone());
            }
        }
    }
    different
}

/// What has to be the same, with names.
fn conditions(report: &Report) -> Vec<(String, String)> {
    let mut all = Vec::new();
    if let Ok(Value::Object(settings)) = serde_json::to_value(&report.scenario) {
        let relevant = settings.into_iter().filter(|(key, _)| {
            let unused = Role::ALL
                .iter()
                .any(|role| role.has(key) && role.used(report).is_empty());
            !unused && !IRRELEVANT.contains(&key.as_str())
        });
        relevant.for_each(|(key, value)| flatten(key, value, &mut all));
        all.retain(|(key, _)| !PLACES.contains(&key.as_str()));
    }
    for role in Role::ALL {
        let used = role.used(report);
        if !used.is_empty() {
            all.push((role.name().to_owned(), used.join(", ")));
        }
    }
    let machine = &report.environment;
    all.push(("os".to_owned(), machine.os.clone()));
    all.push(("cpu".to_owned(), machine.cpu.clone()));
    all.push(("cores".to_owned(), machine.cores.to_string()));
    all
}

fn flatten(key: String, value: Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Object(parts) => {
            for (part, value) in parts {
                flatten(format!("{key}.{part}"), value, into);
            }
        }
        Value::String(text) => into.push((key, text)),
        Value::Null => into.push((key, "none".to_owned())),
        other => into.push((key, other.to_string())),
    }
}

/// What a service is for.
#[derive(Clone, Copy)]
enum Role {
    Db,
    Redis,
    Kafka,
}

impl Role {
    const ALL: [Self; 3] = [Self::Db, Self::Redis, Self::Kafka];

    fn name(self) -> &'static str {
        match self {
            Self::Db => "db",
            Self::Redis => "redis",
            Self::Kafka => "kafka",
        }
    }

    /// Whether a setting is about it.
    fn has(self, setting: &str) -> bool {
        match self {
            Self::Db => setting.starts_with("db_"),
            Self::Redis => setting.starts_with("redis_"),
            Self::Kafka => setting.starts_with("kafka_") || setting.starts_with("consumer"),
        }
    }

    fn of(self, backends: &Backends) -> Option<&Backend> {
        match self {
            Self::Db => backends.db.as_ref(),
            Self::Redis => backends.redis.as_ref(),
            Self::Kafka => backends.kafka.as_ref(),
        }
    }

    fn target(self, report: &Report) -> &str {
        let settings = &report.scenario;
        match self {
            Self::Db => &settings.db,
            Self::Redis => &settings.redis,
            Self::Kafka => &settings.kafka,
        }
    }

    /// The services that any run used, and where they are.
    fn used(self, report: &Report) -> Vec<String> {
        let place = place(self.target(report));
        let describe = |run: &Run| {
            let backend = self.of(&run.backends)?;
            let how = if backend.embedded { " (embedded)" } else { "" };
            Some(format!("{} {}{how}{place}", backend.kind, backend.version))
        };
        let mut used: Vec<_> = report.runs.iter().filter_map(describe).collect();
        used.sort();
        used.dedup();
        used
    }
}

/// Where a service is, without what may differ between two runs on it: ports, users, names of databases.
fn place(target: &str) -> String {
    if target.starts_with("sqlite:") {
        return " in a file of its own".to_owned();
    }
    let mut hosts: Vec<String> = match Url::parse(target) {
        Ok(url) if target.contains("://") => url.host_str().map(host).into_iter().collect(),
        // A broker list; `embedded` and `sqlite` have no port.
        _ => target
            .split(',')
            .filter_map(|broker| broker.rsplit_once(':'))
            .map(|(name, _)| host(name))
            .collect(),
    };
    hosts.sort();
    hosts.dedup();
    if hosts.is_empty() {
        String::new()
    } else {
        format!(" on {}", hosts.join(", "))
    }
}

fn host(name: &str) -> String {
    match name {
        "127.0.0.1" | "[::1]" => "localhost".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_place_is_a_host_and_nothing_else() {
        for (target, expected) in [
            ("sqlite", ""),
            ("embedded", ""),
            ("sqlite:///srv/a.db", " in a file of its own"),
            ("postgres://u:***@db.example:5433/shop", " on db.example"),
            ("redis://127.0.0.1:16379", " on localhost"),
            ("redis://[::1]:16379/0", " on localhost"),
            ("localhost:9092,127.0.0.1:9093", " on localhost"),
            ("b:1,a:2", " on a, b"),
        ] {
            assert_eq!(place(target), expected, "{target}");
        }
    }
}
