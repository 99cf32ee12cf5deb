//! The load of a run on the load generator, the database, the topic and the bystander.

use serde::{Deserialize, Serialize};

use super::{Distribution, Failure};

/// Mean rates of an open loop from its first to its last attempt, in attempts per second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    /// The rate of the intended starts.
    pub requested_per_s: f64,
    /// The rate of the actual starts.
    pub achieved_per_s: f64,
}

/// The size of a trace, in steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceCounts {
    /// Steps that were made.
    pub seen: u64,
    /// Steps that could have explained a finding and did not fit into the trace.
    pub dropped: u64,
}

/// The services of a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Backends {
    /// The database, which every strategy uses.
    pub db: Option<Backend>,
    /// Redis, if the strategy needs it.
    pub redis: Option<Backend>,
    /// Kafka, if the strategy needs it.
    pub kafka: Option<Backend>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// `sqlite`, `postgres`, `mysql`, `mariadb`, `redis`, `kafka`.
    pub kind: String,
    /// The version that the service reports.
    pub version: String,
    /// Whether it ran inside this process.
    pub embedded: bool,
}

/// The load of a strategy on the database.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DatabaseLoad {
    /// Statements sent during load and drain, commits and rollbacks included.
    pub statements: u64,
    /// The most port calls that waited for the database or for a connection at once.
    pub peak_in_flight: u64,
    /// Statements that the database refused because of a concurrent transaction.
    pub conflicts: u64,
    /// Back-offs before a retry.
    pub retries: u64,
    /// The time that port calls waited for a connection of the pool.
    pub pool_wait: Distribution,
    /// The number of durable rows over time.
    pub rows_over_time: RowsOverTime,
    /// The figures of the bystander; null without a bystander.
    pub bystander: Option<Bystander>,
}

/// The number of rows that became durable in each interval, from the release to the last row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsOverTime {
    /// The length of an interval in nanoseconds.
    pub interval_ns: u64,
    /// The rows of each interval; at most 100 intervals. The first begins with the release.
    pub rows: Vec<u64>,
}

impl RowsOverTime {
    /// Rows per second in the interval with the most rows; `None` without rows.
    pub fn peak_per_s(&self) -> Option<f64> {
        let most = self.rows.iter().copied().max()?;
        Some(most as f64 * 1e9 / self.interval_ns.max(1) as f64)
    }
}

/// The figures of the bystander: transactions of another application on the same database, at a fixed rate.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Bystander {
    /// Orders that had ended before the release.
    pub before: BystanderPhase,
    /// Orders from the release to the end of the drain.
    pub during: BystanderPhase,
    /// Orders with an intended start after the drain.
    pub after: BystanderPhase,
    /// The distinct errors of failed orders, the most frequent first.
    pub failures: Vec<Failure>,
}

/// One phase of the bystander.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct BystanderPhase {
    /// The length of the phase in nanoseconds.
    pub duration_ns: u64,
    /// The number of orders.
    pub orders: u64,
    /// Orders that failed.
    pub failed: u64,
    /// Orders without an answer at the end of the run.
    pub unanswered: u64,
    /// Orders without an error per second.
    pub rate_per_s: f64,
    /// The time from an order's intended start to its end, failed orders included.
    pub response: Distribution,
    /// The time from an order's intended start to its actual start: the delay of the bystander itself.
    pub schedule_lag: Distribution,
}

/// The number of records by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicLoad {
    /// Records that the strategy handed to the producer.
    pub produced: u64,
    /// Records that the broker acknowledged.
    pub delivered: u64,
    /// Records that the producer gave up.
    pub delivery_failures: u64,
    /// Records that the consumers read, redeliveries included.
    pub consumed: u64,
    /// Records that the consumers had not committed at the end of the drain; null if the broker could not be queried.
    pub lag: Option<u64>,
}
