//! `redis-incr`: a Redis counter decides; the database only stores the coupons.
//!
//! ```text
//!   u1                              u2
//!   INCR coupon_count      → 100
//!                                   INCR coupon_count      → 101
//!   INSERT (the 100th)
//!                                   sold out
//! ```
//!
//! Exact: `INCR` increments and returns the counter in one step, so no two claims get the same number. Known problems: all
//! inserts reach the database at once; a crash between `INCR` and `INSERT` loses a coupon; a Redis that restarts empty counts
//! from 0 again; a user who asks twice gets two coupons.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Need, Promise, Strategy};
use crate::ports::{Cache, CouponTable, Result, UserId};

pub const ENTRY: Entry = Entry {
    name: "redis-incr",
    how: "INCR coupon_count, INSERT if the answer is within the limit",
    promise: Promise::Exact,
    one_per_user: false,
    needs: &[Need::Redis],
    known_failure: "DB load; a crash after INCR loses a coupon; a Redis restart resets the count",
    source: include_str!("redis_incr.rs"),
    build: |event| {
        Arc::new(RedisIncr {
            limit: event.limit,
            cache: Arc::clone(&event.cache),
            coupons: Arc::clone(&event.coupons),
        })
    },
};

struct RedisIncr {
    limit: u64,
    cache: Arc<dyn Cache>,
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for RedisIncr {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let number = self.cache.incr("coupon_count").await?;
        if number > self.limit.cast_signed() {
            return Ok(Decision::SoldOut);
        }
        self.coupons.insert(user).await?;
        Ok(Decision::Issued)
    }
}
