//! `redis-kafka-safe`: `redis-kafka` with an acknowledged produce and an idempotent insert.
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
//! Exact, also after a produce that the broker refuses (the number goes to another user) and after a crash of the consumer (the
//! unique key absorbs the second delivery). A number is not given back after a produce whose result is unknown, because the
//! record may be in the topic, and an over-issue is worse than an under-issue. A script keeps the count, because `INCR` alone
//! counts past the limit with every refused user, and a later `DECR` from there frees no coupon. Known failures: a crash between
//! script and produce, and a Redis that restarts empty, which counts from 0 and issues the coupons a second time. First-come
//! order is not promised after a refused produce: the number goes to the next user who asks, ahead of users who were told "sold
//! out" in between.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Need, Promise, Strategy, redis_lua::CLAIM};
use crate::ports::{Cache, Consumer, CouponTable, Effect, Result, Topic, UserId};

pub const ENTRY: Entry = Entry {
    name: "redis-kafka-safe",
    how: "redis-kafka with an awaited produce, number given back on failure; unique key, INSERT IF ABSENT",
    promise: Promise::Exact,
    one_per_user: true,
    needs: &[Need::Redis, Need::Kafka, Need::UniqueUser],
    known_failure: "a crash between script and produce; a produce whose result is unknown; a Redis that restarts empty",
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

    /// Gives the number back first. While the user is still in the set, a second click of the user cannot take the number.
    async fn give_back(&self, user: UserId) -> Result<()> {
        self.cache.decr("coupon_count").await?;
        self.cache.srem("applied_user", user).await?;
        Ok(())
    }
}
