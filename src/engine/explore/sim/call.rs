//! A call of a port and its answer, as data.

use std::borrow::Cow;

use crate::{
    model::interleaving::{self, Command, Observation, Statement},
    ports::{CouponId, Delivery, Effect, EventRow, Isolation, UserId},
};

/// The number of the first user of a simulation. It is large, so that a user's number cannot be mistaken for a count, a version
/// or a limit, wherever a strategy uses it.
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

/// The user's number in reports, from 1. An id that is not a user's stays unchanged.
pub fn shown(user: UserId) -> UserId {
    user_index(user).map_or(user, |index| UserId(index as u64 + 1))
}

fn all_shown(users: &[UserId]) -> Vec<UserId> {
    users.iter().copied().map(shown).collect()
}

/// The number of transactions that a task has begun before this one.
pub type Serial = u8;

/// The next call of a task.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Call {
    Begin(Isolation),
    /// A statement; without a serial, outside of a transaction.
    Sql(Option<Serial>, Statement),
    Commit(Serial),
    Rollback(Serial),
    Cache(CacheCall),
    Produce(UserId),
    Poll,
    CommitOffset(Vec<Delivery>),
    Lock,
    /// Not a step: a task that backs off lets other tasks go first, which other schedules do anyway.
    BackOff,
}

/// A command to Redis.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheCall {
    pub command: Command,
    /// The words of the command, as they are sent.
    pub words: Vec<String>,
}

/// The answer to a call.
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
    /// The answer to a poll after the last record.
    Over,
    Failed(CallFailure),
}

impl Answer {
    /// The answer as pictures show it, to this call.
    pub fn shown(&self, call: &Call) -> Observation {
        match self {
            Self::Done | Self::Opened(_) | Self::Fate(Fate::Delivered) => Observation::Done,
            Self::Flag(flag) => Observation::Changed(*flag),
            Self::Count(count) => match call {
                Call::Sql(_, Statement::InsertIfAbsent(_)) => Observation::New(*count),
                _ => Observation::Count(*count),
            },
            Self::Event(event) => Observation::Event(*event),
            Self::Coupon(coupon) => {
                Observation::Coupon(coupon.map(|coupon| CouponId(coupon.0 + 1)))
            }
            Self::Reply(reply) => reply.shown(),
            Self::Fate(_) => Observation::Failed("given up".to_owned()),
            Self::Delivered(batch) => Observation::Records(users_of(batch)),
            Self::Over => Observation::Over,
            Self::Failed(failure) => Observation::Failed(failure.message.to_owned()),
        }
    }
}

fn users_of(batch: &[Delivery]) -> Vec<UserId> {
    batch.iter().map(|delivery| shown(delivery.user)).collect()
}

/// The replies of Redis that the port distinguishes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reply {
    Int(i64),
    Text(Vec<u8>),
    Ok,
    Nil,
    Error(String),
}

impl Reply {
    fn shown(&self) -> Observation {
        match self {
            Self::Int(number) => Observation::Number(Some(*number)),
            Self::Text(text) => {
                let text = String::from_utf8_lossy(text);
                text.parse().map_or_else(
                    |_| Observation::Failed(text.into_owned()),
                    |number| Observation::Number(Some(number)),
                )
            }
            Self::Ok => Observation::Set(true),
            Self::Nil => Observation::Number(None),
            Self::Error(message) => Observation::Failed(message.clone()),
        }
    }
}

/// The delivery of a record that the producer has accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    Delivered,
    /// The broker refuses the record.
    Refused,
    /// There is no answer; the producer does not know whether the record was delivered.
    Unknown,
}

/// A call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallFailure {
    pub effect: Effect,
    pub message: &'static str,
}

impl CallFailure {
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

impl Call {
    /// The call as schedules and pictures show it.
    pub fn shown(&self) -> interleaving::Call {
        use interleaving::Call as Shown;
        match self {
            Self::Begin(isolation) => Shown::Begin(*isolation),
            Self::Sql(_, statement) => Shown::Sql(match statement {
                Statement::Insert(users) => Statement::Insert(all_shown(users)),
                Statement::InsertIfAbsent(users) => Statement::InsertIfAbsent(all_shown(users)),
                Statement::Assign(coupon, user) => Statement::Assign(*coupon, shown(*user)),
                other => other.clone(),
            }),
            Self::Commit(_) => Shown::Commit,
            Self::Rollback(_) => Shown::Rollback,
            Self::Cache(call) => Shown::Cache(call.command),
            Self::Produce(user) => Shown::Produce(shown(*user)),
            Self::Poll => Shown::Poll,
            Self::CommitOffset(batch) => Shown::CommitOffset(users_of(batch)),
            Self::Lock => Shown::Lock,
            Self::BackOff => Shown::BackOff,
        }
    }

    /// The call as errors and schedules name it.
    pub fn name(&self) -> Cow<'static, str> {
        self.shown().name()
    }

    /// The users whose coupons the call writes.
    pub fn users(&self) -> Vec<UserId> {
        self.shown().users().to_vec()
    }

    /// Whether the call can fail. A lock in memory cannot.
    pub fn can_fail(&self) -> bool {
        !matches!(self, Self::Lock | Self::BackOff | Self::Poll)
    }
}
