//! `redis-zset`: a sorted set keeps all users in the order of arrival; the first ones win.
//!
//! The variant with separate `ZADD` and `ZRANK` commands, and the client's clock as the score, has a race. A user who comes later
//! with an earlier clock is placed before users who have already won:
//!
//! ```text
//!   u1 (clock 12:00:00.002)         u2 (clock 12:00:00.001)
//!   ZADD … .002
//!   ZRANK                  → 99, the 100th: issued
//!                                   ZADD … .001
//!                                   ZRANK                  → 99, the 100th: issued
//! ```
//!
//! This strategy runs both commands in one script, and the score is the number of users already in the set:
//!
//! ```text
//!   u1                              u2
//!   EVALSHA rank.lua       → 99, issued
//!                                   EVALSHA rank.lua       → 100, sold out
//!   INSERT (the 100th)
//! ```
//!
//! Exact, and one coupon per user: a rank never changes once it is assigned. "First" is the first to reach Redis, not the first
//! to click. The set keeps every user who asked, not only the winners.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Need, Promise, Strategy};
use crate::ports::{Cache, CouponTable, Result, Script, UserId};

pub const ENTRY: Entry = Entry {
    name: "redis-zset",
    how: "ZADD NX by arrival, rank < limit wins, in one script; then INSERT",
    promise: Promise::Exact,
    one_per_user: true,
    needs: &[Need::Redis],
    known_failure: "races if the arrival is taken from the clients' clocks; keeps every user who asked",
    source: include_str!("redis_zset.rs"),
    build: |event| {
        Arc::new(RedisZset {
            limit: event.limit,
            cache: Arc::clone(&event.cache),
            coupons: Arc::clone(&event.coupons),
        })
    },
};

/// Returns the user's rank from 0, or -1 for a user who has asked before.
const RANK: Script = Script {
    name: "rank.lua",
    source: "
        if redis.call('ZADD', KEYS[1], 'NX', redis.call('ZCARD', KEYS[1]), ARGV[1]) == 0 then
            return -1
        end
        return redis.call('ZRANK', KEYS[1], ARGV[1])",
};

struct RedisZset {
    limit: u64,
    cache: Arc<dyn Cache>,
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for RedisZset {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let rank = self
            .cache
            .script(RANK, &["arrivals"], &[&user.to_string()])
            .await?;
        if rank < 0 {
            return Ok(Decision::Duplicate);
        }
        if rank >= self.limit.cast_signed() {
            return Ok(Decision::SoldOut);
        }
        self.coupons.insert(user).await?;
        Ok(Decision::Issued)
    }
}
