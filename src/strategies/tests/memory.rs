//! Ports in memory. Every call is one atomic step and yields once before the step, so the test that polls decides the order.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures::pending;

use super::redis::Redis;
use crate::{
    ports::{
        Acknowledgement, Batch, Clock, Consumer, CouponId, CouponTable, Delivery, Effect, Event,
        EventRow, Guard, Isolation, Patience, PortError, Result, Statements, Topic, Transaction,
        UserId,
    },
    strategies::{Entry, Need},
};

/// The content of the database.
#[derive(Default, Clone)]
struct Tables {
    rows: Vec<Option<UserId>>,
    issued: u64,
    version: u64,
    /// Goes up with every commit that changed something.
    commits: u64,
}

impl Tables {
    fn insert_if_absent(&mut self, user: UserId, unique: bool) -> bool {
        let absent = !unique || !self.rows.contains(&Some(user));
        if absent {
            self.rows.push(Some(user));
        }
        absent
    }

    fn insert_all(&mut self, users: &[UserId]) {
        self.rows.extend(users.iter().copied().map(Some));
    }

    fn insert_all_if_absent(&mut self, users: &[UserId], unique: bool) -> u64 {
        let new = users
            .iter()
            .filter(|user| self.insert_if_absent(**user, unique));
        new.count() as u64
    }

    fn event(&self) -> EventRow {
        EventRow {
            issued: self.issued,
            version: self.version,
        }
    }

    fn set_issued_if_version(&mut self, issued: u64, version: u64) -> bool {
        let current = self.version == version;
        if current {
            (self.issued, self.version) = (issued, version + 1);
        }
        current
    }

    fn increment_issued_below(&mut self, limit: u64) -> bool {
        let room = self.issued < limit;
        self.issued += u64::from(room);
        room
    }
}

/// The content of all services but Redis.
#[derive(Default)]
struct State {
    tables: Tables,
    unique: bool,
    records: VecDeque<UserId>,
    /// A transaction is writing, or holds a lock.
    database_locked: bool,
    mutex_locked: bool,
    /// Records that the broker will refuse.
    refusals: u32,
    /// The most records that a consumer reads at once; 0 is 1.
    batch: usize,
    /// How many records each commit of offsets was for.
    offset_commits: Vec<usize>,
}

/// The services of one run.
#[derive(Clone)]
pub struct Memory {
    limit: u64,
    state: Arc<Mutex<State>>,
    redis: Redis,
}

impl Memory {
    pub fn new(limit: u64, entry: &Entry) -> Self {
        let prefilled = if entry.needs(Need::Prefilled) {
            limit
        } else {
            0
        };
        let state = State {
            tables: Tables {
                rows: (0..prefilled).map(|_| None).collect(),
                ..Tables::default()
            },
            unique: entry.needs(Need::UniqueUser),
            ..State::default()
        };
        Self {
            limit,
            state: Arc::new(Mutex::new(state)),
            redis: Redis::start(),
        }
    }

    pub fn event(&self) -> Event {
        Event {
            limit: self.limit,
            coupons: Arc::new(self.clone()),
            cache: Arc::new(self.redis.clone()),
            coupon_create: Arc::new(self.clone()),
            mutex: Arc::new(self.clone()),
            clock: Arc::new(self.clone()),
            patience: Patience::default(),
        }
    }

    pub fn consumer(&self) -> impl Consumer {
        self.clone()
    }

    /// The broker will refuse the next `count` records.
    pub fn refuse_records(&self, count: u32) {
        self.now().refusals = count;
    }

    /// The consumer will read so many records at once.
    pub fn read_in_batches_of(&self, records: usize) {
        self.now().batch = records;
    }

    /// Puts records into the topic.
    pub fn deliver(&self, users: &[u64]) {
        self.now().records.extend(users.iter().copied().map(UserId));
    }

    /// Commits of the database, and for each commit of offsets how many records it was for.
    pub fn commits(&self) -> (u64, Vec<usize>) {
        let state = self.now();
        (state.tables.commits, state.offset_commits.clone())
    }

    pub fn rows(&self) -> Vec<UserId> {
        self.now().tables.rows.iter().copied().flatten().collect()
    }

