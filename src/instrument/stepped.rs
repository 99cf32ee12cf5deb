//! Passes every call of every port to a hook, as data. A hook is a gate that decides which call is next, or a trace that records
//! the calls.

use std::{ops::Deref, sync::Arc, time::Duration};

use async_trait::async_trait;

use super::observation::{Free, Member, NewRows, Observable};
use crate::{
    model::interleaving::{Call, Command, Statement},
    ports::{
        Acknowledgement, Batch, Cache, Consumer, CouponId, CouponTable, Event, EventRow, Guard,
        Isolation, Mutex, Result, Script, Statements, Topic, Transaction, UserId,
    },
};

/// Wraps every call.
pub trait Hook: Clone + Send + Sync + 'static {
    /// Makes `call` by awaiting `work`, or answers without it.
    fn step<T: Observable>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T>> + Send,
    ) -> impl Future<Output = Result<T>> + Send;
}

/// The ports of `event`, each with `hook` around it.
pub fn around<H: Hook>(hook: &H, event: Event) -> Event {
    Event {
        coupons: Arc::new(stepped(hook, event.coupons)),
        cache: Arc::new(stepped(hook, event.cache)),
        coupon_create: Arc::new(stepped(hook, event.coupon_create)),
        mutex: Arc::new(stepped(hook, event.mutex)),
        ..event
    }
}

/// A member of the consumer group with `hook` around it.
pub fn consumer<H: Hook>(hook: &H, inner: Box<dyn Consumer>) -> Box<dyn Consumer> {
    Box::new(stepped(hook, inner))
}

fn stepped<H: Hook, I>(hook: &H, inner: I) -> Stepped<H, I> {
    Stepped {
        hook: hook.clone(),
        inner,
    }
}

struct Stepped<H, I> {
    hook: H,
    inner: I,
}

impl<H: Hook, I> Stepped<H, I> {
    async fn sql<T: Observable>(
        &self,
        statement: Statement,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        self.hook.step(Call::Sql(statement), work).await
    }
}

#[async_trait]
impl<H, I> Statements for Stepped<H, I>
where
    H: Hook,
    I: Deref<Target: Statements> + Send + Sync,
{
    async fn count(&self) -> Result<u64> {
        self.sql(Statement::Count, self.inner.count()).await
    }

    async fn insert(&self, user: UserId) -> Result<()> {
        let work = self.inner.insert(user);
        self.sql(Statement::Insert(vec![user]), work).await
    }

    async fn insert_if_absent(&self, user: UserId) -> Result<bool> {
        let work = async { self.inner.insert_if_absent(user).await.map(NewRows) };
        let NewRows(new) = self
            .sql(Statement::InsertIfAbsent(vec![user]), work)
            .await?;
        Ok(new)
    }

    async fn insert_all(&self, users: &[UserId]) -> Result<()> {
        let work = self.inner.insert_all(users);
        self.sql(Statement::Insert(users.to_vec()), work).await
    }

    async fn insert_all_if_absent(&self, users: &[UserId]) -> Result<u64> {
        let work = async { self.inner.insert_all_if_absent(users).await.map(NewRows) };
        let NewRows(new) = self
            .sql(Statement::InsertIfAbsent(users.to_vec()), work)
            .await?;
        Ok(new)
    }

    async fn event(&self) -> Result<EventRow> {
        self.sql(Statement::Event, self.inner.event()).await
    }

    async fn set_issued(&self, issued: u64) -> Result<()> {
        let work = self.inner.set_issued(issued);
        self.sql(Statement::SetIssued(issued), work).await
    }

    async fn set_issued_if_version(&self, issued: u64, version: u64) -> Result<bool> {
        let work = self.inner.set_issued_if_version(issued, version);
        let statement = Statement::SetIssuedIfVersion { issued, version };
        self.sql(statement, work).await
    }

    async fn increment_issued_below(&self, limit: u64) -> Result<bool> {
        let work = self.inner.increment_issued_below(limit);
        self.sql(Statement::IncrementIssuedBelow(limit), work).await
    }
}

