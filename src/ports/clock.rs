//! Time as a port. A scheduler can see a back-off, and a simulation decides when a lease ends.

use std::time::Duration;

use async_trait::async_trait;

/// The clock of a strategy.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The time since the Unix epoch by the application's own clock.
    fn now(&self) -> Duration;

    /// Waits for about `duration` before a retry. A real clock adds jitter, so that two claims that collided do not collide
    /// again. Each call counts as one retry in the report.
    async fn back_off(&self, duration: Duration);
}
