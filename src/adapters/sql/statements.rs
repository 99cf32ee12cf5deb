//! The statements of [`crate::ports::Statements`], for a pool and for a transaction.

use async_trait::async_trait;
use sqlx::SqlStr;
use tokio::sync::MutexGuard;

use super::{
    error::Errors,
    pool::Pooled,
    texts::{Insert, Sql},
};
use crate::ports::{EventRow, Result, Statements, UserId, attempt};

/// A source of connections for one statement.
#[async_trait]
pub trait Lend: Send + Sync {
    /// A connection for `step`.
    async fn lend(&self, step: &'static str) -> Result<Lent<'_>>;
    /// The statements' text.
    fn sql(&self) -> &Sql;
    /// The classification of errors of this database.
    fn errors(&self) -> Errors;
}

/// A connection for one statement, with its origin.
pub enum Lent<'a> {
    /// From the pool, and returned to the pool.
    Pooled(Pooled),
    /// Kept by the attempt until its end. `None` only while it is being dropped.
    Held(Option<Pooled>),
    /// The connection of the transaction.
    Transaction(MutexGuard<'a, Pooled>),
}

impl Lent<'_> {
    fn connection(&mut self) -> Option<&mut Pooled> {
        match self {
            Self::Pooled(connection) => Some(connection),
            Self::Held(connection) => connection.as_mut(),
            Self::Transaction(connection) => Some(connection),
        }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Self::Held(connection) = self
            && let Some(connection) = connection.take()
        {
            attempt::hold(connection);
        }
    }
}

/// Runs a statement. Returns the number of changed rows.
pub async fn execute(
    lender: &impl Lend,
    step: &'static str,
    sql: &SqlStr,
    values: &[u64],
) -> Result<u64> {
    let mut lent = lender.lend(step).await?;
    let Some(connection) = lent.connection() else {
        return Ok(0);
    };
    let values: Vec<_> = values.iter().map(|value| value.cast_signed()).collect();
    let changed = connection.execute(sql.clone(), &values).await;
    changed.map_err(|error| lender.errors().write(step, &error))
}

/// Inserts a coupon for each of `users` in one statement. Returns the number of new rows.
async fn insert(
    lender: &impl Lend,
    step: &'static str,
    insert: &Insert,
    users: &[UserId],
) -> Result<u64> {
    if users.is_empty() {
        return Ok(0);
    }
    let values: Vec<_> = users.iter().map(|user| user.0).collect();
    execute(lender, step, &insert.rows(users.len()), &values).await
}

/// Reads at most one row of at most two numbers.
async fn read(lender: &impl Lend, step: &'static str, sql: &SqlStr) -> Result<Option<(u64, u64)>> {
    let mut lent = lender.lend(step).await?;
    let Some(connection) = lent.connection() else {
        return Ok(None);
    };
    let row = connection.numbers(sql.clone()).await;
    let row = row.map_err(|error| lender.errors().read(step, &error))?;
    Ok(row.map(|(first, second)| (first.cast_unsigned(), second.cast_unsigned())))
}

/// Reads the event row with `sql`.
pub async fn event_row(lender: &impl Lend, step: &'static str, sql: &SqlStr) -> Result<EventRow> {
    let (issued, version) = read(lender, step, sql)
        .await?
        .ok_or_else(|| Errors::missing(step, "the event row is gone"))?;
    Ok(EventRow { issued, version })
}

/// The first number of the first row of `sql`.
pub async fn number(lender: &impl Lend, step: &'static str, sql: &SqlStr) -> Result<Option<u64>> {
    Ok(read(lender, step, sql).await?.map(|(first, _)| first))
}

#[async_trait]
impl<L: Lend> Statements for L {
    async fn count(&self) -> Result<u64> {
        let step = "SELECT count(*)";
        let count = number(self, step, &self.sql().count).await?;
        count.ok_or_else(|| Errors::missing(step, "no row came back"))
    }

    async fn insert(&self, user: UserId) -> Result<()> {
        self.insert_all(&[user]).await
    }

    async fn insert_if_absent(&self, user: UserId) -> Result<bool> {
        Ok(self.insert_all_if_absent(&[user]).await? > 0)
    }

    async fn insert_all(&self, users: &[UserId]) -> Result<()> {
        insert(self, "INSERT coupon", &self.sql().insert, users).await?;
        Ok(())
    }

    async fn insert_all_if_absent(&self, users: &[UserId]) -> Result<u64> {
        let sql = &self.sql().insert_if_absent;
        insert(self, "INSERT coupon IF ABSENT", sql, users).await
    }

    async fn event(&self) -> Result<EventRow> {
        event_row(self, "SELECT event", &self.sql().event).await
    }

    async fn set_issued(&self, issued: u64) -> Result<()> {
        execute(
            self,
            "UPDATE event SET issued",
            &self.sql().set_issued,
            &[issued],
        )
        .await?;
        Ok(())
    }

    async fn set_issued_if_version(&self, issued: u64, version: u64) -> Result<bool> {
        let sql = &self.sql().set_issued_if_version;
        let changed = execute(self, "UPDATE event IF VERSION", sql, &[issued, version]).await?;
        Ok(changed > 0)
    }

    async fn increment_issued_below(&self, limit: u64) -> Result<bool> {
        let sql = &self.sql().increment_issued_below;
        let changed = execute(self, "UPDATE event WHERE issued < limit", sql, &[limit]).await?;
        Ok(changed > 0)
    }
}
