//! `redis-kafka-safe`: as `redis-kafka`, but the user is answered only when the broker has the record, and both sides can fail.
//!
//! ```text
//!   u1                              consumer
//!   EVALSHA claim.lua      → 100
//!   produce coupon_create
//!                                   poll                   → u1
//!     acknowledged: issued          INSERT IF ABSENT (the 100th)
//!     refused: give the             … crash, delivered again:
//!     number back, error            INSERT IF ABSENT       already there
//!                                   commit offset
//! ```
//!
//! Exact, also after a produce that the broker refuses (the coupon goes to somebody else) and after a consumer's crash (the unique
//! key absorbs the second delivery). A produce whose fate is unknown is not given back: the record may be there, and a
//! coupon too many is worse than one too few. The count is kept by a script, because `INCR` alone runs past the limit with
//! every refusal, and a `DECR` from there gives nothing back. Known to fail by a crash between script and
//! produce, and by a Redis that comes back empty: it counts from the start, and the same number of coupons goes out once more.
//! First-come order is not promised after a refusal: what is given back goes to whoever comes next, past those who were turned
//! away meanwhile.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Need, Promise, Strategy, redis_lua::CLAIM};
use crate::ports::{Cache, Consumer, CouponTable, Effect, Result, Topic, UserId};

pub const ENTRY: Entry = Entry {
    name: "redis-kafka-safe",
    how: "redis-kafka with an awaited produce, given back on failure; unique key, INSERT IF ABSENT",
    promise: Promise::Exact,
    one_per_user: true,
    needs: &[Need::Redis, Need::Kafka, Need::UniqueUser],
    known_failure: "a crash between script and produce; a produce whose fate is unknown; a Redis that comes back empty",
    source: include_str!("redis_kafka_safe.rs"),
    build: |event| {
        Arc::new(RedisKafkaSafe {
            limit: event.limit,
            cache: Arc::clone(&event.cache),
            coupon_create: Arc::clone(&event.coupon_create),
            coupons: Arc::clone(&event.coupons),
        })
    },
};

struct RedisKafkaSafe {
    limit: u64,
    cache: Arc<dyn Cache>,
    coupon_create: Arc<dyn Topic>,
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for RedisKafkaSafe {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let keys = ["applied_user", "coupon_count"];
        let arguments = [&*user.to_string(), &*self.limit.to_string()];
        match self.cache.script(CLAIM, &keys, &arguments).await? {
            -1 => return Ok(Decision::Duplicate),
            0 => return Ok(Decision::SoldOut),
            _ => {}
        }
        if let Err(error) = self.produce(user).await {
            if error.effect != Effect::Unknown {
                self.give_back(user).await?;
            }
            return Err(error);
        }
        Ok(Decision::Issued)
    }

    async fn consume(&self, consumer: &dyn Consumer) -> Result<()> {
        while let Some(batch) = consumer.poll().await? {
            self.coupons.insert_all_if_absent(&batch.users()).await?;
            consumer.commit(&batch).await?;
        }
        Ok(())
    }
}

impl RedisKafkaSafe {
    async fn produce(&self, user: UserId) -> Result<()> {
        self.coupon_create.produce(user).await?.delivered().await
    }

    /// The number first: until the user is out of the set, nobody can take both.
    async fn give_back(&self, user: UserId) -> Result<()> {
        self.cache.decr("coupon_count").await?;
        self.cache.srem("applied_user", user).await?;
        Ok(())
    }
}
