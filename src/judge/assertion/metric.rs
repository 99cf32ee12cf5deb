//! What an assertion can be about: every name, its kind, and where a run keeps it.
//!
//! One table of whole names, `service.issued.p99` among them: reading a name is looking it up, and a mistyped one is
//! compared with all that exist. To add a metric, add its line.

use super::value::{Kind, Observation, Value};
use crate::model::report::{AttemptCounts, ByOutcome, Distribution, LedgerCounts, Offered, Run};

/// A name, and where a run keeps what it names.
#[derive(Debug, Clone)]
pub struct Metric {
    /// As in an expression.
    pub name: String,
    /// What it can be compared with.
    pub kind: Kind,
    source: Source,
}

type Read<From, To> = fn(&From) -> To;
type Times = fn(&Run) -> &Distribution;
type Count = Read<LedgerCounts, Option<u64>>;

/// Where a run keeps a metric.
#[derive(Debug, Clone, Copy)]
enum Source {
    Ledger {
        get: Count,
        /// Whether it only grows while work is under way, so that what was read is a lower bound.
        grows: bool,
    },
    Told(Read<AttemptCounts, u64>),
    /// Of the attempts, so meaningless where none was made.
    Load(Read<Run, Value>),
    Plain(Read<Run, Value>),
    /// Of the drain, so meaningless where it did not end.
    Drain(Read<Run, Option<u64>>),
    /// Of an open loop, so meaningless elsewhere.
    Offered(Read<Offered, f64>),
    Latency {
        of: Times,
        statistic: Read<Distribution, Option<u64>>,
        /// Whether samples are missing until the pipeline is empty.
        needs_drain: bool,
    },
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name // Names are unique, and functions cannot be compared.
    }
}

/// With whether it grows.
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

/// Those that can mean nothing else are known without `told.`, too.
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

const LOAD: [(&str, Kind, Read<Run, Value>); 5] = [
    ("throughput", Kind::Rate, |run| {
        Value::Rate(run.throughput_per_s)
    }),
    ("duration", Kind::Duration, |run| {
        Value::Duration(run.duration_ns)
    }),
    ("release_skew", Kind::Duration, |run| {
        Value::Duration(run.release_skew_ns)
    }),
    ("peak_in_flight", Kind::Count, |run| {
        Value::Count(run.peak_in_flight)
    }),
    ("inversions", Kind::Count, |run| {
        Value::Count(run.fairness.inversions)
    }),
];

const PLAIN: [(&str, Kind, Read<Run, Value>); 4] = [
    ("statements", Kind::Count, |run| {
        Value::Count(run.database.statements)
    }),
    ("retries", Kind::Count, |run| {
        Value::Count(run.database.retries)
    }),
    ("conflicts", Kind::Count, |run| {
        Value::Count(run.database.conflicts)
    }),
    ("verdict", Kind::Verdict, |run| Value::Verdict(run.verdict)),
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

/// What may stand before a statistic: response times where nothing else is said.
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
    /// Every metric there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let ledger = LEDGER
            .map(|(name, grows, get)| Self::new(name, Kind::Count, Source::Ledger { get, grows }));
        let told = TOLD.map(|(name, get)| Self::new(name, Kind::Count, Source::Told(get)));
        let load = LOAD.map(|(name, kind, get)| Self::new(name, kind, Source::Load(get)));
        let plain = PLAIN.map(|(name, kind, get)| Self::new(name, kind, Source::Plain(get)));
        let offered = Source::Offered(|offered| offered.achieved_per_s);
        let offered = Self::new("offered", Kind::Rate, offered);
        let drain = Self::new("drain", Kind::Duration, Source::Drain(|run| run.drain_ns));
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
                Self::new(&format!("{prefix}{name}"), Kind::Duration, source)
            })
        })
    }

    fn new(name: &str, kind: Kind, source: Source) -> Self {
        let name = name.to_owned();
        Self { name, kind, source }
    }

    /// What a run holds of it.
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
                // Of an unfinished drain, the slowest are the ones that are missing.
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

/// Of no attempts at all, none failed: true, and worth nothing.
fn attempted(run: &Run) -> bool {
    run.attempts.total > 0
}
