//! So many a second.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// So many a second: more than none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate(f64);

impl Rate {
    /// `None` for what is no rate.
    pub fn new(per_second: f64) -> Option<Self> {
        (per_second.is_finite() && per_second > 0.0).then_some(Self(per_second))
    }

    /// So many a second.
    pub fn per_second(self) -> f64 {
        self.0
    }

    /// From one to the next.
    pub fn period(self) -> Duration {
        Duration::try_from_secs_f64(self.0.recip()).unwrap_or(Duration::MAX)
    }

    /// What falls to each of so many.
    #[must_use]
    pub fn shared_by(self, count: u32) -> Self {
        Self(self.0 / f64::from(count.max(1)))
    }
}
