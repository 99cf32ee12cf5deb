//! `db-pessimistic`: lock the event row first, then count and insert.
//!
//! ```text
//!   u1                              u2
//!   BEGIN                           BEGIN
//!   SELECT event FOR UPDATE
//!                                   SELECT event FOR UPDATE … waits
//!   SELECT count(*)        → 99
//!   INSERT (the 100th)
//!   COMMIT
//!                                   SELECT count(*)        → 100
//!                                   ROLLBACK, sold out
//! ```
//!
//! Exact, with any number of processes: the row lock is held until the commit, so the next claim counts the insert. The
//! strategy is slow, because all claims wait for one row. Each waiting claim holds a connection, so a small pool is soon
//! exhausted for the rest of the application as well. (SQLite locks the whole database instead, as `BEGIN IMMEDIATE` does.)

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Promise, Strategy};
use crate::ports::{CouponTable, Isolation, Result, UserId};

pub const ENTRY: Entry = Entry {
    name: "db-pessimistic",
    how: "SELECT … FOR UPDATE on the event row, count, INSERT, COMMIT",
    promise: Promise::Exact,
    one_per_user: false,
    needs: &[],
    known_failure: "slow; pool exhaustion",
    source: include_str!("db_pessimistic.rs"),
    build: |event| {
        Arc::new(DbPessimistic {
            limit: event.limit,
            coupons: Arc::clone(&event.coupons),
        })
    },
};

struct DbPessimistic {
    limit: u64,
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for DbPessimistic {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let transaction = self.coupons.begin(Isolation::Default).await?;
        transaction.lock_event().await?;
        if transaction.count().await? >= self.limit {
            transaction.rollback().await?;
            return Ok(Decision::SoldOut);
        }
        transaction.insert(user).await?;
        transaction.commit().await?;
        Ok(Decision::Issued)
    }
}
