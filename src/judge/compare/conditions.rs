//! Whether runs may be compared: they need the same workload, the same services and the same kind of machine.
//!
//! Titles, seeds, strategies and the number of trials may differ. Every other setting must be the same, including settings that are
//! added later. The settings of Redis and Kafka count only between reports that used these services.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::NamedReport;
use crate::model::report::{Backend, Backends, Report, Run};

/// Settings that do not affect the measurement. The services are compared by kind, version and host, not by their URLs.
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

/// Settings of a target that do not affect the measurement: its address and the path of its file.
const PLACES: [&str; 2] = ["target.file", "target.address"];

/// A condition that differs between reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The name of a setting as in the report, or `redis`, `cpu` ….
    pub key: String,
    /// Its value in each report.
    pub values: Vec<ConditionValue>,
}

/// The value of a condition in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConditionValue {
    /// The report's name.
    pub report: String,
    /// The value as text.
    pub value: String,
}

/// The conditions that differ between the reports.
pub fn differences(all: &[&NamedReport]) -> Vec<Difference> {
    // The order of the conditions: settings, services, machine.
    let mut keys: Vec<String> = Vec::new();
    let mut found: BTreeMap<String, Vec<ConditionValue>> = BTreeMap::new();
    for named in all {
        for (key, value) in conditions(&named.report) {
            if !keys.contains(&key) {
                keys.push(key.clone());
            }
            let report = named.name.clone();
            found
                .entry(key)
                .or_default()
                .push(ConditionValue { report, value });
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

/// Every service that a run used, without repetition, databases first.
pub(super) fn backends(all: &[&NamedReport]) -> Vec<Backend> {
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

/// The conditions of a report: names and values.
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

/// The role of a service.
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

    /// Whether a setting is one of this role.
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

    /// The services that the runs used, with their hosts.
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

/// The hosts of a service. Ports, users and names of databases are left out, because they may differ between two runs.
fn place(target: &str) -> String {
    if target.starts_with("sqlite:") {
        return " in a file of its own".to_owned();
    }
    let mut hosts: Vec<String> = match Url::parse(target) {
        Ok(url) if target.contains("://") => url.host_str().map(host).into_iter().collect(),
        // A list of brokers; `embedded` and `sqlite` have no port.
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
    fn the_place_of_a_service_is_its_host() {
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
