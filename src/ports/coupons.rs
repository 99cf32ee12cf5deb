//! The database as the strategies use it: a table of coupons, one event row, transactions.

use async_trait::async_trait;

use super::{Result, UserId};

/// The row of the event: its counter of issued coupons, and a version for optimistic locking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventRow {
    /// The counter of issued coupons. It can differ from the number of coupon rows.
    pub issued: u64,
    /// Increases with every [`Statements::set_issued_if_version`] that succeeds.
    pub version: u64,
}

/// A coupon row that exists before the run, for strategies that assign existing rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CouponId(pub u64);

/// The isolation level of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// The database's default, which most applications use
    /// (PostgreSQL: read committed; MySQL: repeatable read; SQLite: a snapshot, one writer).
    Default,
    /// `SERIALIZABLE`: the result of a serial order, or a conflict.
    Serializable,
}

/// The statements that can run alone or in a transaction.
///
/// # Errors
///
/// Every statement returns a [`PortError`](super::PortError) if the database refuses it, reports a conflict, or does not answer.
#[async_trait]
pub trait Statements: Send + Sync {
    /// `SELECT count(*) FROM coupon`
    async fn count(&self) -> Result<u64>;

    /// `INSERT INTO coupon (user_id) VALUES (user)`
    async fn insert(&self, user: UserId) -> Result<()>;

    /// The same with a unique key on the user. Returns whether the row is new.
    async fn insert_if_absent(&self, user: UserId) -> Result<bool>;

    /// `INSERT INTO coupon (user_id) VALUES (user), (user), …`: all rows or none.
    async fn insert_all(&self, users: &[UserId]) -> Result<()>;

    /// The same with a unique key on the user. Returns the number of new rows.
    async fn insert_all_if_absent(&self, users: &[UserId]) -> Result<u64>;

    /// `SELECT issued, version FROM event`
    async fn event(&self) -> Result<EventRow>;

    /// `UPDATE event SET issued = issued`
    async fn set_issued(&self, issued: u64) -> Result<()>;

    /// `UPDATE event SET issued = …, version = version + 1 WHERE version = …`: whether the row still had that version.
    async fn set_issued_if_version(&self, issued: u64, version: u64) -> Result<bool>;

    /// `UPDATE event SET issued = issued + 1 WHERE issued < limit`: whether the counter was below the limit.
    async fn increment_issued_below(&self, limit: u64) -> Result<bool>;
}

/// The coupon table of one run; each statement commits by itself.
#[async_trait]
pub trait CouponTable: Statements {
    /// Starts a transaction on its own connection.
    ///
    /// # Errors
    ///
    /// If no connection is available in time, or the database refuses the transaction.
    async fn begin(&self, isolation: Isolation) -> Result<Box<dyn Transaction>>;
}

/// An open transaction. Dropping it rolls it back, as a crash does.
///
/// # Errors
///
/// As for [`Statements`].
#[async_trait]
pub trait Transaction: Statements {
    /// `SELECT issued, version FROM event FOR UPDATE`: waits for the transaction that holds the row lock.
    async fn lock_event(&self) -> Result<EventRow>;

    /// Takes the lock with the event's name and holds it until the transaction has ended
    /// (PostgreSQL: `pg_advisory_xact_lock`; MySQL: `GET_LOCK`).
    async fn lock_name(&self) -> Result<()>;

    /// `SELECT id FROM coupon WHERE user_id IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED`
    async fn lock_free_coupon(&self) -> Result<Option<CouponId>>;

    /// `UPDATE coupon SET user_id = user WHERE id = coupon`
    async fn assign(&self, coupon: CouponId, user: UserId) -> Result<()>;

    /// `COMMIT`
    async fn commit(self: Box<Self>) -> Result<()>;

    /// `ROLLBACK`
    async fn rollback(self: Box<Self>) -> Result<()>;
}
