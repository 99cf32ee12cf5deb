//! `db-serializable`: the naive listing, in a transaction at isolation `SERIALIZABLE`.
//!
//! ```text
//!   u1                              u2
//!   BEGIN SERIALIZABLE              BEGIN SERIALIZABLE
//!   SELECT count(*)        → 99
//!                                   SELECT count(*)        → 99
//!   INSERT (the 100th)
//!                                   INSERT                 conflict
//!   COMMIT
//!                                   ROLLBACK, retry
//! ```
//!
//! At most the limit: the database commits only transactions whose result equals that of some serial order, and refuses the
//! others (PostgreSQL with a serialization failure, MySQL with a deadlock, SQLite with a busy snapshot). The listing stays
//! naive. The price is a retry storm, and coupons that are left over when the retries run out.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Promise, Strategy, gave_up};
use crate::ports::{Clock, CouponTable, Isolation, Patience, Result, UserId};

pub const ENTRY: Entry = Entry {
    name: "db-serializable",
    how: "the naive listing at isolation SERIALIZABLE, bounded retry",
    promise: Promise::AtMost,
    one_per_user: false,
    needs: &[],
    known_failure: "retry storm",
    source: include_str!("db_serializable.rs"),
    build: |event| {
        Arc::new(DbSerializable {
            limit: event.limit,
            coupons: Arc::clone(&event.coupons),
            clock: Arc::clone(&event.clock),
            patience: event.patience,
        })
    },
};

struct DbSerializable {
    limit: u64,
    coupons: Arc<dyn CouponTable>,
    clock: Arc<dyn Clock>,
    patience: Patience,
}

#[async_trait]
impl Strategy for DbSerializable {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        for number in 1..=self.patience.tries {
            match self.try_once(user).await {
                Err(error) if error.is_conflict() => {
                    self.clock.back_off(self.patience.back_off(number)).await;
                }
                decided => return decided,
            }
        }
        Err(gave_up())
    }
}

impl DbSerializable {
    async fn try_once(&self, user: UserId) -> Result<Decision> {
        let transaction = self.coupons.begin(Isolation::Serializable).await?;
        if transaction.count().await? >= self.limit {
            transaction.rollback().await?;
            return Ok(Decision::SoldOut);
        }
        transaction.insert(user).await?;
        transaction.commit().await?;
        Ok(Decision::Issued)
    }
}
