//! The connections of a run: opened when first needed, given to callers in the order of their requests, and kept for the next caller.
//!
//! The pool of sqlx is not used. It checks every returned connection with a round trip, which would add load to the measured
//! database. This pool reuses a connection whose last statement ended, and closes any other connection.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::join_all;
use sqlx::{Error, SqlSafeStr, SqlStr};
use tokio::sync::Semaphore;

use super::{connection::Connection, error, link::Link};

/// Hands out connections. Clones share them.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    link: Link,
    size: u32,
    /// How long a caller waits for a connection.
    patience: Duration,
    /// First come, first served.
    places: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    /// Creates a pool without a connection.
    pub fn new(link: &Link, size: u32, patience: Duration) -> Self {
        Self(Arc::new(Shared {
            link: link.clone(),
            size,
            patience,
            places: Semaphore::new(size as usize),
            idle: Mutex::default(),
        }))
    }

    /// Waits for a connection, which is opened if there are fewer than the pool may have.
    pub async fn acquire(&self) -> Result<Pooled, Error> {
        let shared = &self.0;
        let turn = async {
            let place = shared.places.acquire().await;
            let place = place.map_err(|_| Error::PoolClosed)?;
            let idle = shared.idle().pop();
            let connection = match idle {
                Some(connection) => connection,
                None => shared.link.connect().await?,
            };
            // The permit is returned when the connection is dropped.
            place.forget();
            Ok(Pooled {
                connection: Some(connection),
                sound: true,
                pool: Arc::clone(shared),
            })
        };
        let patience = tokio::time::timeout(shared.patience, turn);
        patience.await.unwrap_or(Err(Error::PoolTimedOut))
    }

    /// Waits until all connections are returned, and closes them.
    pub async fn close(&self) {
        let shared = &self.0;
        // Fails only if the pool is closed already.
        let _all = shared.places.acquire_many(shared.size).await;
        shared.places.close();
        let idle = std::mem::take(&mut *shared.idle());
        join_all(idle.into_iter().map(Connection::close)).await;
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        // The list is valid at any time, so a poisoned lock is harmless.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that returns to the pool when this value is dropped. It is closed if its last statement did not end.
pub struct Pooled {
    /// `None` only while this value is dropped.
    connection: Option<Connection>,
    /// Whether no statement runs and other callers can use the session.
    sound: bool,
    pool: Arc<Shared>,
}

impl Pooled {
    /// Runs a statement without values.
    pub async fn run(&mut self, text: impl SqlSafeStr) -> Result<(), Error> {
        let done = self.begin()?.run(text.into_sql_str()).await;
        self.ended(&done);
        done
    }

    /// Runs a statement with values. Returns the number of changed rows.
    pub async fn execute(&mut self, text: SqlStr, values: &[i64]) -> Result<u64, Error> {
        let done = self.begin()?.execute(text, values).await;
        self.ended(&done);
        done
    }

    /// The first row of a statement without values, of at most two numbers.
    pub async fn numbers(&mut self, text: SqlStr) -> Result<Option<(i64, i64)>, Error> {
        let row = self.begin()?.numbers(text).await;
        self.ended(&row);
        row
    }

    /// Lends the connection for one statement. The caller reports the end of the statement with [`Pooled::ended`].
    pub fn begin(&mut self) -> Result<&mut Connection, Error> {
        self.sound = false;
        // `None` only while this value is dropped.
        self.connection.as_mut().ok_or(Error::PoolClosed)
    }

    /// Records the end of the statement. A refused statement leaves the session usable.
    pub fn ended<T>(&mut self, done: &Result<T, Error>) {
        self.sound = done.as_ref().err().is_none_or(error::leaves_session);
    }

    /// Closes the session, with its locks, when this is dropped.
    pub fn close_on_drop(&mut self) {
        self.sound = false;
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        if let (Some(connection), true) = (self.connection.take(), self.sound) {
            self.pool.idle().push(connection);
        }
        self.pool.places.add_permits(1);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::{
        adapters::sql::{Schema, connect::Access},
        input::address::DbTarget,
    };

    /// A pool on a private SQLite file, which is removed with the access.
    fn pool(size: u32) -> (Pool, Access) {
        let (schema, patience) = (Schema::default(), Duration::from_secs(1));
        let access = Access::to(&DbTarget::PrivateSqlite, None, "pool", schema, patience).unwrap();
        (Pool::new(&access.link, size, patience), access)
    }

    /// A temporary table belongs to one session, so it identifies the session.
    async fn mark(connection: &mut Pooled) {
        let mark = connection.run("CREATE TEMP TABLE mark (x INT)");
        mark.await.unwrap();
    }

    async fn is_marked(pool: &Pool) -> bool {
        let mut connection = pool.acquire().await.unwrap();
        let count = "SELECT count(*) FROM sqlite_temp_master";
        let row = connection.numbers(count.into_sql_str()).await;
        row.unwrap().unwrap().0 == 1
    }

    #[tokio::test]
    async fn a_connection_that_served_is_given_on_even_after_a_refusal() {
        let (pool, _file) = pool(1);
        let mut connection = pool.acquire().await.unwrap();
        mark(&mut connection).await;
        let nonsense = connection.run("NONSENSE").await;
        assert!(nonsense.is_err());
        drop(connection);
        assert!(is_marked(&pool).await);
    }

    #[tokio::test]
    async fn a_connection_whose_statement_did_not_end_is_not() {
        let (pool, _file) = pool(1);
        let mut connection = pool.acquire().await.unwrap();
        mark(&mut connection).await;
        connection.begin().unwrap();
        drop(connection);
        assert!(!is_marked(&pool).await);
    }

    #[tokio::test]
    async fn the_pool_never_exceeds_its_size() {
        let (pool, _file) = pool(2);
        let held = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
        let refused = pool.acquire().await.err().unwrap();
        assert!(matches!(refused, Error::PoolTimedOut), "{refused}");
        drop(held);
        assert!(pool.acquire().await.is_ok());
    }

    #[tokio::test]
    async fn closing_waits_for_connections_in_use() {
        let (pool, _file) = pool(2);
        let held = pool.acquire().await.unwrap();
        let mut closing = Box::pin(pool.close());
        assert!(futures::poll!(&mut closing).is_pending());
        drop(held);
        closing.await;
        let refused = pool.acquire().await.err().unwrap();
        assert!(matches!(refused, Error::PoolClosed), "{refused}");
    }
}
