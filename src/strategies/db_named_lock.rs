//! `db-named-lock`: lock the name of the event instead of a row.
//!
//! ```text
//!   u1                              u2
//!   BEGIN                           BEGIN
//!   lock "event"
//!                                   lock "event" … waits, on its connection
//!   SELECT count(*)        → 99
//!   INSERT (the 100th)
//!   COMMIT, unlock
//!                                   SELECT count(*)        → 100
//!                                   ROLLBACK, sold out
//! ```
//!
//! Exact, as long as the lock is held until after the commit. PostgreSQL releases `pg_advisory_xact_lock` at the end of the
//! transaction. MySQL's `GET_LOCK` belongs to the session and must be released after the commit, not before it. Every waiting
//! claim holds a connection. SQLite has no named locks.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Need, Promise, Strategy};
use crate::ports::{CouponTable, Isolation, Result, UserId};

pub const ENTRY: Entry = Entry {
    name: "db-named-lock",
    how: "pg_advisory_xact_lock or GET_LOCK, then count and INSERT",
    promise: Promise::Exact,
    one_per_user: false,
    needs: &[Need::NamedLocks],
    known_failure: "a connection per waiter",
    source: include_str!("db_named_lock.rs"),
    build: |event| {
        Arc::new(DbNamedLock {
            limit: event.limit,
            coupons: Arc::clone(&event.coupons),
        })
    },
};

struct DbNamedLock {
    limit: u64,
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for DbNamedLock {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let transaction = self.coupons.begin(Isolation::Default).await?;
        transaction.lock_name().await?;
        if transaction.count().await? >= self.limit {
            transaction.rollback().await?;
            return Ok(Decision::SoldOut);
        }
        transaction.insert(user).await?;
        transaction.commit().await?;
        Ok(Decision::Issued)
    }
}
