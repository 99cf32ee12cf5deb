//! A rate.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A rate in events a second, finite and more than 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate(f64);

impl Rate {
    /// The rate; `None` if the number is not finite or not more than 0.
    pub fn new(per_second: f64) -> Option<Self> {
        (per_second.is_finite() && per_second > 0.0).then_some(Self(per_second))
    }

    /// Events a second.
    pub fn per_second(self) -> f64 {
        self.0
    }

    /// The time from one event to the next.
    pub fn period(self) -> Duration {
        Duration::try_from_secs_f64(self.0.recip()).unwrap_or(Duration::MAX)
    }

    /// The share of each of `count` processes.
    #[must_use]
    pub fn shared_by(self, count: u32) -> Self {
        Self(self.0 / f64::from(count.max(1)))
    }
}
