//! An open transaction on a connection of its own.
//!
//! Dropped before its end, it takes its connection with it, as a crash would: the server rolls back, and frees what the session
//! had locked. Whoever means to go on calls `rollback`, which keeps the connection.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use sqlx::{Any, Executor, pool::PoolConnection};
use tokio::sync::Mutex;

use super::{
    error::Errors,
    sql::Sql,
    statements::{self, Lend, Lent},
    table::Table,
};
use crate::{
    ports::{
        CouponId, Effect, EventRow, Isolation, PortError, Result, Transaction, UserId, attempt,
    },
    scenario::DbConnection,
};

pub struct SqlTransaction {
    /// `None` once the transaction has ended.
    connection: Option<Mutex<PoolConnection<Any>>>,
    sql: Arc<Sql>,
    errors: Errors,
    keep_for_request: bool,
    /// A named lock is held that belongs to the session and not to the transaction.
    holds_session_lock: AtomicBool,
}

impl SqlTransaction {
    pub async fn begin(
        table: &Table,
        mut connection: PoolConnection<Any>,
        isolation: Isolation,
    ) -> Result<Self> {
        let fail = |error: sqlx::Error| table.errors.read("BEGIN", &error);
        let begin = match isolation {
            Isolation::Default => &["BEGIN"][..],
            Isolation::Serializable => table.sql.begin_serializable,
        };
        let mut transaction = Self {
            connection: None,
            sql: Arc::clone(&table.sql),
            errors: table.errors,
            keep_for_request: table.connection == DbConnection::Request,
            holds_session_lock: AtomicBool::new(false),
        };
        for statement in begin {
            connection
                .execute(sqlx::raw_sql(*statement))
                .await
                .map_err(fail)?;
        }
        transaction.connection = Some(Mutex::new(connection));
        Ok(transaction)
    }

    fn over(step: &'static str) -> PortError {
        PortError::new(step, Effect::None, "the transaction has ended")
    }

    /// What remains to do once the transaction has ended well: give the session's lock back, then the connection.
    async fn give_back(&mut self) -> Result<()> {
        let release = self
            .sql
            .lock_name
            .as_ref()
            .and_then(|lock| lock.release.clone());
        if let Some(release) = release
            && self.holds_session_lock.load(Ordering::Relaxed)
        {
            statements::number(self, "RELEASE_LOCK", &release).await?;
            self.holds_session_lock.store(false, Ordering::Relaxed);
        }
        if let Some(connection) = self.connection.take()
            && self.keep_for_request
        {
            attempt::hold(connection.into_inner());
        }
        Ok(())
    }
}

impl Drop for SqlTransaction {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.into_inner().close_on_drop();
        }
    }
}

#[async_trait]
impl Lend for SqlTransaction {
    async fn lend(&self, step: &'static str) -> Result<Lent<'_>> {
        let connection = self.connection.as_ref().ok_or_else(|| Self::over(step))?;
        Ok(Lent::Transaction(connection.lock().await))
    }

    fn sql(&self) -> &Sql {
        &self.sql
    }

    fn errors(&self) -> Errors {
        self.errors
    }
}

#[async_trait]
impl Transaction for SqlTransaction {
    async fn lock_event(&self) -> Result<EventRow> {
        statements::event_row(self, "SELECT event FOR UPDATE", &self.sql.lock_event).await
    }

    async fn lock_name(&self) -> Result<()> {
        let step = "named lock";
        let Some(lock) = &self.sql.lock_name else {
            return Err(Errors::missing(step, "this database has no named locks"));
        };
        // Set before it is sent: a statement that is cut off in the middle may still get the lock.
        self.holds_session_lock
            .store(lock.release.is_some(), Ordering::Relaxed);
        statements::run(self, step, &lock.take, &[]).await?;
        Ok(())
    }

    async fn lock_free_coupon(&self) -> Result<Option<CouponId>> {
        let step = "SELECT free coupon FOR UPDATE SKIP LOCKED";
        let Some(sql) = &self.sql.lock_free_coupon else {
            return Err(Errors::missing(
                step,
                "this database cannot skip locked rows",
            ));
        };
        Ok(statements::number(self, step, sql).await?.map(CouponId))
    }

    async fn assign(&self, coupon: CouponId, user: UserId) -> Result<()> {
        statements::run(
            self,
            "UPDATE coupon SET user",
            &self.sql.assign,
            &[user.0, coupon.0],
        )
        .await?;
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<()> {
        let step = "COMMIT";
        if let Some(connection) = &self.connection {
            let mut connection = connection.lock().await;
            let committed = connection.execute(sqlx::raw_sql(step)).await;
            committed.map_err(|error| self.errors.write(step, &error))?;
        }
        self.give_back().await
    }

    async fn rollback(mut self: Box<Self>) -> Result<()> {
        let step = "ROLLBACK";
        if let Some(connection) = &self.connection {
            let mut connection = connection.lock().await;
            let rolled_back = connection.execute(sqlx::raw_sql(step)).await;
            rolled_back.map_err(|error| self.errors.read(step, &error))?;
        }
        self.give_back().await
    }
}