    fn now(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One step: yields, then does `step` at once.
    async fn step<T>(&self, step: impl FnOnce(&mut State) -> T) -> Result<T> {
        pending!();
        Ok(step(&mut self.now()))
    }

    /// The same for a statement that changes rows and commits by itself.
    async fn write<T>(&self, write: impl FnOnce(&mut Tables) -> T) -> Result<T> {
        pending!();
        while self.now().database_locked {
            pending!();
        }
        let mut state = self.now();
        state.tables.commits += 1;
        Ok(write(&mut state.tables))
    }
}

#[async_trait]
impl Statements for Memory {
    async fn count(&self) -> Result<u64> {
        self.step(|state| state.tables.rows.iter().flatten().count() as u64)
            .await
    }
    async fn insert(&self, user: UserId) -> Result<()> {
        self.write(|tables| tables.rows.push(Some(user))).await
    }
    async fn insert_if_absent(&self, user: UserId) -> Result<bool> {
        let unique = self.now().unique;
        self.write(|tables| tables.insert_if_absent(user, unique))
            .await
    }
    async fn insert_all(&self, users: &[UserId]) -> Result<()> {
        self.write(|tables| tables.insert_all(users)).await
    }
    async fn insert_all_if_absent(&self, users: &[UserId]) -> Result<u64> {
        let unique = self.now().unique;
        self.write(|tables| tables.insert_all_if_absent(users, unique))
            .await
    }
    async fn event(&self) -> Result<EventRow> {
        self.step(|state| state.tables.event()).await
    }
    async fn set_issued(&self, issued: u64) -> Result<()> {
        self.write(|tables| tables.issued = issued).await
    }
    async fn set_issued_if_version(&self, issued: u64, version: u64) -> Result<bool> {
        self.write(|tables| tables.set_issued_if_version(issued, version))
            .await
    }
    async fn increment_issued_below(&self, limit: u64) -> Result<bool> {
        self.write(|tables| tables.increment_issued_below(limit))
            .await
    }
}

#[async_trait]
impl CouponTable for Memory {
    async fn begin(&self, isolation: Isolation) -> Result<Box<dyn Transaction>> {
        let seen = self.step(|state| state.tables.commits).await?;
        Ok(Box::new(MemoryTransaction {
            memory: self.clone(),
            seen: (isolation == Isolation::Serializable).then_some(seen),
            before: Mutex::new(None),
        }))
    }
}

/// One writer at a time, as in SQLite: a transaction that writes or locks waits for the only lock and keeps it until its end.
/// Other transactions could read uncommitted rows; no strategy does.
struct MemoryTransaction {
    memory: Memory,
    /// If serializable, the number of commits when the transaction began. A write after another commit is a conflict.
    seen: Option<u64>,
    /// While the transaction holds the lock: the tables as they were before.
    before: Mutex<Option<Tables>>,
}

impl MemoryTransaction {
    fn before(&self) -> MutexGuard<'_, Option<Tables>> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn lock(&self) -> Result<()> {
        if self.before().is_some() {
            return Ok(());
        }
        pending!();
        while std::mem::replace(&mut self.memory.now().database_locked, true) {
            pending!();
        }
        let tables = self.memory.now().tables.clone();
        let stale = self.seen.is_some_and(|seen| seen != tables.commits);
        *self.before() = Some(tables);
        if stale {
            return Err(PortError::new(
                "write",
                Effect::Conflict,
                "another transaction has committed",
            ));
        }
        Ok(())
    }

    async fn write<T>(&self, write: impl FnOnce(&mut Tables) -> T) -> Result<T> {
        self.lock().await?;
        Ok(write(&mut self.memory.now().tables))
    }

    fn end(&self, commit: bool) {
        if let Some(before) = self.before().take() {
            let mut state = self.memory.now();
            if commit {
                state.tables.commits += 1;
            } else {
                state.tables = before;
            }
            state.database_locked = false;
        }
    }
}

impl Drop for MemoryTransaction {
    fn drop(&mut self) {
        self.end(false);
    }
}

