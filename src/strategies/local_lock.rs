//! `local-lock`: the naive listing inside a mutex of this process.
//!
//! ```text
//!   u1                              u2
//!   lock
//!                                   lock … waits
//!   SELECT count(*)        → 99
//!   INSERT (the 100th)
//!   unlock
//!                                   SELECT count(*)        → 100
//!                                   sold out
//! ```
//!
//! Exact inside one process. A second application instance has its own mutex, so two instances can over-issue. The mutex is
//! held until the insert is durable, so the claims run one after the other, each with a write to the disk.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Promise, Strategy};
use crate::ports::{CouponTable, Mutex, Result, UserId};

pub const ENTRY: Entry = Entry {
    name: "local-lock",
    how: "an in-process mutex held around count and INSERT",
    promise: Promise::SingleProcess,
    one_per_user: false,
    needs: &[],
    known_failure: "a second process; throughput (held until the insert is durable)",
    source: include_str!("local_lock.rs"),
    build: |event| {
        Arc::new(LocalLock {
            limit: event.limit,
            coupons: Arc::clone(&event.coupons),
            mutex: Arc::clone(&event.mutex),
        })
    },
};

struct LocalLock {
    limit: u64,
    coupons: Arc<dyn CouponTable>,
    mutex: Arc<dyn Mutex>,
}

#[async_trait]
impl Strategy for LocalLock {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let _held = self.mutex.lock().await?;
        if self.coupons.count().await? >= self.limit {
            return Ok(Decision::SoldOut);
        }
        self.coupons.insert(user).await?;
        Ok(Decision::Issued)
    }
}
