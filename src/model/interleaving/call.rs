//! A call of a port and what came back, as data: how schedules and pictures name the one and show the other.
//!
//! The names are those of the errors of [`crate::adapters`].

use std::borrow::Cow;

use crate::ports::{CouponId, EventRow, Isolation, UserId};

/// A statement, in or outside of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Statement {
    /// Counts the rows.
    Count,
    /// A row for each of these users.
    Insert(Vec<UserId>),
    /// A row for each of these users that has none.
    InsertIfAbsent(Vec<UserId>),
    /// Reads the event row.
    Event,
    /// Writes its counter.
    SetIssued(u64),
    /// Writes its counter unless somebody else has.
    SetIssuedIfVersion {
        /// What is written.
        issued: u64,
        /// What must still be there.
        version: u64,
    },
    /// Raises its counter below this limit.
    IncrementIssuedBelow(u64),
    /// Locks the event row.
    LockEvent,
    /// Takes the lock that goes by the event's name.
    LockName,
    /// Locks a coupon that nobody has.
    LockFreeCoupon,
    /// Gives it to this user.
    Assign(CouponId, UserId),
}

impl Statement {
    /// As the databases behind the port name it.
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

/// A command to Redis, with its key or its script's name.
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
    /// `INCR coupon_count`
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
    /// A statement, in or outside of a transaction.
    Sql(Statement),
    /// Ends it.
    Commit,
    /// Ends it.
    Rollback,
    /// A command to Redis.
    Cache(Command),
    /// Hands this user's record to the producer.
    Produce(UserId),
    /// Reads the next records.
    Poll,
    /// Commits the offsets after the records of these users.
    CommitOffset(Vec<UserId>),
    /// Takes the lock in memory.
    Lock,
    /// Waits before trying again: no step.
    BackOff,
}

impl Call {
    /// As errors and schedules name it.
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

    /// The users whose coupons it is about.
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

    /// With the numbers that are written, and with the users where they are not the actor's own.
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

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Observation {
    /// That it is done.
    Done,
    /// Whether a row was changed.
    Changed(bool),
    /// So many rows.
    Count(u64),
    /// So many rows that were not there before.
    New(u64),
    /// The event row.
    Event(EventRow),
    /// A coupon that is free now.
    Coupon(Option<CouponId>),
    /// A number, or nothing where there was none.
    Number(Option<i64>),
    /// Whether the key was free.
    Set(bool),
    /// The records of these users.
    Records(Vec<UserId>),
    /// Nothing will come any more.
    Over,
    /// An error, in the service's words.
    Failed(String),
}

impl Observation {
    /// In few words; `None` where it says nothing.
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