#[async_trait]
impl Statements for MemoryTransaction {
    async fn count(&self) -> Result<u64> {
        self.memory.count().await
    }
    async fn insert(&self, user: UserId) -> Result<()> {
        self.write(|tables| tables.rows.push(Some(user))).await
    }
    async fn insert_if_absent(&self, user: UserId) -> Result<bool> {
        let unique = self.memory.now().unique;
        self.write(|tables| tables.insert_if_absent(user, unique))
            .await
    }
    async fn insert_all(&self, users: &[UserId]) -> Result<()> {
        self.write(|tables| tables.insert_all(users)).await
    }
    async fn insert_all_if_absent(&self, users: &[UserId]) -> Result<u64> {
        let unique = self.memory.now().unique;
        self.write(|tables| tables.insert_all_if_absent(users, unique))
            .await
    }
    async fn event(&self) -> Result<EventRow> {
        Statements::event(&self.memory).await
    }
    async fn set_issued(&self, issued: u64) -> Result<()> {
        self.write(|tables| tables.issued = issued).await
    }
    async fn set_issued_if_version(&self, issued: u64, version: u64) -> Result<bool> {
        self.write(|tables| tables.set_issued_if_version(issued, version))
            .await
    }
    async fn increment_issued_below(&self, limit: u64) -> Result<bool> {
        self.write(|tables| tables.increment_issued_below(limit))
            .await
    }
}

#[async_trait]
impl Transaction for MemoryTransaction {
    async fn lock_event(&self) -> Result<EventRow> {
        self.lock().await?;
        Statements::event(&self.memory).await
    }

    async fn lock_name(&self) -> Result<()> {
        self.lock().await
    }

    async fn lock_free_coupon(&self) -> Result<Option<CouponId>> {
        self.lock().await?;
        let free = |state: &mut State| state.tables.rows.iter().position(Option::is_none);
        let free = self.memory.step(free).await?;
        Ok(free.map(|index| CouponId(index as u64)))
    }

    async fn assign(&self, coupon: CouponId, user: UserId) -> Result<()> {
        let index = usize::try_from(coupon.0).unwrap_or(usize::MAX);
        self.write(|tables| tables.rows[index] = Some(user)).await
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        pending!();
        self.end(true);
        Ok(())
    }

    async fn rollback(self: Box<Self>) -> Result<()> {
        pending!();
        self.end(false);
        Ok(())
    }
}

#[async_trait]
impl Topic for Memory {
    async fn produce(&self, user: UserId) -> Result<Acknowledgement> {
        let refused = self
            .step(|state| {
                let refused = state.refusals > 0;
                state.refusals = state.refusals.saturating_sub(1);
                if !refused {
                    state.records.push_back(user);
                }
                refused
            })
            .await?;
        Ok(Acknowledgement::new(async move {
            if refused {
                return Err(PortError::new("produce", Effect::None, "refused"));
            }
            Ok(())
        }))
    }
}

#[async_trait]
impl Consumer for Memory {
    async fn poll(&self) -> Result<Option<Batch>> {
        let take = |state: &mut State| {
            let count = state.records.len().min(state.batch.max(1));
            state.records.drain(..count).collect::<Vec<_>>()
        };
        let records = self.step(take).await?;
        let delivery = |user| Delivery {
            user,
            partition: 0,
            offset: 0,
        };
        Ok(Batch::new(records.into_iter().map(delivery).collect()))
    }

    async fn commit(&self, batch: &Batch) -> Result<()> {
        let size = batch.deliveries().len();
        self.step(|state| state.offset_commits.push(size)).await
    }
}

#[async_trait]
impl crate::ports::Mutex for Memory {
    async fn lock(&self) -> Result<Guard> {
        while std::mem::replace(&mut self.now().mutex_locked, true) {
            pending!();
        }
        Ok(Box::new(Unlock(self.clone())))
    }
}

struct Unlock(Memory);

impl Drop for Unlock {
    fn drop(&mut self) {
        self.0.now().mutex_locked = false;
    }
}

#[async_trait]
impl Clock for Memory {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    async fn back_off(&self, _: Duration) {
        pending!();
    }
}
