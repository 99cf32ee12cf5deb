//! The metrics of assertions: name, kind, and the field of a run.
//!
//! The tables hold complete names, such as `service.issued.p99`. The parser looks a name up, and compares an unknown name with all
//! known ones for its suggestion. To add a metric, add its line to a table.

use super::value::{MetricKind, Observation, Value};
use crate::model::report::{AttemptCounts, ByOutcome, Distribution, LedgerCounts, Offered, Run};

/// A metric: its name, and the field of a run that holds it.
#[derive(Debug, Clone)]
pub struct Metric {
    /// The name in an expression.
    pub name: String,
    /// The kind of the values that the metric is compared with.
    pub kind: MetricKind,
    source: Source,
}

type Read<From, To> = fn(&From) -> To;
type Times = fn(&Run) -> &Distribution;
type Count = Read<LedgerCounts, Option<u64>>;

/// The field of a run that holds a metric.
#[derive(Debug, Clone, Copy)]
enum Source {
    Ledger {
        get: Count,
        /// Whether the number can only grow before the end of the drain, so that the number read is a lower bound.
        grows: bool,
    },
    Told(Read<AttemptCounts, u64>),
    /// A figure of the attempts; without attempts there is no observation.
    Load(Read<Run, Value>),
    Plain(Read<Run, Value>),
    /// A figure of the drain; without a complete drain there is no observation.
    Drain(Read<Run, Option<u64>>),
    /// A figure of an open loop; in other runs there is no observation.
    Offered(Read<Offered, f64>),
    Latency {
        of: Times,
        statistic: Read<Distribution, Option<u64>>,
        /// Whether samples are missing before the end of the drain.
        needs_drain: bool,
    },
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name // Names are unique, and functions cannot be compared.
    }
}

/// Name, whether the number grows before the end of the drain, and the field.
const LEDGER: [(&str, bool, Count); 8] = [
    ("issued", true, |ledger| ledger.issued),
    ("over_issued", true, |ledger| ledger.over_issued),
    ("under_issued", false, |ledger| ledger.under_issued),
    ("duplicate_users", true, |ledger| ledger.duplicate_users),
    ("duplicate_codes", true, |ledger| ledger.duplicate_codes),
    ("lost", false, |ledger| ledger.lost),
    ("phantom", true, |ledger| ledger.phantom),
    ("recovered", true, |ledger| ledger.recovered),
];

/// Names that have no other meaning exist without `told.`, too.
const TOLD: [(&str, Read<AttemptCounts, u64>); 14] = [
    ("told.total", |told| told.total),
    ("told.issued", |told| told.issued),
    ("told.sold_out", |told| told.sold_out),
    ("told.duplicate", |told| told.duplicate),
    ("told.failed", |told| told.failed),
    ("told.indeterminate", |told| told.indeterminate),
    ("told.accepted", |told| told.accepted),
    ("told.undecided", |told| told.undecided().attempts),
    ("sold_out", |told| told.sold_out),
    ("duplicate", |told| told.duplicate),
    ("failed", |told| told.failed),
    ("indeterminate", |told| told.indeterminate),
    ("accepted", |told| told.accepted),
    ("undecided", |told| told.undecided().attempts),
];

const LOAD: [(&str, MetricKind, Read<Run, Value>); 5] = [
    ("throughput", MetricKind::Rate, |run| {
        Value::Rate(run.throughput_per_s)
    }),
    ("duration", MetricKind::Duration, |run| {
        Value::Duration(run.duration_ns)
    }),
    ("release_skew", MetricKind::Duration, |run| {
        Value::Duration(run.release_skew_ns)
    }),
    ("peak_in_flight", MetricKind::Count, |run| {
        Value::Count(run.peak_in_flight)
    }),
    ("inversions", MetricKind::Count, |run| {
        Value::Count(run.fairness.inversions)
    }),
];

const PLAIN: [(&str, MetricKind, Read<Run, Value>); 4] = [
    ("statements", MetricKind::Count, |run| {
        Value::Count(run.database.statements)
    }),
    ("retries", MetricKind::Count, |run| {
        Value::Count(run.database.retries)
    }),
    ("conflicts", MetricKind::Count, |run| {
        Value::Count(run.database.conflicts)
    }),
    ("verdict", MetricKind::Verdict, |run| {
        Value::Verdict(run.verdict)
    }),
];

