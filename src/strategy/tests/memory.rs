//! Ports in memory. Every call is one atomic step and yields once before it, so that whoever polls decides the order.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::pending;

use crate::{
    ports::{
        Acknowledgement, Cache, Clock, Consumer, CouponId, CouponTable, Delivery, Event, EventRow,
        Guard, Isolation, Result, Script, Statements, Topic, Transaction, UserId,
    },
    strategy::Needs,
};

/// Everything there is.
#[derive(Default)]
struct State {
    rows: Vec<Option<UserId>>,
    unique: bool,
    event: EventRowState,
    counters: BTreeMap<&'static str, i64>,
    sets: BTreeMap<&'static str, BTreeSet<UserId>>,
    records: VecDeque<UserId>,
    locked: bool,
}

#[derive(Default, Clone, Copy)]
struct EventRowState {
    issued: u64,
    version: u64,
}

/// The world of one run.
#[derive(Clone)]
pub struct Memory {
    limit: u64,
    state: Arc<Mutex<State>>,
}

impl Memory {
    pub fn new(limit: u64, needs: Needs) -> Self {
        let prefilled = if needs.prefilled {
            usize::try_from(limit).unwrap_or(0)
        } else {
            0
        };
        let state = State {
            rows: vec![None; prefilled],
            unique: needs.unique_user,
            ..State::default()
        };
        Self {
            limit,
            state: Arc::new(Mutex::new(state)),
        }
    }

    pub fn event(&self) -> Event {
        Event {
            limit: self.limit,
            coupons: Arc::new(self.clone()),
            cache: Arc::new(self.clone()),
            coupon_create: Arc::new(self.clone()),
            mutex: Arc::new(self.clone()),
            clock: Arc::new(self.clone()),
        }
    }

    pub fn consumer(&self) -> impl Consumer {
        self.clone()
    }

    pub fn rows(&self) -> Vec<UserId> {
        self.now().rows.iter().copied().flatten().collect()
    }

    fn now(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One step: yields, then does `step` at once.
    async fn step<T>(&self, step: impl FnOnce(&mut State) -> T) -> Result<T> {
        pending!();
        Ok(step(&mut self.now()))
    }
}

#[async_trait]
impl Statements for Memory {
    async fn count(&self) -> Result<u64> {
        self.step(|state| state.rows.iter().flatten().count() as u64)
            .await
    }

    async fn insert(&self, user: UserId) -> Result<()> {
        self.step(|state| state.rows.push(Some(user))).await
    }

    async fn insert_if_absent(&self, user: UserId) -> Result<bool> {
        self.step(|state| {
            let absent = !state.unique || !state.rows.contains(&Some(user));
            if absent {
                state.rows.push(Some(user));
            }
            absent
        })
        .await
    }

    async fn event(&self) -> Result<EventRow> {
        self.step(|state| EventRow {
            issued: state.event.issued,
            version: state.event.version,
        })
        .await
    }

    async fn set_issued(&self, issued: u64) -> Result<()> {
        self.step(|state| state.event.issued = issued).await
    }

    async fn set_issued_if_version(&self, issued: u64, version: u64) -> Result<bool> {
        self.step(|state| {
            let current = state.event.version == version;
            if current {
                state.event = EventRowState {
                    issued,
                    version: version + 1,
                };
            }
            current
        })
        .await
    }

    async fn increment_issued_below(&self, limit: u64) -> Result<bool> {
        self.step(|state| {
            let room = state.event.issued < limit;
            state.event.issued += u64::from(room);
            room
        })
        .await
    }
}

#[async_trait]
impl CouponTable for Memory {
    async fn begin(&self, _: Isolation) -> Result<Box<dyn Transaction>> {
        self.step(|_| ()).await?;
        Ok(Box::new(MemoryTransaction {
            memory: self.clone(),
            holds_lock: AtomicBool::new(false),
        }))
    }
}

/// Not isolated from others but by the one lock there is; what it wrote stays written.
struct MemoryTransaction {
    memory: Memory,
    holds_lock: AtomicBool,
}

impl MemoryTransaction {
    async fn lock(&self) {
        while std::mem::replace(&mut self.memory.now().locked, true) {
            pending!();
        }
        self.holds_lock.store(true, Ordering::Relaxed);
    }
}

impl Drop for MemoryTransaction {
    fn drop(&mut self) {
        if self.holds_lock.load(Ordering::Relaxed) {
            self.memory.now().locked = false;
        }
    }
}

#[async_trait]
impl Statements for MemoryTransaction {
    async fn count(&self) -> Result<u64> {
        self.memory.count().await
    }
    async fn insert(&self, user: UserId) -> Result<()> {
        self.memory.insert(user).await
    }
    async fn insert_if_absent(&self, user: UserId) -> Result<bool> {
        self.memory.insert_if_absent(user).await
    }
    async fn event(&self) -> Result<EventRow> {
        Statements::event(&self.memory).await
    }
    async fn set_issued(&self, issued: u64) -> Result<()> {
        self.memory.set_issued(issued).await
    }
    async fn set_issued_if_version(&self, issued: u64, version: u64) -> Result<bool> {
        self.memory.set_issued_if_version(issued, version).await
    }
    async fn increment_issued_below(&self, limit: u64) -> Result<bool> {
        self.memory.increment_issued_below(limit).await
    }
}

#[async_trait]
impl Transaction for MemoryTransaction {
    async fn lock_event(&self) -> Result<EventRow> {
        self.lock().await;
        Statements::event(&self.memory).await
    }

