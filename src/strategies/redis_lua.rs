//! `redis-lua`: one script checks the user, checks the limit and counts; then the insert.
//!
//! ```text
//!   u1                              u2
//!   EVALSHA claim.lua      → 100
//!     (user known? sold out?
//!      add user, count)
//!                                   EVALSHA claim.lua      → 0
//!   INSERT (the 100th)
//!                                   sold out
//! ```
//!
//! Exact, and one coupon per user: Redis runs a script as one atomic command. Separate `SADD` and `INCR` commands can leave a
//! user in the set without a number, and the counter can exceed the limit; the script prevents both. The dual write remains: a
//! crash after the script loses a coupon.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Need, Promise, Strategy};
use crate::ports::{Cache, CouponTable, Result, Script, UserId};

pub const ENTRY: Entry = Entry {
    name: "redis-lua",
    how: "one script: dedupe, check, count; then INSERT",
    promise: Promise::Exact,
    one_per_user: true,
    needs: &[Need::Redis],
    known_failure: "the dual write remains: a crash after the script loses a coupon; a Redis that restarts empty",
    source: include_str!("redis_lua.rs"),
    build: |event| {
        Arc::new(RedisLua {
            limit: event.limit,
            cache: Arc::clone(&event.cache),
            coupons: Arc::clone(&event.coupons),
        })
    },
};

/// Returns -1 for a user who has a coupon, 0 when all coupons are gone, otherwise the coupon's number.
pub const CLAIM: Script = Script {
    name: "claim.lua",
    source: "
        if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then
            return -1
        end
        if tonumber(redis.call('GET', KEYS[2]) or '0') >= tonumber(ARGV[2]) then
            return 0
        end
        redis.call('SADD', KEYS[1], ARGV[1])
        return redis.call('INCR', KEYS[2])",
};

struct RedisLua {
    limit: u64,
    cache: Arc<dyn Cache>,
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for RedisLua {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let keys = ["applied_user", "coupon_count"];
        let arguments = [&*user.to_string(), &*self.limit.to_string()];
        match self.cache.script(CLAIM, &keys, &arguments).await? {
            -1 => return Ok(Decision::Duplicate),
            0 => return Ok(Decision::SoldOut),
            _ => self.coupons.insert(user).await?,
        }
        Ok(Decision::Issued)
    }
}
