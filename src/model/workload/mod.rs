//! The workload of a run: users, coupons, attempts, and how the attempts are spread over time.

mod arrivals;
mod rate;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use arrivals::{Arrivals, Phase, Profile, Spacing};
pub use rate::Rate;

/// The most attempts of a run: each is kept in memory until the end, in some tens of bytes.
pub const MAX_ATTEMPTS: u64 = 100_000_000;

/// The default of the largest share of attempts, 0 to 1, that may stay undecided.
pub const MAX_UNDECIDED: f64 = 0.05;

/// The workload of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Distinct users, at least 1.
    pub users: u64,
    /// Coupons, at least 1.
    pub limit: u64,
    /// Attempts each user makes, at least 1.
    pub attempts: u32,
    /// How the attempts are spread over time.
    pub arrivals: Arrivals,
    /// Seed of the random input: the order of the users, and the times of a Poisson process.
    pub seed: u64,
    /// The longest time for one attempt, and for a drain without progress.
    pub timeout: Duration,
    /// Whether connections, producer and consumer are ready before the release.
    pub warmup: bool,
}

impl Workload {
    /// The number of attempts of all users.
    pub fn total_attempts(&self) -> u64 {
        self.users * u64::from(self.attempts)
    }
}

/// How long a claim keeps a database connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DbConnection {
    /// One connection from the pool for each statement.
    #[default]
    Statement,
    /// One connection from a claim's first statement to its end, as with Spring's open session in view.
    Request,
}
