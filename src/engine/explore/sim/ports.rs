//! The ports over the mailboxes: a call becomes data, and the answer becomes a value.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{
    call::{Answer, CacheCall, Call, Fate, Reply, Serial},
    mailbox::{Mailboxes, Released},
};
use crate::{
    model::interleaving::{Command, Statement},
    ports::{
        Acknowledgement, Batch, Cache, Clock, Consumer, CouponId, CouponTable, Effect, Event,
        EventRow, Guard, Isolation, Mutex, Patience, PortError, Result, Script, Statements, Topic,
        Transaction, UserId,
    },
};

/// The ports of one event.
pub fn event(mailboxes: &Mailboxes, limit: u64, patience: Patience) -> Event {
    let port = Arc::new(Port(mailboxes.clone()));
    Event {
        limit,
        coupons: Arc::new(Session {
            mailboxes: mailboxes.clone(),
            transaction: None,
        }),
        cache: port.clone(),
        coupon_create: port.clone(),
        mutex: port.clone(),
        clock: port,
        patience,
    }
}

/// A member of the consumer group.
pub fn consumer(mailboxes: &Mailboxes) -> impl Consumer + use<> {
    Port(mailboxes.clone())
}

struct Port(Mailboxes);

/// The error for an answer that does not fit the call: a defect of the simulation and not of the strategy.
fn unfit<T>(call: &str) -> Result<T> {
    Err(PortError::new(
        call.to_owned(),
        Effect::None,
        "the simulation gave an unfit answer",
    ))
}

/// The table, or an open transaction of it.
struct Session {
    mailboxes: Mailboxes,
    transaction: Option<Open>,
}

struct Open {
    task: usize,
    serial: Serial,
    ended: bool,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(open) = &self.transaction
            && !open.ended
        {
            self.mailboxes
                .release(open.task, Released::Transaction(open.serial));
        }
    }
}

impl Session {
    async fn run(&self, statement: Statement) -> Result<Answer> {
        let serial = self.transaction.as_ref().map(|open| open.serial);
        self.mailboxes.try_ask(Call::Sql(serial, statement)).await
    }

    async fn count_of(&self, statement: Statement) -> Result<u64> {
        let name = statement.name();
        match self.run(statement).await? {
            Answer::Count(count) => Ok(count),
            _ => unfit(name),
        }
    }

    async fn flag(&self, statement: Statement) -> Result<bool> {
        let name = statement.name();
        match self.run(statement).await? {
            Answer::Flag(flag) => Ok(flag),
            _ => unfit(name),
        }
    }

    async fn event_row(&self, statement: Statement) -> Result<EventRow> {
        let name = statement.name();
        match self.run(statement).await? {
            Answer::Event(row) => Ok(row),
            _ => unfit(name),
        }
    }

    /// Ends the transaction. It is over even if the call fails.
    async fn end(&mut self, call: fn(Serial) -> Call) -> Result<()> {
        let Some(open) = &mut self.transaction else {
            return Ok(());
        };
        let answer = self.mailboxes.try_ask(call(open.serial)).await;
        open.ended = true;
        answer.map(drop)
    }
}

#[async_trait]
impl Statements for Session {
    async fn count(&self) -> Result<u64> {
        self.count_of(Statement::Count).await
    }
    async fn insert(&self, user: UserId) -> Result<()> {
        self.insert_all(&[user]).await
    }
    async fn insert_if_absent(&self, user: UserId) -> Result<bool> {
        Ok(self.insert_all_if_absent(&[user]).await? > 0)
    }
    async fn insert_all(&self, users: &[UserId]) -> Result<()> {
        let statement = Statement::Insert(users.to_vec());
        self.run(statement).await.map(drop)
    }
    async fn insert_all_if_absent(&self, users: &[UserId]) -> Result<u64> {
        self.count_of(Statement::InsertIfAbsent(users.to_vec()))
            .await
    }
    async fn event(&self) -> Result<EventRow> {
        self.event_row(Statement::Event).await
    }
    async fn set_issued(&self, issued: u64) -> Result<()> {
        self.run(Statement::SetIssued(issued)).await.map(drop)
    }
    async fn set_issued_if_version(&self, issued: u64, version: u64) -> Result<bool> {
        self.flag(Statement::SetIssuedIfVersion { issued, version })
            .await
    }
    async fn increment_issued_below(&self, limit: u64) -> Result<bool> {
        self.flag(Statement::IncrementIssuedBelow(limit)).await
    }
}

#[async_trait]
impl CouponTable for Session {
    async fn begin(&self, isolation: Isolation) -> Result<Box<dyn Transaction>> {
        let task = self.mailboxes.current();
        match self.mailboxes.try_ask(Call::Begin(isolation)).await? {
            Answer::Opened(serial) => Ok(Box::new(Self {
                mailboxes: self.mailboxes.clone(),
                transaction: Some(Open {
                    task,
                    serial,
                    ended: false,
                }),
            })),
            _ => unfit("BEGIN"),
        }
    }
}

