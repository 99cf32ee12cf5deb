//! What was asked for: every setting as it took effect, passwords masked.

use serde::{Deserialize, Serialize};

use crate::model::workload::{DbConnection, Spacing};

/// Every effective setting, passwords masked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    /// From the scenario file.
    pub title: Option<String>,
    /// By name, in the order asked for.
    pub strategies: Vec<String>,
    /// Those of `all` that the database cannot run, and why.
    pub refused: Vec<Refused>,
    /// Distinct users.
    pub users: u64,
    /// Coupons.
    pub limit: u64,
    /// Attempts each user makes.
    pub attempts: u32,
    /// Closed loop: attempts under way at a time; null is a burst or an open loop.
    pub in_flight: Option<u64>,
    /// Open loop; null is a burst or a closed loop.
    pub open_loop: Option<OpenLoop>,
    /// Runs of each strategy.
    pub trials: u32,
    /// Processes that shared the users.
    pub instances: u32,
    /// Whether everything was ready before the clock started.
    pub warmup: bool,
    /// Of the input that is drawn.
    pub seed: u64,
    /// `sqlite`, or a URL.
    pub db: String,
    /// Connections in the pool.
    pub db_pool: u32,
    /// How long a claim keeps one.
    pub db_connection: DbConnection,
    /// `embedded`, or a URL.
    pub redis: String,
    /// Multiplexed connections.
    pub redis_connections: u32,
    /// `embedded`, or brokers.
    pub kafka: String,
    /// Members of the consumer group.
    pub consumers: u32,
    /// The most records that a consumer took at once.
    pub consumer_batch: u32,
    /// Records a second that all consumers together took at most; null is as fast as they could.
    pub consumer_rate_per_s: Option<f64>,
    /// File with the private authority that the connections with TLS trusted; null is the public ones.
    #[serde(default)]
    pub tls_ca: Option<String>,
    /// For one attempt, and for a drain that stands still.
    pub timeout_ns: u64,
    /// The largest share of attempts, 0 to 1, that may stay undecided before a run is inconclusive; null in files of versions
    /// that had no such bound.
    #[serde(default)]
    pub max_undecided: Option<f64>,
    /// Orders a second of the bystander; null where there was none.
    pub bystander_rate_per_s: Option<f64>,
    /// Whether objects were left behind.
    pub keep: bool,
    /// Whether every step was written down.
    #[serde(default)]
    pub trace: bool,
    /// The service of the user's own; null for strategies.
    #[serde(default)]
    pub target: Option<TargetSettings>,
}

/// How an open loop was asked for; what was not named is null.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OpenLoop {
    /// Attempts a second; of a ramp, where it ends.
    pub rate_per_s: Option<f64>,
    /// How long the rate rises from zero.
    pub ramp_ns: Option<u64>,
    /// The length of an event with quiet, surge and tail.
    pub spike_ns: Option<u64>,
    /// How the attempts lie within the rate.
    pub spacing: Spacing,
}

/// A strategy that was not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// By name.
    pub strategy: String,
    /// Why.
    pub reason: String,
}

/// A service of the user's own, as it was described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSettings {
    /// The file.
    pub file: String,
    /// Where the service is, without secrets.
    pub address: String,
    /// `HTTP/1.1` or `HTTP/2`.
    pub http_version: String,
    /// Connections.
    pub connections: u64,
    /// What the claim is: `POST /claim`.
    pub claim: String,
    /// Where the coupons are, in a few words.
    pub ledger: String,
    /// Whether load may have left the machine.
    pub allow_remote: bool,
}
