//! The operations that strategies consist of. Each is a strategy with one call, so that it runs like a claim.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    ports::{Cache, CouponTable, Event, Result, Topic, UserId},
    strategies::{Decision, Entry, Need, Promise, Strategy},
};

/// `INCR` of one key.
pub const INCR: Entry = entry("incr", "INCR", &[Need::Redis], |event| {
    Arc::new(Incr(Arc::clone(&event.cache)))
});

/// One row into the coupon table, committed by itself.
pub const INSERT: Entry = entry("insert", "INSERT", &[], |event| {
    Arc::new(Insert(Arc::clone(&event.coupons)))
});

/// One record, until every in-sync replica has it.
pub const PRODUCE: Entry = entry("produce", "produce", &[Need::Kafka], |event| {
    Arc::new(Produce(Arc::clone(&event.coupon_create)))
});

const fn entry(
    name: &'static str,
    how: &'static str,
    needs: &'static [Need],
    build: fn(&Event) -> Arc<dyn Strategy>,
) -> Entry {
    Entry {
        name,
        how,
        promise: Promise::None,
        one_per_user: false,
        needs,
        known_failure: "",
        source: include_str!("primitives.rs"),
        build,
    }
}

struct Incr(Arc<dyn Cache>);

#[async_trait]
impl Strategy for Incr {
    async fn claim(&self, _: UserId) -> Result<Decision> {
        self.0.incr("coupon_count").await?;
        Ok(Decision::Issued)
    }
}

struct Insert(Arc<dyn CouponTable>);

#[async_trait]
impl Strategy for Insert {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        self.0.insert(user).await?;
        Ok(Decision::Issued)
    }
}

struct Produce(Arc<dyn Topic>);

#[async_trait]
impl Strategy for Produce {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        self.0.produce(user).await?.delivered().await?;
        Ok(Decision::Issued)
    }
}
