//! Strategies that cannot be explored are refused.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;

use super::{bugs::entry, settings};
use crate::{
    engine::explore::{ExploreError, explore},
    ports::{Event, Result, UserId},
    strategies::{Decision, Entry, Strategy},
};

/// A strategy that counts in its own memory.
struct Hidden(Event, AtomicU64);

#[async_trait]
impl Strategy for Hidden {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        self.0.coupons.count().await?;
        if self.1.fetch_add(1, Ordering::Relaxed) >= self.0.limit {
            return Ok(Decision::SoldOut);
        }
        self.0.coupons.insert(user).await?;
        Ok(Decision::Issued)
    }
}

static HIDDEN: Entry = entry("hidden", false, &[], |event| {
    Arc::new(Hidden(event.clone(), AtomicU64::new(0)))
});

/// A strategy that makes two calls at the same time.
struct Joined(Event);

#[async_trait]
impl Strategy for Joined {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let (count, inserted) = futures::join!(self.0.coupons.count(), self.0.coupons.insert(user));
        count?;
        inserted?;
        Ok(Decision::Issued)
    }
}

static JOINED: Entry = entry("joined", false, &[], |event| {
    Arc::new(Joined(event.clone()))
});

/// A strategy that waits without a port.
struct Elsewhere;

#[async_trait]
impl Strategy for Elsewhere {
    async fn claim(&self, _: UserId) -> Result<Decision> {
        std::future::pending().await
    }
}

static ELSEWHERE: Entry = entry("elsewhere", false, &[], |_| Arc::new(Elsewhere));

/// A strategy that backs off without end.
struct Endless(Event);

#[async_trait]
impl Strategy for Endless {
    async fn claim(&self, _: UserId) -> Result<Decision> {
        loop {
            self.0.clock.back_off(self.0.patience.back_off(1)).await;
        }
    }
}

static ENDLESS: Entry = entry("endless", false, &[], |event| {
    Arc::new(Endless(event.clone()))
});

#[test]
fn each_strategy_is_refused_with_its_reason() {
    for (entry, trouble) in [
        (&HIDDEN, ExploreError::HiddenState),
        (&JOINED, ExploreError::AtOnce),
        (&ELSEWHERE, ExploreError::Elsewhere),
        (&ENDLESS, ExploreError::Endless),
    ] {
        assert_eq!(
            explore(entry, &settings(2, 1)).err(),
            Some(trouble),
            "{}",
            entry.name
        );
    }
}
