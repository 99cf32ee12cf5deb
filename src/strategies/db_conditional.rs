//! `db-conditional`: one `UPDATE` compares and counts; the insert is in the same transaction.
//!
//! ```text
//!   u1                              u2
//!   UPDATE issued = issued + 1
//!     WHERE issued < 100   → 1 row
//!                                   UPDATE … WHERE issued < 100 … waits for the row
//!   INSERT (the 100th)
//!   COMMIT
//!                                   → 0 rows
//!                                   ROLLBACK, sold out
//! ```
//!
//! Exact: check and act are one statement, and the row stays locked until the transaction commits. A unique key on the user
//! rejects a user's second claim, and the rollback undoes its `UPDATE`. All claims update the same row, a hot row.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Need, Promise, Strategy};
use crate::ports::{CouponTable, Isolation, Result, UserId};

pub const ENTRY: Entry = Entry {
    name: "db-conditional",
    how: "UPDATE event SET issued = issued + 1 WHERE issued < limit, INSERT in the same transaction",
    promise: Promise::Exact,
    one_per_user: true,
    needs: &[Need::UniqueUser],
    known_failure: "hot row",
    source: include_str!("db_conditional.rs"),
    build: |event| {
        Arc::new(DbConditional {
            limit: event.limit,
            coupons: Arc::clone(&event.coupons),
        })
    },
};

struct DbConditional {
    limit: u64,
    coupons: Arc<dyn CouponTable>,
}

#[async_trait]
impl Strategy for DbConditional {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let transaction = self.coupons.begin(Isolation::Default).await?;
        if !transaction.increment_issued_below(self.limit).await? {
            transaction.rollback().await?;
            return Ok(Decision::SoldOut);
        }
        if !transaction.insert_if_absent(user).await? {
            transaction.rollback().await?;
            return Ok(Decision::Duplicate);
        }
        transaction.commit().await?;
        Ok(Decision::Issued)
    }
}
