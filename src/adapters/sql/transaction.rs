//! An open transaction on a separate connection.
//!
//! A transaction that is dropped before its end is rolled back in the background, as after a crash. If it holds a lock of the
//! session, the session is closed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::{
    error::Errors,
    pool::Pooled,
    statements::{self, Lend, Lent},
    table::Table,
    texts::Sql,
};
use crate::{
    model::workload::DbConnection,
    ports::{
        CouponId, Effect, EventRow, Isolation, PortError, Result, Transaction, UserId, attempt,
    },
};

pub struct SqlTransaction {
    /// `None` once the transaction has ended.
    connection: Option<Mutex<Pooled>>,
    sql: Arc<Sql>,
    errors: Errors,
    keep_for_request: bool,
    /// Whether a named lock is held that belongs to the session and not to the transaction.
    holds_session_lock: AtomicBool,
}

impl SqlTransaction {
    pub async fn begin(table: &Table, connection: Pooled, isolation: Isolation) -> Result<Self> {
        let fail = |error: sqlx::Error| table.errors.read("BEGIN", &error);
        let statements = match isolation {
            Isolation::Default => &["BEGIN"][..],
            Isolation::Serializable => table.sql.begin_serializable,
        };
        // The connection is held from the first statement on, so that a future that is dropped during the statement leaves no open transaction.
        let transaction = Self {
            connection: Some(Mutex::new(connection)),
            sql: Arc::clone(&table.sql),
            errors: table.errors,
            keep_for_request: table.connection == DbConnection::Request,
            holds_session_lock: AtomicBool::new(false),
        };
        if let Some(connection) = &transaction.connection {
            let mut connection = connection.lock().await;
            for statement in statements {
                let done = connection.run(*statement).await;
                done.map_err(fail)?;
            }
        }
        Ok(transaction)
    }

    fn over(step: &'static str) -> PortError {
        PortError::new(step, Effect::None, "the transaction has ended")
    }

    /// What remains to do once the transaction has ended well: give the session's lock back, then the connection. If the lock
    /// cannot be given back, the session ends with it (in `drop`); the transaction has ended well all the same.
    async fn give_back(&mut self) {
        let release = self
            .sql
            .lock_name
            .as_ref()
            .and_then(|lock| lock.release.clone());
        if let Some(release) = release
            && self.holds_session_lock.load(Ordering::Relaxed)
        {
            if statements::number(self, "RELEASE_LOCK", &release)
                .await
                .is_err()
            {
                return;
            }
            self.holds_session_lock.store(false, Ordering::Relaxed);
        }
        if let Some(connection) = self.connection.take()
            && self.keep_for_request
        {
            attempt::hold(connection.into_inner());
        }
    }
}

impl Drop for SqlTransaction {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        let mut connection = connection.into_inner();
        let runtime = tokio::runtime::Handle::try_current();
        match runtime {
            Ok(runtime) if !self.holds_session_lock.load(Ordering::Relaxed) => {
                runtime.spawn(async move {
                    if connection.run("ROLLBACK").await.is_err() {
                        connection.close_on_drop();
                    }
                });
            }
            // At the end of a session the server rolls back its transaction and releases its locks.
            _ => connection.close_on_drop(),
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
        // Set before the statement is sent, because an interrupted statement may still get the lock.
        self.holds_session_lock
            .store(lock.release.is_some(), Ordering::Relaxed);
        match statements::number(self, step, &lock.take).await? {
            Some(1) => Ok(()),
            _ => Err(PortError::new(
                step,
                Effect::Conflict,
                "not to be had in time",
            )),
        }
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
        statements::execute(
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
            let committed = connection.run(step).await;
            committed.map_err(|error| self.errors.write(step, &error))?;
        }
        self.give_back().await;
        Ok(())
    }

    async fn rollback(mut self: Box<Self>) -> Result<()> {
        let step = "ROLLBACK";
        if let Some(connection) = &self.connection {
            let mut connection = connection.lock().await;
            let rolled_back = connection.run(step).await;
            rolled_back.map_err(|error| self.errors.read(step, &error))?;
        }
        self.give_back().await;
        Ok(())
    }
}
