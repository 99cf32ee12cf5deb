//! `db-optimistic`: read the event row with its version, and update the row only if the version is unchanged.
//!
//! ```text
//!   u1                              u2
//!   SELECT event   → 99, version 7
//!                                   SELECT event   → 99, version 7
//!   UPDATE … WHERE version = 7  ✓
//!   INSERT (the 100th), COMMIT
//!                                   UPDATE … WHERE version = 7  ✗
//!                                   ROLLBACK, retry
//!                                   SELECT event   → 100, version 8
//!                                   sold out
//! ```
//!
//! At most the limit: of all claims that read the same version, one succeeds. The other claims retry a bounded number of
//! times. Under high load most of this work is wasted, and a user whose retries run out is refused although coupons are left.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Entry, Promise, Strategy, gave_up};
use crate::ports::{Clock, CouponTable, Isolation, Patience, Result, UserId};

pub const ENTRY: Entry = Entry {
    name: "db-optimistic",
    how: "version column on the event row, bounded retry",
    promise: Promise::AtMost,
    one_per_user: false,
    needs: &[],
    known_failure: "retry storm; under-issue when retries run out",
    source: include_str!("db_optimistic.rs"),
    build: |event| {
        Arc::new(DbOptimistic {
            limit: event.limit,
            coupons: Arc::clone(&event.coupons),
            clock: Arc::clone(&event.clock),
            patience: event.patience,
        })
    },
};

struct DbOptimistic {
    limit: u64,
    coupons: Arc<dyn CouponTable>,
    clock: Arc<dyn Clock>,
    patience: Patience,
}

#[async_trait]
impl Strategy for DbOptimistic {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        for number in 1..=self.patience.tries {
            match self.try_once(user).await {
                Ok(Some(decision)) => return Ok(decision),
                Err(error) if !error.is_conflict() => return Err(error),
                Ok(None) | Err(_) => self.clock.back_off(self.patience.back_off(number)).await,
            }
        }
        Err(gave_up())
    }
}

impl DbOptimistic {
    /// One transaction; `None` if another claim has changed the version.
    async fn try_once(&self, user: UserId) -> Result<Option<Decision>> {
        let transaction = self.coupons.begin(Isolation::Default).await?;
        let event = transaction.event().await?;
        if event.issued >= self.limit {
            transaction.rollback().await?;
            return Ok(Some(Decision::SoldOut));
        }
        let unchanged = transaction
            .set_issued_if_version(event.issued + 1, event.version)
            .await?;
        if !unchanged {
            transaction.rollback().await?;
            return Ok(None);
        }
        transaction.insert(user).await?;
        transaction.commit().await?;
        Ok(Some(Decision::Issued))
    }
}
