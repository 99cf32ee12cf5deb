//! A call of a port and its answer, as data: what a task wants to do next, and what it then learns.

use std::borrow::Cow;

use crate::ports::{CouponId, Delivery, Effect, EventRow, Isolation, UserId};

/// Users of a simulation are numbered from here, so that a user's number cannot be mistaken for a count, a version or a
/// limit, wherever a strategy puts it.
const FIRST_USER: u64 = 7_000_001;

/// The id of the user with this index, from 0.
pub fn user_id(index: usize) -> UserId {
    UserId(FIRST_USER + index as u64)
}

/// The index of a user's id, from 0.
pub fn user_index(user: UserId) -> Option<usize> {
    let index = usize::try_from(user.0.checked_sub(FIRST_USER)?).ok()?;
    (index < 100).then_some(index)
}

/// `u1`, or whatever number was used instead of a user's.
pub fn user_name(user: UserId) -> String {
    match user_index(user) {
        Some(index) => format!("u{}", index + 1),
        None => format!("user {user}"),
    }
}

/// `u1, u2`
pub fn user_names(users: impl IntoIterator<Item = UserId>) -> String {
    let names: Vec<_> = users.into_iter().map(user_name).collect();
    names.join(", ")
}

/// A statement, in or outside of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Statement {
    Count,
    Insert(Vec<UserId>),
    InsertIfAbsent(Vec<UserId>),
    Event,
    SetIssued(u64),
    SetIssuedIfVersion { issued: u64, version: u64 },
    IncrementIssuedBelow(u64),
    LockEvent,
    LockName,
    LockFreeCoupon,
    Assign(CouponId, UserId),
}

/// A transaction of a task: how many it has begun before.
pub type Serial = u8;

/// What a task wants to do next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Call {
    Begin(Isolation),
    /// Outside of a transaction where there is no serial.
    Sql(Option<Serial>, Statement),
    Commit(Serial),
    Rollback(Serial),
    Cache(CacheCall),
    Produce(UserId),
    Poll,
    CommitOffset(Vec<Delivery>),
    Lock,
    /// No step: whoever backs off can only be overtaken, which every schedule allows anyway.
    BackOff,
}

/// A command to Redis.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheCall {
    /// As a schedule names it.
    pub name: Cow<'static, str>,
    pub words: Vec<String>,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Answer {
    Done,
    Flag(bool),
    Count(u64),
    Event(EventRow),
    Coupon(Option<CouponId>),
    Opened(Serial),
    Reply(Reply),
    Fate(Fate),
    Delivered(Vec<Delivery>),
    /// To a poll: nothing will come any more.
    Over,
    Failed(Failure),
}

/// What Redis replies, as far as the port tells it apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reply {
    Int(i64),
    Text(Vec<u8>),
    Ok,
    Nil,
    Error(String),
}

/// What becomes of a record that the producer has accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    Delivered,
    /// The broker refuses it.
    Refused,
    /// Nobody answers; whether it is there, only the world knows.
    Unknown,
}

/// A call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Failure {
    pub effect: Effect,
    pub message: &'static str,
}

impl Failure {
    pub const REFUSED: Self = Self::none("refused");
    pub const NO_ANSWER: Self = Self {
        effect: Effect::Unknown,
        message: "no answer",
    };

    pub const fn none(message: &'static str) -> Self {
        Self {
            effect: Effect::None,
            message,
        }
    }

    pub const fn conflict(message: &'static str) -> Self {
        Self {
            effect: Effect::Conflict,
            message,
        }
    }
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

impl Call {
    /// As errors and schedules name it.
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Begin(Isolation::Default) => "BEGIN".into(),
            Self::Begin(Isolation::Serializable) => "BEGIN SERIALIZABLE".into(),
            Self::Sql(_, statement) => statement.name().into(),
            Self::Commit(_) => "COMMIT".into(),
            Self::Rollback(_) => "ROLLBACK".into(),
            Self::Cache(call) => call.name.clone(),
            Self::Produce(_) => "produce coupon_create".into(),
            Self::Poll => "poll coupon_create".into(),
            Self::CommitOffset(_) => "commit offset".into(),
            Self::Lock => "lock mutex".into(),
            Self::BackOff => "back off".into(),
        }
    }

    /// The users whose coupons it is about.
    pub fn users(&self) -> Vec<UserId> {
        match self {
            Self::Sql(_, Statement::Insert(users) | Statement::InsertIfAbsent(users)) => {
                users.clone()
            }
            Self::Sql(_, Statement::Assign(_, user)) | Self::Produce(user) => vec![*user],
            Self::CommitOffset(batch) => batch.iter().map(|delivery| delivery.user).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it can fail at all: a lock in memory cannot.
    pub fn can_fail(&self) -> bool {
        !matches!(self, Self::Lock | Self::BackOff | Self::Poll)
    }
}
