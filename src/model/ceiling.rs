//! The report of `ceiling`: how fast each service is without a strategy.

use serde::{Deserialize, Serialize};

use super::report::{Backend, Distribution, Environment, Failure, Tool};

/// The version of the JSON form.
pub const SCHEMA_VERSION: u32 = 1;

/// The report of one invocation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ceiling {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The program that made the report.
    pub tool: Tool,
    /// The machine that it ran on.
    pub environment: Environment,
    /// Every effective setting, passwords masked.
    pub settings: Settings,
    /// The results, one for each operation, in the order in which they ran.
    pub ceilings: Vec<OperationResult>,
    /// The process's exit code.
    pub exit_code: u8,
    /// Whether Ctrl-C ended the measurement early.
    pub interrupted: bool,
}

/// The settings of a ceiling measurement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    /// The number of operations of each kind.
    pub operations: u64,
    /// The number of operations in flight at a time.
    pub in_flight: u64,
    /// The size of a record's value in bytes; null if the value is the user's number, as in a run.
    pub payload: Option<usize>,
    /// The address of the database, without its password.
    pub db: String,
    /// The number of database connections.
    pub db_pool: u32,
    /// The address of Redis, without its password.
    pub redis: String,
    /// The number of multiplexed Redis connections.
    pub redis_connections: u32,
    /// The list of Kafka brokers, or `embedded`.
    pub kafka: String,
    /// The timeout of one operation.
    pub timeout_ns: u64,
}

/// The result of one operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OperationResult {
    /// `incr`, `insert`, `produce`.
    pub operation: String,
    /// The description for readers.
    pub how: String,
    /// The service that ran the operation.
    pub backend: Backend,
    /// How many operations were started; after an interruption, how many ended.
    pub operations: u64,
    /// Operations that failed or had no answer within the timeout.
    pub errors: u64,
    /// The time from the release to the last answer.
    pub duration_ns: u64,
    /// Operations without an error per second.
    pub throughput_per_s: f64,
    /// The time from the start of an operation to its answer, without operations that failed.
    pub latency: Distribution,
    /// The distinct errors, the most frequent first.
    pub failures: Vec<Failure>,
    /// Whether no operation ended within the timeout, so that the remaining ones were not started.
    pub given_up: bool,
}

impl OperationResult {
    /// Whether an operation failed or the measurement was given up.
    pub fn is_flawed(&self) -> bool {
        self.errors > 0 || self.given_up
    }
}