#[async_trait]
impl Transaction for Session {
    async fn lock_event(&self) -> Result<EventRow> {
        self.event_row(Statement::LockEvent).await
    }
    async fn lock_name(&self) -> Result<()> {
        self.run(Statement::LockName).await.map(drop)
    }
    async fn lock_free_coupon(&self) -> Result<Option<CouponId>> {
        match self.run(Statement::LockFreeCoupon).await? {
            Answer::Coupon(coupon) => Ok(coupon),
            _ => unfit(Statement::LockFreeCoupon.name()),
        }
    }
    async fn assign(&self, coupon: CouponId, user: UserId) -> Result<()> {
        self.run(Statement::Assign(coupon, user)).await.map(drop)
    }
    async fn commit(mut self: Box<Self>) -> Result<()> {
        self.end(Call::Commit).await
    }
    async fn rollback(mut self: Box<Self>) -> Result<()> {
        self.end(Call::Rollback).await
    }
}

impl Port {
    async fn command(&self, command: Command, words: &[&str]) -> Result<Reply> {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        match self
            .0
            .try_ask(Call::Cache(CacheCall { command, words }))
            .await?
        {
            Answer::Reply(Reply::Error(message)) => {
                Err(PortError::new(command.name(), Effect::None, message))
            }
            Answer::Reply(reply) => Ok(reply),
            _ => unfit(&command.name()),
        }
    }

    async fn number(&self, command: Command, words: &[&str]) -> Result<i64> {
        match self.command(command, words).await? {
            Reply::Int(number) => Ok(number),
            _ => unfit(words[0]),
        }
    }
}

#[async_trait]
impl Cache for Port {
    async fn incr(&self, key: &'static str) -> Result<i64> {
        self.number(Command::Incr(key), &["INCR", key]).await
    }
    async fn decr(&self, key: &'static str) -> Result<i64> {
        self.number(Command::Decr(key), &["DECR", key]).await
    }
    async fn get(&self, key: &'static str) -> Result<Option<i64>> {
        match self.command(Command::Get(key), &["GET", key]).await? {
            Reply::Text(text) => {
                let number = String::from_utf8(text)
                    .ok()
                    .and_then(|text| text.parse().ok());
                number.map_or_else(|| unfit("GET"), |number| Ok(Some(number)))
            }
            _ => Ok(None),
        }
    }
    async fn sadd(&self, key: &'static str, user: UserId) -> Result<bool> {
        let words = ["SADD", key, &user.to_string()];
        Ok(self.number(Command::Sadd(key), &words).await? == 1)
    }
    async fn srem(&self, key: &'static str, user: UserId) -> Result<bool> {
        let words = ["SREM", key, &user.to_string()];
        Ok(self.number(Command::Srem(key), &words).await? == 1)
    }
    async fn set_nx_px(&self, key: &'static str, token: &str, lease: Duration) -> Result<bool> {
        let lease = lease.as_millis().max(1).to_string();
        let words = ["SET", key, token, "NX", "PX", &lease];
        let reply = self.command(Command::SetNxPx(key), &words).await?;
        Ok(reply == Reply::Ok)
    }
    async fn script(&self, script: Script, keys: &[&'static str], args: &[&str]) -> Result<i64> {
        let count = keys.len().to_string();
        let words = [&["EVAL", script.source, &count], keys, args].concat();
        self.number(Command::Script(script.name), &words).await
    }
}

#[async_trait]
impl Topic for Port {
    async fn produce(&self, user: UserId) -> Result<Acknowledgement> {
        let call = Call::Produce(user);
        let name = call.name();
        let Answer::Fate(fate) = self.0.try_ask(call).await? else {
            return unfit(&name);
        };
        // The delivery is decided in this step. A task that waits for the answer only lets other tasks go first, as other
        // schedules do.
        Ok(Acknowledgement::new(async move {
            match fate {
                Fate::Delivered => Ok(()),
                Fate::Refused => Err(PortError::new(name, Effect::None, "refused")),
                Fate::Unknown => Err(PortError::new(name, Effect::Unknown, "no answer")),
            }
        }))
    }
}

#[async_trait]
impl Consumer for Port {
    async fn poll(&self) -> Result<Option<Batch>> {
        match self.0.try_ask(Call::Poll).await? {
            Answer::Delivered(deliveries) => Ok(Batch::new(deliveries)),
            Answer::Over => Ok(None),
            _ => unfit("poll coupon_create"),
        }
    }
    async fn commit(&self, batch: &Batch) -> Result<()> {
        self.0
            .try_ask(Call::CommitOffset(batch.deliveries().to_vec()))
            .await
            .map(drop)
    }
}

#[async_trait]
impl Mutex for Port {
    async fn lock(&self) -> Result<Guard> {
        let task = self.0.current();
        self.0.try_ask(Call::Lock).await?;
        Ok(Box::new(LockGuard {
            mailboxes: self.0.clone(),
            task,
        }))
    }
}

struct LockGuard {
    mailboxes: Mailboxes,
    task: usize,
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        self.mailboxes.release(self.task, Released::Mutex);
    }
}

#[async_trait]
impl Clock for Port {
    fn now(&self) -> Duration {
        Duration::ZERO
    }
    async fn back_off(&self, _: Duration) {
        self.0.ask(Call::BackOff).await;
    }
}
