//! `redis-set-incr`: a Redis set admits each user once; a counter decides.
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
//! Exact, and one coupon per user: `SADD` returns 1 to exactly one of two clicks. Known failure: after an error between `SADD`
//! and `INSERT`, the user is in the set and has no coupon, and every later click of the user is a duplicate.

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
    known_failure: "after an error, a user in the set without a coupon",
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
