//! `redis-set-incr`: a Redis set lets every user through once, a counter decides.
//!
//! ```text
//!   u1, first click                 u1, second click
//!   SADD applied_user u1   → 1
//!                                   SADD applied_user u1   → 0
//!                                   duplicate
//!   INCR coupon_count      → 100
//!   INSERT (the 100th)
//! ```
//!
//! Exact, and one coupon a user: `SADD` says to exactly one of two clicks that it was the first. Known to fail by a user who
//! stands in the set without a coupon, after an error between `SADD` and `INSERT`: every later click is a duplicate.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Need, Promise, Strategy};
use crate::ports::{Cache, CouponTable, Result, UserId};

pub const ENTRY: Entry = Entry {
    name: "redis-set-incr",
    how: "SADD applied_user, INCR coupon_count, INSERT",
    promise: Promise::Exact,
    one_per_user: true,
    needs: &[Need::Redis],
    known_failure: "a user in the set without a coupon after a failure",
    source: include_str!("redis_set_incr.rs"),
    build: |event| {
        Arc::new(RedisSetIncr {
            limit: event.limit,
            cache: Arc::clone(&event.cache),
            coupons: Arc::clone(&event.coupons),
        })
    },
};

struct RedisSetIncr {
    limit: u64,
    cache: Arc<dyn Cache>,
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for RedisSetIncr {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        if !self.cache.sadd("applied_user", user).await? {
            return Ok(Decision::Duplicate);
        }
        if self.cache.incr("coupon_count").await? > self.limit.cast_signed() {
            return Ok(Decision::SoldOut);
        }
        self.coupons.insert(user).await?;
        Ok(Decision::Issued)
    }
}