    async fn lock_name(&self) -> Result<()> {
        self.lock().await;
        Ok(())
    }

    async fn lock_free_coupon(&self) -> Result<Option<CouponId>> {
        self.lock().await;
        let free = |state: &mut State| state.rows.iter().position(Option::is_none);
        let free = self.memory.step(free).await?;
        Ok(free.map(|index| CouponId(index as u64)))
    }

    async fn assign(&self, coupon: CouponId, user: UserId) -> Result<()> {
        let index = usize::try_from(coupon.0).unwrap_or(usize::MAX);
        self.memory
            .step(|state| state.rows[index] = Some(user))
            .await
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        self.memory.step(|_| ()).await
    }

    async fn rollback(self: Box<Self>) -> Result<()> {
        self.memory.step(|_| ()).await
    }
}

#[async_trait]
impl Cache for Memory {
    async fn incr(&self, key: &'static str) -> Result<i64> {
        self.step(|state| {
            let counter = state.counters.entry(key).or_default();
            *counter += 1;
            *counter
        })
        .await
    }

    async fn decr(&self, key: &'static str) -> Result<i64> {
        self.step(|state| {
            let counter = state.counters.entry(key).or_default();
            *counter -= 1;
            *counter
        })
        .await
    }

    async fn get(&self, key: &'static str) -> Result<Option<i64>> {
        self.step(|state| state.counters.get(key).copied()).await
    }

    async fn sadd(&self, key: &'static str, user: UserId) -> Result<bool> {
        self.step(|state| state.sets.entry(key).or_default().insert(user))
            .await
    }

    async fn srem(&self, key: &'static str, user: UserId) -> Result<bool> {
        self.step(|state| state.sets.entry(key).or_default().remove(&user))
            .await
    }

    async fn set_nx_px(&self, _: &'static str, _: &str, _: Duration) -> Result<bool> {
        self.step(|state| !std::mem::replace(&mut state.locked, true))
            .await
    }

    async fn zadd_nx(&self, key: &'static str, user: UserId, _: u64) -> Result<bool> {
        self.sadd(key, user).await
    }

    async fn zrank(&self, key: &'static str, user: UserId) -> Result<Option<u64>> {
        self.step(|state| {
            let set = state.sets.entry(key).or_default();
            set.iter()
                .position(|member| *member == user)
                .map(|rank| rank as u64)
        })
        .await
    }

    async fn script(&self, _: Script, _: &[&'static str], _: &[&str]) -> Result<i64> {
        self.step(|_| 0).await
    }
}

#[async_trait]
impl Topic for Memory {
    async fn produce(&self, user: UserId) -> Result<Acknowledgement> {
        self.step(|state| state.records.push_back(user)).await?;
        Ok(Acknowledgement::new(async { Ok(()) }))
    }
}

#[async_trait]
impl Consumer for Memory {
    async fn poll(&self) -> Result<Option<Delivery>> {
        let record = self.step(|state| state.records.pop_front()).await?;
        Ok(record.map(|user| Delivery {
            user,
            partition: 0,
            offset: 0,
        }))
    }

    async fn commit(&self, _: &Delivery) -> Result<()> {
        self.step(|_| ()).await
    }
}

#[async_trait]
impl crate::ports::Mutex for Memory {
    async fn lock(&self) -> Result<Guard> {
        while std::mem::replace(&mut self.now().locked, true) {
            pending!();
        }
        Ok(Box::new(Unlock(self.clone())))
    }
}

struct Unlock(Memory);

impl Drop for Unlock {
    fn drop(&mut self) {
        self.0.now().locked = false;
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
