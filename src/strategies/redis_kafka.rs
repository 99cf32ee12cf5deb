//! `redis-kafka`: Redis decides, Kafka stores the claim, a consumer inserts at its own pace. The course's final listing.
//!
//! ```text
//!   u1                              consumer
//!   SADD applied_user u1   → 1
//!   INCR coupon_count      → 100
//!   produce coupon_create
//!   issued
//!                                   poll coupon_create     → u1
//!                                   INSERT (the 100th)
//!                                   commit offset
//! ```
//!
//! Exact without faults, and one coupon per user. It is fast because the user gets the answer before the coupon is durable: the
//! strategy hands the record to the producer and does not wait for the broker's acknowledgement. Known failures: a produce that
//! fails after `INCR` (the user was told "issued" and never gets a row), and a consumer that crashes between insert and commit
//! (the record is delivered again and inserted twice).

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Need, Promise, Strategy};
use crate::ports::{Cache, Consumer, CouponTable, Result, Topic, UserId};

pub const ENTRY: Entry = Entry {
    name: "redis-kafka",
    how: "SADD, INCR, produce to coupon_create; a consumer inserts",
    promise: Promise::Exact,
    one_per_user: true,
    needs: &[Need::Redis, Need::Kafka],
    known_failure: "produce fails after INCR; redelivery inserts twice; acknowledged before durable",
    source: include_str!("redis_kafka.rs"),
    build: |event| {
        Arc::new(RedisKafka {
            limit: event.limit,
            cache: Arc::clone(&event.cache),
            coupon_create: Arc::clone(&event.coupon_create),
            coupons: Arc::clone(&event.coupons),
        })
    },
};

struct RedisKafka {
    limit: u64,
    cache: Arc<dyn Cache>,
    coupon_create: Arc<dyn Topic>,
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for RedisKafka {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        if !self.cache.sadd("applied_user", user).await? {
            return Ok(Decision::Duplicate);
        }
        if self.cache.incr("coupon_count").await? > self.limit.cast_signed() {
            return Ok(Decision::SoldOut);
        }
        let _fire_and_forget = self.coupon_create.produce(user).await?;
        Ok(Decision::Issued)
    }

    async fn consume(&self, consumer: &dyn Consumer) -> Result<()> {
        while let Some(batch) = consumer.poll().await? {
            self.coupons.insert_all(&batch.users()).await?;
            consumer.commit(&batch).await?;
        }
        Ok(())
    }
}