const STATISTICS: [(&str, Read<Distribution, Option<u64>>); 8] = [
    ("min", |times| times.min_ns),
    ("mean", |times| times.mean_ns),
    ("p50", |times| times.p50_ns),
    ("p90", |times| times.p90_ns),
    ("p95", |times| times.p95_ns),
    ("p99", |times| times.p99_ns),
    ("p999", |times| times.p999_ns),
    ("max", |times| times.max_ns),
];

/// Prefixes of a statistic. Without a prefix, the statistic is that of all response times.
const TIMES: [(&str, Times); 16] = [
    ("", |run| &response(run).all),
    ("all.", |run| &response(run).all),
    ("issued.", |run| &response(run).issued),
    ("sold_out.", |run| &response(run).sold_out),
    ("duplicate.", |run| &response(run).duplicate),
    ("failed.", |run| &response(run).failed),
    ("accepted.", |run| &response(run).accepted),
    ("service.", |run| &service(run).all),
    ("service.all.", |run| &service(run).all),
    ("service.issued.", |run| &service(run).issued),
    ("service.sold_out.", |run| &service(run).sold_out),
    ("service.duplicate.", |run| &service(run).duplicate),
    ("service.failed.", |run| &service(run).failed),
    ("service.accepted.", |run| &service(run).accepted),
    ("schedule_lag.", |run| &run.schedule_lag_ns),
    (TIME_TO_DURABLE, |run| &run.time_to_durable),
];

const TIME_TO_DURABLE: &str = "time_to_durable.";

fn response(run: &Run) -> &ByOutcome {
    &run.latency.response
}

fn service(run: &Run) -> &ByOutcome {
    &run.latency.service
}

impl Metric {
    /// All metrics.
    pub fn all() -> impl Iterator<Item = Self> {
        let ledger = LEDGER.map(|(name, grows, get)| {
            Self::new(name, MetricKind::Count, Source::Ledger { get, grows })
        });
        let told = TOLD.map(|(name, get)| Self::new(name, MetricKind::Count, Source::Told(get)));
        let load = LOAD.map(|(name, kind, get)| Self::new(name, kind, Source::Load(get)));
        let plain = PLAIN.map(|(name, kind, get)| Self::new(name, kind, Source::Plain(get)));
        let offered = Source::Offered(|offered| offered.achieved_per_s);
        let offered = Self::new("offered", MetricKind::Rate, offered);
        let drain = Self::new(
            "drain",
            MetricKind::Duration,
            Source::Drain(|run| run.drain_ns),
        );
        ledger
            .into_iter()
            .chain(told)
            .chain(load)
            .chain(plain)
            .chain([drain, offered])
            .chain(Self::latencies())
    }

    fn latencies() -> impl Iterator<Item = Self> {
        TIMES.into_iter().flat_map(|(prefix, of)| {
            STATISTICS.into_iter().map(move |(name, statistic)| {
                let source = Source::Latency {
                    of,
                    statistic,
                    needs_drain: prefix == TIME_TO_DURABLE,
                };
                Self::new(&format!("{prefix}{name}"), MetricKind::Duration, source)
            })
        })
    }

    fn new(name: &str, kind: MetricKind, source: Source) -> Self {
        let name = name.to_owned();
        Self { name, kind, source }
    }

    /// The observation of the metric in a run.
    pub fn read(&self, run: &Run) -> Observation {
        let value = match self.source {
            Source::Ledger { get, grows } => {
                let value = get(&run.ledger).map(Value::Count);
                return match value {
                    Some(value) if grows && run.ledger.may_grow() => Observation::AtLeast(value),
                    value => value.into(),
                };
            }
            Source::Told(get) => attempted(run).then(|| Value::Count(get(&run.attempts))),
            Source::Load(get) => attempted(run).then(|| get(run)),
            Source::Plain(get) => Some(get(run)),
            Source::Offered(get) => run
                .offered
                .as_ref()
                .map(|offered| Value::Rate(get(offered))),
            Source::Drain(get) => get(run).filter(|_| drained(run)).map(Value::Duration),
            Source::Latency {
                of,
                statistic,
                needs_drain,
            } => {
                // Before the end of the drain, the slowest samples are missing.
                let complete = !needs_drain || drained(run);
                statistic(of(run)).filter(|_| complete).map(Value::Duration)
            }
        };
        value.into()
    }
}

fn drained(run: &Run) -> bool {
    run.ledger.drained == Some(true)
}

/// Without attempts, "no attempt failed" is true and proves nothing.
fn attempted(run: &Run) -> bool {
    run.attempts.total > 0
}
