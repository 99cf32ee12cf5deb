//! How fast the services are by themselves, as measured.

use serde::{Deserialize, Serialize};

use super::report::{Backend, Distribution, Environment, Failure, Tool};

/// The version of the JSON form.
pub const SCHEMA_VERSION: u32 = 1;

/// A whole invocation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ceiling {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What measured it.
    pub tool: Tool,
    /// The machine it ran on.
    pub environment: Environment,
    /// Every effective setting, passwords masked.
    pub settings: Settings,
    /// One an operation, in the order they ran.
    pub ceilings: Vec<Measured>,
    /// The process's exit code.
    pub exit_code: u8,
    /// Whether Ctrl-C ended it early.
    pub interrupted: bool,
}

/// What was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    /// Of each kind.
    pub operations: u64,
    /// Operations under way at a time.
    pub in_flight: u64,
    /// Bytes of a record's value; null where it is the user's number, as in a run.
    pub payload: Option<usize>,
    /// Without its password.
    pub db: String,
    /// Connections.
    pub db_pool: u32,
    /// Without its password.
    pub redis: String,
    /// Multiplexed ones.
    pub redis_connections: u32,
    /// A broker list, or `embedded`.
    pub kafka: String,
    /// For one operation.
    pub timeout_ns: u64,
}

/// One operation, done again and again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measured {
    /// `incr`, `insert`, `produce`.
    pub operation: String,
    /// The same for people.
    pub how: String,
    /// The service that did it.
    pub backend: Backend,
    /// How often it was begun; where it was interrupted, how often it ended.
    pub operations: u64,
    /// Operations that failed, or were not answered in time.
    pub errors: u64,
    /// From the release to the last answer.
    pub duration_ns: u64,
    /// Operations without error in a second.
    pub throughput_per_s: f64,
    /// From the start of an operation without error to its answer.
    pub latency: Distribution,
    /// The different errors, most frequent first.
    pub failures: Vec<Failure>,
    /// Whether nothing moved for the timeout, so that the rest was not tried.
    pub given_up: bool,
}

impl Measured {
    /// Whether anything went wrong.
    pub fn is_flawed(&self) -> bool {
        self.errors > 0 || self.given_up
    }
}
