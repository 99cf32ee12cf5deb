//! A lock inside one application instance. It is a port, so that a scheduler can see which claim waits.

use async_trait::async_trait;

use super::Result;

/// Holds the lock until it is dropped.
pub type Guard = Box<dyn Send>;

/// An in-process mutex, first come, first served.
#[async_trait]
pub trait Mutex: Send + Sync {
    /// Waits for the lock; dropping the guard releases it.
    ///
    /// # Errors
    ///
    /// A real mutex never fails. A simulated mutex fails if the schedule makes the call fail.
    async fn lock(&self) -> Result<Guard>;
}
