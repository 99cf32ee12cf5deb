//! The effective settings of a run, as the JSON of a report writes them.

use serde::{Deserialize, Serialize};

use crate::model::workload::{DbConnection, Spacing};

/// Every effective setting, passwords masked. Names of fields are those of the JSON and carry the unit.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Settings {
    /// The title of the scenario file.
    pub title: Option<String>,
    /// Names of the strategies, in the order of the command line.
    pub strategies: Vec<String>,
    /// The strategies of `all` that the database cannot run.
    pub refused: Vec<RefusedStrategy>,
    /// Distinct users.
    pub users: u64,
    /// Coupons.
    pub limit: u64,
    /// Attempts each user makes.
    pub attempts: u32,
    /// Closed loop: attempts under way at a time; null for a burst and an open loop.
    pub in_flight: Option<u64>,
    /// Open loop; null for a burst and a closed loop.
    pub open_loop: Option<OpenLoop>,
    /// Runs of each strategy.
    pub trials: u32,
    /// Processes that shared the users.
    pub instances: u32,
    /// Whether connections, producer and consumer were ready before the release.
    pub warmup: bool,
    /// Seed of the random input.
    pub seed: u64,
    /// `sqlite`, or a URL; `none` for a target.
    pub db: String,
    /// Connections in the database's pool.
    pub db_pool: u32,
    /// How long a claim keeps a database connection.
    pub db_connection: DbConnection,
    /// `embedded`, or a URL; `none` for a target.
    pub redis: String,
    /// Multiplexed connections to Redis.
    pub redis_connections: u32,
    /// `embedded`, or brokers; `none` for a target.
    pub kafka: String,
    /// Members of the consumer group.
    pub consumers: u32,
    /// The most records in one batch of a consumer.
    pub consumer_batch: u32,
    /// The most records a second of all consumers together; null is no limit.
    pub consumer_rate_per_s: Option<f64>,
    /// File of the private certificate authority; null is the public authorities.
    #[serde(default)]
    pub tls_ca: Option<String>,
    /// The longest time for one attempt, and for a drain without progress.
    pub timeout_ns: u64,
    /// The largest share of attempts, 0 to 1, that may stay undecided before a run is inconclusive; null in reports of versions
    /// that had no such bound.
    #[serde(default)]
    pub max_undecided: Option<f64>,
    /// Orders a second of the bystander; null is no bystander.
    pub bystander_rate_per_s: Option<f64>,
    /// Whether the objects of the runs were left behind.
    pub keep: bool,
    /// Whether every step was recorded.
    #[serde(default)]
    pub trace: bool,
    /// The service of the user's own; null for strategies.
    #[serde(default)]
    pub target: Option<TargetSettings>,
}

/// The settings of an open loop; a setting that was not given is null.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OpenLoop {
    /// Attempts a second; for a ramp, the rate at its end.
    pub rate_per_s: Option<f64>,
    /// The time in which the rate rises from zero.
    pub ramp_ns: Option<u64>,
    /// The length of a spike: quiet, surge and tail.
    pub spike_ns: Option<u64>,
    /// How the attempts are spaced within the rate.
    pub spacing: Spacing,
}

/// A strategy of `all` that was not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedStrategy {
    /// Name of the strategy.
    pub strategy: String,
    /// Why the database cannot run the strategy.
    pub reason: String,
}

/// A service of the user's own, as its target file describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSettings {
    /// Path of the target file.
    pub file: String,
    /// URL of the service, without secrets.
    pub address: String,
    /// `HTTP/1.1` or `HTTP/2`.
    pub http_version: String,
    /// Number of connections.
    pub connections: u64,
    /// Method and path of the claim: `POST /claim`.
    pub claim: String,
    /// Where the coupons are stored, in a few words.
    pub ledger: String,
    /// Whether the load may have left the machine.
    pub allow_remote: bool,
}
