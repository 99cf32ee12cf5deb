//! `redis-get-incr`: the naive listing with a counter in Redis.
//!
//! ```text
//!   u1                              u2
//!   GET coupon_count       → 99
//!                                   GET coupon_count       → 99
//!   INCR coupon_count
//!                                   INCR coupon_count
//!   INSERT (the 100th)
//!                                   INSERT (the 101st)
//! ```
//!
//! Promises nothing. Each command is atomic, but the pair is not: every claim that reads the counter before it reaches the
//! limit gets a coupon. The strategy ignores the number that `INCR` returns, and that is the number to compare with the limit.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Need, Promise, Strategy};
use crate::ports::{Cache, CouponTable, Result, UserId};

pub const ENTRY: Entry = Entry {
    name: "redis-get-incr",
    how: "GET coupon_count, compare, then INCR and INSERT",
    promise: Promise::None,
    one_per_user: false,
    needs: &[Need::Redis],
    known_failure: "the same race, moved into Redis",
    source: include_str!("redis_get_incr.rs"),
    build: |event| {
        Arc::new(RedisGetIncr {
            limit: event.limit,
            cache: Arc::clone(&event.cache),
            coupons: Arc::clone(&event.coupons),
        })
    },
};

struct RedisGetIncr {
    limit: u64,
    cache: Arc<dyn Cache>,
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for RedisGetIncr {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let count = self.cache.get("coupon_count").await?;
        if count.unwrap_or(0) >= self.limit.cast_signed() {
            return Ok(Decision::SoldOut);
        }
        self.cache.incr("coupon_count").await?;
        self.coupons.insert(user).await?;
        Ok(Decision::Issued)
    }
}
