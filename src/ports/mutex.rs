//! A lock inside one application instance, as a port so that a scheduler can see who waits.

use async_trait::async_trait;

use super::Result;

/// Held as long as it lives.
pub type Guard = Box<dyn Send>;

/// An in-process mutex, first come, first served.
#[async_trait]
pub trait Mutex: Send + Sync {
    /// Waits for the lock; dropping the guard releases it.
    async fn lock(&self) -> Result<Guard>;
}
