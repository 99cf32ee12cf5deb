//! `db-skip-locked`: the coupon rows exist beforehand; each claim takes a free row that no other transaction has locked.
//!
//! ```text
//!   u1                              u2
//!   SELECT free coupon     → c1
//!     FOR UPDATE SKIP LOCKED
//!                                   SELECT free coupon     → c2, as c1 is locked
//!   UPDATE c1 SET user = u1
//!                                   UPDATE c2 SET user = u2
//!   COMMIT                          COMMIT
//! ```
//!
//! Exact: there are as many rows as coupons, and a row has one user. No claim waits for another one, which makes this the
//! fastest strategy with database locks. A transaction that has locked the last coupon may roll back after other users were
//! told "sold out". SQLite locks the whole database, so it has no locked rows to skip.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Need, Promise, Strategy};
use crate::ports::{CouponTable, Isolation, Result, UserId};

pub const ENTRY: Entry = Entry {
    name: "db-skip-locked",
    how: "coupon rows made beforehand; SELECT … FOR UPDATE SKIP LOCKED LIMIT 1, assign",
    promise: Promise::Exact,
    one_per_user: false,
    needs: &[Need::Prefilled, Need::SkipLocked],
    known_failure: "not on SQLite; a rollback after others were told \"sold out\"",
    source: include_str!("db_skip_locked.rs"),
    build: |event| {
        Arc::new(DbSkipLocked {
            coupons: Arc::clone(&event.coupons),
        })
    },
};

struct DbSkipLocked {
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for DbSkipLocked {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let transaction = self.coupons.begin(Isolation::Default).await?;
        let Some(coupon) = transaction.lock_free_coupon().await? else {
            transaction.rollback().await?;
            return Ok(Decision::SoldOut);
        };
        transaction.assign(coupon, user).await?;
        transaction.commit().await?;
        Ok(Decision::Issued)
    }
}
