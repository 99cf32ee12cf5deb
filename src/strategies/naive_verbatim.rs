//! `naive-verbatim`: the course's first listing as printed, `if (count > 100) return;`.
//!
//! ```text
//!   u101
//!   SELECT count(*)        → 100
//!   100 > 100 is false: go on
//!   INSERT (the 101st)
//! ```
//!
//! Promises nothing. It has the race of `naive` and an off-by-one error that needs no race: even with one user at a time, it
//! issues one coupon too many. The same comparison is correct with the number that `INCR` returns (see `redis-incr`), because
//! that number already counts the asking user; a `count(*)` does not.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Promise, Strategy};
use crate::ports::{CouponTable, Result, UserId};

pub const ENTRY: Entry = Entry {
    name: "naive-verbatim",
    how: "the course's listing as printed: count > limit, then INSERT",
    promise: Promise::None,
    one_per_user: false,
    needs: &[],
    known_failure: "the race, and an off-by-one that needs no race",
    source: include_str!("naive_verbatim.rs"),
    build: |event| {
        Arc::new(NaiveVerbatim {
            limit: event.limit,
            coupons: Arc::clone(&event.coupons),
        })
    },
};

struct NaiveVerbatim {
    limit: u64,
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for NaiveVerbatim {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        if self.coupons.count().await? > self.limit {
            return Ok(Decision::SoldOut);
        }
        self.coupons.insert(user).await?;
        Ok(Decision::Issued)
    }
}
