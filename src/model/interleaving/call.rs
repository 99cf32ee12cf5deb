//! A call of a port and its answer as data, with their names in schedules and diagrams.
//!
//! The errors of [`crate::adapters`] use the same names.

use std::borrow::Cow;

use crate::ports::{CouponId, EventRow, Isolation, UserId};

/// A statement, inside or outside a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Statement {
    /// Counts the rows.
    Count,
    /// Inserts a row for each of these users.
    Insert(Vec<UserId>),
    /// Inserts a row for each of these users that has none.
    InsertIfAbsent(Vec<UserId>),
    /// Reads the event row.
    Event,
    /// Writes the counter of the event row.
    SetIssued(u64),
    /// Writes the counter if the version is unchanged.
    SetIssuedIfVersion {
        /// The counter that is written.
        issued: u64,
        /// The version that the row must have.
        version: u64,
    },
    /// Increments the counter if it is below this limit.
    IncrementIssuedBelow(u64),
    /// Locks the event row.
    LockEvent,
    /// Takes the lock with the event's name.
    LockName,
    /// Locks a coupon without a user.
    LockFreeCoupon,
    /// Assigns the coupon to this user.
    Assign(CouponId, UserId),
}

impl Statement {
    /// The name in schedules and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Count => "SELECT count(*)",
            Self::Insert(_) => "INSERT coupon",
            Self::InsertIfAbsent(_) => "INSERT coupon IF ABSENT",
            Self::Event => "SELECT event",
            Self::SetIssued(_) => "UPDATE event SET issued",
            Self::SetIssuedIfVersion { .. } => "UPDATE event IF VERSION",
            Self::IncrementIssuedBelow(_) => "UPDATE event WHERE issued < limit",
            Self::LockEvent => "SELECT event FOR UPDATE",
            Self::LockName => "named lock",
            Self::LockFreeCoupon => "SELECT free coupon FOR UPDATE SKIP LOCKED",
            Self::Assign(..) => "UPDATE coupon SET user",
        }
    }
}

/// A Redis command with its key or the name of its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// `INCR`
    Incr(&'static str),
    /// `DECR`
    Decr(&'static str),
    /// `GET`
    Get(&'static str),
    /// `SADD`
    Sadd(&'static str),
    /// `SREM`
    Srem(&'static str),
    /// `SET … NX PX`
    SetNxPx(&'static str),
    /// `EVALSHA`
    Script(&'static str),
}

impl Command {
    /// The name in schedules and errors, such as `INCR coupon_count`.
    pub fn name(self) -> String {
        match self {
            Self::Incr(key) => format!("INCR {key}"),
            Self::Decr(key) => format!("DECR {key}"),
            Self::Get(key) => format!("GET {key}"),
            Self::Sadd(key) => format!("SADD {key}"),
            Self::Srem(key) => format!("SREM {key}"),
            Self::SetNxPx(key) => format!("SET {key} NX PX"),
            Self::Script(name) => format!("EVALSHA {name}"),
        }
    }
}

/// A call of a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Call {
    /// Starts a transaction.
    Begin(Isolation),
    /// A statement, inside or outside a transaction.
    Sql(Statement),
    /// Ends a transaction.
    Commit,
    /// Ends a transaction.
    Rollback,
    /// A Redis command.
    Cache(Command),
    /// Hands the record of this user to the producer.
    Produce(UserId),
    /// Reads the next records.
    Poll,
    /// Commits the offsets after the records of these users.
    CommitOffset(Vec<UserId>),
    /// Takes the in-process lock.
    Lock,
    /// Waits before a retry. It is no step of a schedule.
    BackOff,
}

impl Call {
    /// The name in schedules and errors.
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Begin(Isolation::Default) => "BEGIN".into(),
            Self::Begin(Isolation::Serializable) => "BEGIN SERIALIZABLE".into(),
            Self::Sql(statement) => statement.name().into(),
            Self::Commit => "COMMIT".into(),
            Self::Rollback => "ROLLBACK".into(),
            Self::Cache(command) => command.name().into(),
            Self::Produce(_) => "produce coupon_create".into(),
            Self::Poll => "poll coupon_create".into(),
            Self::CommitOffset(_) => "commit offset".into(),
            Self::Lock => "lock mutex".into(),
            Self::BackOff => "back off".into(),
        }
    }

    /// The users whose coupons the call is about.
    pub fn users(&self) -> &[UserId] {
        match self {
            Self::Sql(Statement::Insert(users) | Statement::InsertIfAbsent(users))
            | Self::CommitOffset(users) => users,
            Self::Sql(Statement::Assign(_, user)) | Self::Produce(user) => {
                std::slice::from_ref(user)
            }
            _ => &[],
        }
    }

    /// The name with the numbers that the call writes, and with its users unless `own` says that they are the actor itself.
    pub fn text(&self, own: bool) -> String {
        let name = self.name();
        match self {
            Self::Sql(Statement::SetIssued(issued)) => format!("{name} = {issued}"),
            Self::Sql(Statement::SetIssuedIfVersion { version, .. }) => {
                format!("{name} = {version}")
            }
            _ if !own && !self.users().is_empty() => {
                format!("{name} ({})", user_names(self.users()))
            }
            _ => name.into_owned(),
        }
    }
}

/// The answer to a call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Observation {
    /// The call is done.
    Done,
    /// Whether the statement changed a row.
    Changed(bool),
    /// A number of rows.
    Count(u64),
    /// The number of new rows.
    New(u64),
    /// The event row.
    Event(EventRow),
    /// A free coupon, which the transaction has locked.
    Coupon(Option<CouponId>),
    /// A number; `None` if the key does not exist.
    Number(Option<i64>),
    /// Whether the key was free.
    Set(bool),
    /// The records of these users.
    Records(Vec<UserId>),
    /// The end of the topic.
    Over,
    /// An error with the message of the service.
    Failed(String),
}

impl Observation {
    /// The text in a diagram; `None` for [`Self::Done`].
    pub fn text(&self) -> Option<String> {
        Some(match self {
            Self::Done => return None,
            Self::Changed(true) => "1 row".to_owned(),
            Self::Changed(false) => "0 rows".to_owned(),
            Self::Count(count) => count.to_string(),
            Self::New(count) => format!("{count} new"),
            Self::Event(event) => format!("issued {}, version {}", event.issued, event.version),
            Self::Coupon(Some(coupon)) => format!("coupon {}", coupon.0),
            Self::Coupon(None) => "none".to_owned(),
            Self::Number(Some(number)) => number.to_string(),
            Self::Number(None) | Self::Set(false) => "nil".to_owned(),
            Self::Set(true) => "OK".to_owned(),
            Self::Records(users) => user_names(users),
            Self::Over => "over".to_owned(),
            Self::Failed(message) => message.clone(),
        })
    }
}

/// `u1`
pub fn user_name(user: UserId) -> String {
    format!("u{user}")
}

/// `u1, u2`
pub fn user_names(users: &[UserId]) -> String {
    let names: Vec<_> = users.iter().copied().map(user_name).collect();
    names.join(", ")
}
