//! The database as the strategies see it: a table of coupons, one event row, transactions.

use async_trait::async_trait;

use super::{Result, UserId};

/// The event's own row: how many coupons it believes to have issued, and a version for optimistic locking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventRow {
    /// Coupons issued so far, as counted by the row.
    pub issued: u64,
    /// Goes up with every [`Statements::set_issued_if_version`] that succeeds.
    pub version: u64,
}

/// A coupon made beforehand, for strategies that hand out existing rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CouponId(pub u64);

/// How much a transaction sees of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// The database's own default, which is what most applications run at
    /// (PostgreSQL: read committed; MySQL: repeatable read; SQLite: a snapshot, one writer).
    Default,
    /// `SERIALIZABLE`: as if one after the other, or a conflict.
    Serializable,
}

/// The statements that make sense alone and in a transaction alike.
#[async_trait]
pub trait Statements: Send + Sync {
    /// `SELECT count(*) FROM coupon`
    async fn count(&self) -> Result<u64>;

    /// `INSERT INTO coupon (user_id) VALUES (user)`
    async fn insert(&self, user: UserId) -> Result<()>;

    /// The same where a unique key makes a second row impossible: whether the row is new.
    async fn insert_if_absent(&self, user: UserId) -> Result<bool>;

    /// `INSERT INTO coupon (user_id) VALUES (user), (user), …`: all of them or none.
    async fn insert_all(&self, users: &[UserId]) -> Result<()>;

    /// The same where a unique key makes a second row impossible: how many of the rows are new.
    async fn insert_all_if_absent(&self, users: &[UserId]) -> Result<u64>;

    /// `SELECT issued, version FROM event`
    async fn event(&self) -> Result<EventRow>;

    /// `UPDATE event SET issued = issued`
    async fn set_issued(&self, issued: u64) -> Result<()>;

    /// `UPDATE event SET issued = …, version = version + 1 WHERE version = …`: whether it still had that version.
    async fn set_issued_if_version(&self, issued: u64, version: u64) -> Result<bool>;

    /// `UPDATE event SET issued = issued + 1 WHERE issued < limit`: whether there was room.
    async fn increment_issued_below(&self, limit: u64) -> Result<bool>;
}

/// The coupon table of one run; each statement commits by itself.
#[async_trait]
pub trait CouponTable: Statements {
    /// Starts a transaction on a connection of its own.
    async fn begin(&self, isolation: Isolation) -> Result<Box<dyn Transaction>>;
}

/// An open transaction. Dropping it rolls it back, as a crash would.
#[async_trait]
pub trait Transaction: Statements {
    /// `SELECT issued, version FROM event FOR UPDATE`: waits for whoever holds the row.
    async fn lock_event(&self) -> Result<EventRow>;

    /// A lock by the event's name, held until the transaction has ended
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
