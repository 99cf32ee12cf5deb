//! The coupon table behind a pool: one connection a statement, or one held for a whole claim.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;

use super::{
    error::{Errors, words},
    pool::{Pool, Pooled},
    statements::{Lend, Lent},
    texts::Sql,
    transaction::SqlTransaction,
};
use crate::{
    model::workload::DbConnection,
    ports::{CouponTable, Effect, Isolation, PortError, Result, Transaction, attempt},
    text::durations::SharedDurations,
};

/// [`CouponTable`] on any of the databases.
pub struct Table {
    pub(super) pool: Pool,
    pub(super) sql: Arc<Sql>,
    pub(super) errors: Errors,
    pub(super) connection: DbConnection,
    /// The times that calls have waited for a connection of the pool.
    pub(super) waits: Arc<SharedDurations>,
}

impl Table {
    /// The connection that this attempt holds, or a connection of the pool.
    async fn acquire(&self, step: &'static str) -> Result<Pooled> {
        if self.connection == DbConnection::Request
            && let Some(held) = attempt::take_held()
        {
            return Ok(held);
        }
        let begin = Instant::now();
        let acquired = self.pool.acquire().await;
        self.waits.record(begin.elapsed());
        // No statement was sent yet, so a failure here has no effect.
        acquired.map_err(|error| PortError::new(step, Effect::None, words(&error)))
    }
}

#[async_trait]
impl Lend for Table {
    async fn lend(&self, step: &'static str) -> Result<Lent<'_>> {
        let connection = self.acquire(step).await?;
        Ok(match self.connection {
            DbConnection::Statement => Lent::Pooled(connection),
            DbConnection::Request => Lent::Held(Some(connection)),
        })
    }

    fn sql(&self) -> &Sql {
        &self.sql
    }

    fn errors(&self) -> Errors {
        self.errors
    }
}

#[async_trait]
impl CouponTable for Table {
    async fn begin(&self, isolation: Isolation) -> Result<Box<dyn Transaction>> {
        let connection = self.acquire("BEGIN").await?;
        let transaction = SqlTransaction::begin(self, connection, isolation).await?;
        Ok(Box::new(transaction))
    }
}
