//! `redis-lock`: the naive listing inside a Redis lock with a lease.
//!
//! ```text
//!   u1                              u2
//!   SET lock t1 NX PX 10000  → OK
//!                                   SET lock t2 NX PX 10000  → nil, back off
//!   SELECT count(*)        → 99
//!   INSERT (the 100th)
//!   delete lock if it is t1
//!                                   SET lock t2 NX PX 10000  → OK
//!                                   SELECT count(*)        → 100
//!                                   delete lock if it is t2, sold out
//! ```
//!
//! Exact while the lease holds, with any number of processes. If the work takes longer than the lease, the lock ends while its
//! holder is still at work, and a second claim counts at the same time. The token prevents a late holder from deleting the
//! lock of another claim. It does not prevent the late holder's insert.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;

use super::{Decision, Entry, Need, Promise, Strategy, gave_up};
use crate::ports::{Cache, Clock, CouponTable, Patience, Result, Script, UserId};

pub const ENTRY: Entry = Entry {
    name: "redis-lock",
    how: "SET NX PX with a token, count, INSERT, compare-and-delete",
    promise: Promise::Exact,
    one_per_user: false,
    needs: &[Need::Redis],
    known_failure: "lease shorter than the work; an error while unlocking, after the coupon is issued",
    source: include_str!("redis_lock.rs"),
    build: |event| {
        Arc::new(RedisLock {
            limit: event.limit,
            cache: Arc::clone(&event.cache),
            coupons: Arc::clone(&event.coupons),
            clock: Arc::clone(&event.clock),
            patience: event.patience,
            claims: AtomicU64::new(0),
        })
    },
};

const UNLOCK: Script = Script {
    name: "unlock.lua",
    source: "
        if redis.call('GET', KEYS[1]) == ARGV[1] then
            return redis.call('DEL', KEYS[1])
        end
        return 0",
};

struct RedisLock {
    limit: u64,
    cache: Arc<dyn Cache>,
    coupons: Arc<dyn CouponTable>,
    clock: Arc<dyn Clock>,
    patience: Patience,
    /// Numbers the claims of this process. It makes the tokens of a user's two clicks differ.
    claims: AtomicU64,
}

#[async_trait]
impl Strategy for RedisLock {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let token = format!("{user}-{}", self.claims.fetch_add(1, Ordering::Relaxed));
        self.lock(&token).await?;
        let decision = self.count_and_insert(user).await;
        self.cache
            .script(UNLOCK, &["coupon_lock"], &[&token])
            .await?;
        decision
    }
}

impl RedisLock {
    async fn lock(&self, token: &str) -> Result<()> {
        for number in 1..=self.patience.lock_tries {
            let lease = self.patience.lease;
            if self.cache.set_nx_px("coupon_lock", token, lease).await? {
                return Ok(());
            }
            self.clock.back_off(self.patience.back_off(number)).await;
        }
        Err(gave_up())
    }

    async fn count_and_insert(&self, user: UserId) -> Result<Decision> {
        if self.coupons.count().await? >= self.limit {
            return Ok(Decision::SoldOut);
        }
        self.coupons.insert(user).await?;
        Ok(Decision::Issued)
    }
}
