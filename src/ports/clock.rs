//! Time as a port: a back-off is a step too, and a simulation decides when a lease is over.

use std::time::Duration;

use async_trait::async_trait;

/// What a strategy knows of time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Time since the Unix epoch, as an application's own clock says it.
    fn now(&self) -> Duration;

    /// Waits before trying again, for about `duration`: a real clock adds some jitter, so that those who collided do not
    /// collide again. Each call counts as one retry in the report.
    async fn back_off(&self, duration: Duration);
}
