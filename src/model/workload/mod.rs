//! Who asks, how often and how fast.

mod arrivals;
mod rate;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use arrivals::{Arrivals, Phase, Profile, Spacing};
pub use rate::Rate;

/// The most attempts of a run: each is kept until the end, at some tens of bytes.
pub const MAX_ATTEMPTS: u64 = 100_000_000;

/// The largest share of attempts that may stay undecided, where nobody says.
pub const MAX_UNDECIDED: f64 = 0.05;

/// Who asks, how often and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Distinct users, at least 1.
    pub users: u64,
    /// Coupons, at least 1.
    pub limit: u64,
    /// Attempts each user makes, at least 1.
    pub attempts: u32,
    /// How they are spread over time.
    pub arrivals: Arrivals,
    /// Decides everything of the input that is drawn: the order in which users arrive, and a Poisson process.
    pub seed: u64,
    /// For one attempt, and for a drain that stands still.
    pub timeout: Duration,
    /// Whether connections, producer and consumer are made ready before the clock starts.
    pub warmup: bool,
}

impl Workload {
    /// Attempts of all users together.
    pub fn total_attempts(&self) -> u64 {
        self.users * u64::from(self.attempts)
    }
}

/// How long a claim keeps a database connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DbConnection {
    /// One from the pool for each statement.
    #[default]
    Statement,
    /// One held from a claim's first statement to its end, as with an open session in view.
    Request,
}