#[async_trait]
impl<H: Hook> CouponTable for Stepped<H, Arc<dyn CouponTable>> {
    async fn begin(&self, isolation: Isolation) -> Result<Box<dyn Transaction>> {
        let work = self.inner.begin(isolation);
        let inner = self.hook.step(Call::Begin(isolation), work).await?;
        Ok(Box::new(stepped(&self.hook, inner)))
    }
}

#[async_trait]
impl<H: Hook> Transaction for Stepped<H, Box<dyn Transaction>> {
    async fn lock_event(&self) -> Result<EventRow> {
        self.sql(Statement::LockEvent, self.inner.lock_event())
            .await
    }

    async fn lock_name(&self) -> Result<()> {
        self.sql(Statement::LockName, self.inner.lock_name()).await
    }

    async fn lock_free_coupon(&self) -> Result<Option<CouponId>> {
        let work = self.inner.lock_free_coupon();
        self.sql(Statement::LockFreeCoupon, work).await
    }

    async fn assign(&self, coupon: CouponId, user: UserId) -> Result<()> {
        let work = self.inner.assign(coupon, user);
        self.sql(Statement::Assign(coupon, user), work).await
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        let Self { hook, inner } = *self;
        hook.step(Call::Commit, inner.commit()).await
    }

    async fn rollback(self: Box<Self>) -> Result<()> {
        let Self { hook, inner } = *self;
        hook.step(Call::Rollback, inner.rollback()).await
    }
}

impl<H: Hook> Stepped<H, Arc<dyn Cache>> {
    async fn command<T: Observable>(
        &self,
        command: Command,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        self.hook.step(Call::Cache(command), work).await
    }
}

#[async_trait]
impl<H: Hook> Cache for Stepped<H, Arc<dyn Cache>> {
    async fn incr(&self, key: &'static str) -> Result<i64> {
        self.command(Command::Incr(key), self.inner.incr(key)).await
    }

    async fn decr(&self, key: &'static str) -> Result<i64> {
        self.command(Command::Decr(key), self.inner.decr(key)).await
    }

    async fn get(&self, key: &'static str) -> Result<Option<i64>> {
        self.command(Command::Get(key), self.inner.get(key)).await
    }

    async fn sadd(&self, key: &'static str, user: UserId) -> Result<bool> {
        let work = async { self.inner.sadd(key, user).await.map(Member) };
        Ok(self.command(Command::Sadd(key), work).await?.0)
    }

    async fn srem(&self, key: &'static str, user: UserId) -> Result<bool> {
        let work = async { self.inner.srem(key, user).await.map(Member) };
        Ok(self.command(Command::Srem(key), work).await?.0)
    }

    async fn set_nx_px(&self, key: &'static str, token: &str, lease: Duration) -> Result<bool> {
        let work = async { self.inner.set_nx_px(key, token, lease).await.map(Free) };
        Ok(self.command(Command::SetNxPx(key), work).await?.0)
    }

    async fn script(&self, script: Script, keys: &[&'static str], args: &[&str]) -> Result<i64> {
        let work = self.inner.script(script, keys, args);
        self.command(Command::Script(script.name), work).await
    }
}

#[async_trait]
impl<H: Hook> Topic for Stepped<H, Arc<dyn Topic>> {
    async fn produce(&self, user: UserId) -> Result<Acknowledgement> {
        let work = self.inner.produce(user);
        self.hook.step(Call::Produce(user), work).await
    }
}

#[async_trait]
impl<H: Hook> Consumer for Stepped<H, Box<dyn Consumer>> {
    async fn poll(&self) -> Result<Option<Batch>> {
        self.hook.step(Call::Poll, self.inner.poll()).await
    }

    async fn commit(&self, batch: &Batch) -> Result<()> {
        let call = Call::CommitOffset(batch.users());
        self.hook.step(call, self.inner.commit(batch)).await
    }
}

#[async_trait]
impl<H: Hook> Mutex for Stepped<H, Arc<dyn Mutex>> {
    async fn lock(&self) -> Result<Guard> {
        self.hook.step(Call::Lock, self.inner.lock()).await
    }
}
