//! How hard a run was on everybody: the generator, the database, the topic, a bystander.

use serde::{Deserialize, Serialize};

use super::{Distribution, Failure};

/// Mean rates of an open loop, from its first to its last attempt.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    /// By the intended starts.
    pub requested_per_s: f64,
    /// By the actual ones.
    pub achieved_per_s: f64,
}

/// What a trace holds, in steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceCounts {
    /// That were made.
    pub seen: u64,
    /// That could have explained something, and for which there was no room.
    pub dropped: u64,
}

/// The services of a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Backends {
    /// Always there.
    pub db: Option<Backend>,
    /// Where the strategy needs it.
    pub redis: Option<Backend>,
    /// Where the strategy needs it.
    pub kafka: Option<Backend>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// `sqlite`, `postgres`, `mysql`, `mariadb`, `redis`, `kafka`.
    pub kind: String,
    /// As the service says it.
    pub version: String,
    /// Whether it ran inside this process.
    pub embedded: bool,
}

/// What a strategy did to the database.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DatabaseLoad {
    /// Statements sent during load and drain, commits and rollbacks included.
    pub statements: u64,
    /// The most port calls that were waiting for the database at once, those waiting for a connection included.
    pub peak_in_flight: u64,
    /// Statements that the database refused because of concurrent work.
    pub conflicts: u64,
    /// Back-offs before trying again.
    pub retries: u64,
    /// How long port calls waited for a connection of the pool.
    pub pool_wait: Distribution,
    /// How many rows became durable when.
    pub rows_over_time: RowsOverTime,
    /// What the database's other traffic felt; null without it.
    pub bystander: Option<Bystander>,
}

/// Rows by the time at which they became durable, from the release to the last one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsOverTime {
    /// The length of an interval.
    pub interval_ns: u64,
    /// Rows in each interval, at most 100; the first begins with the release.
    pub rows: Vec<u64>,
}

impl RowsOverTime {
    /// Rows a second in the fullest interval; `None` without rows.
    pub fn peak_per_s(&self) -> Option<f64> {
        let most = self.rows.iter().copied().max()?;
        Some(most as f64 * 1e9 / self.interval_ns.max(1) as f64)
    }
}

/// What the bystander felt: transactions of somebody else on the same database, at a fixed rate.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Bystander {
    /// Orders that had ended at the release.
    pub before: BystanderPhase,
    /// Those from there to the end of the drain.
    pub during: BystanderPhase,
    /// Those that were to start after the drain.
    pub after: BystanderPhase,
    /// The different errors behind failed orders, most frequent first.
    pub failures: Vec<Failure>,
}

/// A part of the bystander's time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct BystanderPhase {
    /// Its length.
    pub duration_ns: u64,
    /// Orders made.
    pub orders: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that were still open when the run ended.
    pub unanswered: u64,
    /// Orders that went through, a second.
    pub rate_per_s: f64,
    /// From an order's intended start to its end, failed ones included.
    pub response: Distribution,
    /// From an order's intended to its actual start: what the bystander itself was late.
    pub schedule_lag: Distribution,
}

/// What became of the records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicLoad {
    /// Handed to the producer.
    pub produced: u64,
    /// Acknowledged by the broker.
    pub delivered: u64,
    /// Given up by the producer.
    pub delivery_failures: u64,
    /// Read by the consumers, redeliveries included.
    pub consumed: u64,
    /// Records not yet committed by the consumers when the drain ended; null if that could not be asked.
    pub lag: Option<u64>,
}
