//! What needs no service: the lock of this process, and its clock.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;

use crate::ports::{Clock, Guard, Mutex, Result};

/// A fair mutex. Fair as Java's `ReentrantLock(true)`: whoever waits longest is next.
#[derive(Default)]
pub struct LocalMutex(Arc<tokio::sync::Mutex<()>>);

#[async_trait]
impl Mutex for LocalMutex {
    async fn lock(&self) -> Result<Guard> {
        Ok(Box::new(Arc::clone(&self.0).lock_owned().await))
    }
}

/// The machine's clock.
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Duration {
        // A clock before 1970 is as good as one at 1970: strategies only compare.
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }

    async fn back_off(&self, duration: Duration) {
        tokio::time::sleep(duration.mul_f64(rand::random_range(0.5..1.5))).await;
    }
}
