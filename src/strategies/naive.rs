//! `naive`: count the rows, then insert. The usual first version of such an event.
//!
//! ```text
//!   u1                              u2
//!   SELECT count(*)        → 99
//!                                   SELECT count(*)        → 99
//!   INSERT (the 100th)
//!                                   INSERT (the 101st)
//! ```
//!
//! Promises nothing. There is a check-then-act window between the count and the insert: every user whose count is answered
//! before the 100th insert is visible gets a coupon. The number of these users depends on how many statements the database
//! runs at once, and on whether a claim holds its connection (`--db-connection`).

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Promise, Strategy};
use crate::ports::{CouponTable, Result, UserId};

pub const ENTRY: Entry = Entry {
    name: "naive",
    how: "SELECT count(*), then INSERT if count < limit",
    promise: Promise::None,
    one_per_user: false,
    needs: &[],
    known_failure: "check-then-act race",
    source: include_str!("naive.rs"),
    build: |event| {
        Arc::new(Naive {
            limit: event.limit,
            coupons: Arc::clone(&event.coupons),
        })
    },
};

struct Naive {
    limit: u64,
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for Naive {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        if self.coupons.count().await? >= self.limit {
            return Ok(Decision::SoldOut);
        }
        self.coupons.insert(user).await?;
        Ok(Decision::Issued)
    }
}
