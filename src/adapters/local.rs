//! The ports without a service: the mutex of this process, and its clock.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;

use crate::ports::{Clock, Guard, Mutex, Result};

/// A fair mutex, as Java's `ReentrantLock(true)`: the task that has waited for the longest time is next.
#[derive(Default)]
pub struct LocalMutex(Arc<tokio::sync::Mutex<()>>);

#[async_trait]
impl Mutex for LocalMutex {
    async fn lock(&self) -> Result<Guard> {
        Ok(Box::new(Arc::clone(&self.0).lock_owned().await))
    }
}

/// The clock of the machine.
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Duration {
        // Strategies only compare times, so a clock before 1970 can be taken as 1970.
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }

    async fn back_off(&self, duration: Duration) {
        tokio::time::sleep(duration.mul_f64(rand::random_range(0.5..1.5))).await;
    }
}
