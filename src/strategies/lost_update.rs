//! `lost-update`: read the event row's counter, write the counter plus one, insert.
//!
//! ```text
//!   u1                              u2
//!   SELECT issued          → 7
//!                                   SELECT issued          → 7
//!   UPDATE issued = 8
//!   INSERT
//!                                   UPDATE issued = 8      u1's update is lost
//!                                   INSERT
//! ```
//!
//! Promises nothing. An application that loads an entity with a counter field, changes the counter and saves the entity does
//! this. Two coupons are issued and the counter goes up by one. The counter falls behind the number of rows, and the limit is
//! compared with the counter, so the strategy stops far too late.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Promise, Strategy};
use crate::ports::{CouponTable, Result, UserId};

pub const ENTRY: Entry = Entry {
    name: "lost-update",
    how: "read the event row's issued, write issued + 1, INSERT",
    promise: Promise::None,
    one_per_user: false,
    needs: &[],
    known_failure: "counter and rows diverge",
    source: include_str!("lost_update.rs"),
    build: |event| {
        Arc::new(LostUpdate {
            limit: event.limit,
            coupons: Arc::clone(&event.coupons),
        })
    },
};

struct LostUpdate {
    limit: u64,
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for LostUpdate {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let issued = self.coupons.event().await?.issued;
        if issued >= self.limit {
            return Ok(Decision::SoldOut);
        }
        self.coupons.set_issued(issued + 1).await?;
        self.coupons.insert(user).await?;
        Ok(Decision::Issued)
    }
}
