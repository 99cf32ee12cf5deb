//! Counts the statements of a run, the statements under way at the same time, the conflicts and the retries, and records when
//! each coupon became durable.

use std::{
    ops::Deref,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    ports::{
        Clock, CouponId, CouponTable, Event, EventRow, Isolation, Result, Statements, Transaction,
        UserId,
    },
    text::durations::nanoseconds,
};

/// The counters of one run, which may be read during the run.
pub struct Meter {
    statements: AtomicU64,
    in_flight: AtomicU64,
    peak_in_flight: AtomicU64,
    conflicts: AtomicU64,
    retries: AtomicU64,
    /// Shared with the progress display.
    durable: Arc<AtomicU64>,
    since: Instant,
    /// By user, from 1: nanoseconds from `since` to the first durable row; 0 before it.
    durable_at: Box<[AtomicU64]>,
    /// Nanoseconds from `since` to every durable row but a user's first.
    further_rows: Mutex<Vec<u64>>,
}

/// The database load of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Statements sent, including commits and rollbacks.
    pub statements: u64,
    /// The largest number of port calls that waited for the database at the same time.
    pub peak_in_flight: u64,
    /// Calls that failed because of concurrent transactions.
    pub conflicts: u64,
    /// Back-offs.
    pub retries: u64,
}

impl Totals {
    /// Adds the load of another process. The sum of the peaks is an upper bound, because the peaks may have been at different
    /// times.
    pub fn add(&mut self, other: Self) {
        self.statements += other.statements;
        self.peak_in_flight += other.peak_in_flight;
        self.conflicts += other.conflicts;
        self.retries += other.retries;
    }
}

impl Meter {
    /// For users numbered from 1 to `users`. `durable` counts the durable coupons.
    pub fn new(users: u64, durable: Arc<AtomicU64>) -> Arc<Self> {
        Arc::new(Self {
            statements: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            peak_in_flight: AtomicU64::new(0),
            conflicts: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            durable,
            since: Instant::now(),
            durable_at: (0..users).map(|_| AtomicU64::new(0)).collect(),
            further_rows: Mutex::default(),
        })
    }

    /// Puts the meter between a strategy and the ports of `event`.
    pub fn around(self: &Arc<Self>, event: Event) -> Event {
        Event {
            coupons: Arc::new(Metered {
                inner: event.coupons,
                meter: Arc::clone(self),
                uncommitted: None,
            }),
            clock: Arc::new(MeteredClock {
                inner: event.clock,
                meter: Arc::clone(self),
            }),
            ..event
        }
    }

    /// The counters now.
    pub fn totals(&self) -> Totals {
        Totals {
            statements: self.statements.load(Ordering::Relaxed),
            peak_in_flight: self.peak_in_flight.load(Ordering::Relaxed),
            conflicts: self.conflicts.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
        }
    }

    /// Nanoseconds from `release` to each user's first durable coupon.
    pub fn durable_since(&self, release: Instant) -> impl Iterator<Item = (UserId, u64)> {
        let before = self.until(release);
        let users = (1..).map(UserId).zip(&self.durable_at);
        users.filter_map(move |(user, slot)| match slot.load(Ordering::Relaxed) {
            0 => None,
            at => Some((user, at.saturating_sub(before))),
        })
    }

    /// Nanoseconds from `release` to each row that was not its user's first.
    pub fn further_rows_since(&self, release: Instant) -> Vec<u64> {
        let before = self.until(release);
        let rows = self.further_rows();
        rows.iter().map(|at| at.saturating_sub(before)).collect()
    }

    fn until(&self, release: Instant) -> u64 {
        nanoseconds(release.saturating_duration_since(self.since))
    }

    /// A lock suffices: only wrong strategies write further rows, and a lock costs little compared with a round trip.
    fn further_rows(&self) -> MutexGuard<'_, Vec<u64>> {
        self.further_rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, user: UserId) -> Option<&AtomicU64> {
        let index = usize::try_from(user.0.checked_sub(1)?).ok()?;
        self.durable_at.get(index)
    }

    fn has_coupon(&self, user: UserId) -> bool {
        self.slot(user)
            .is_some_and(|slot| slot.load(Ordering::Relaxed) > 0)
    }

    fn note_durable(&self, user: UserId) {
        self.durable.fetch_add(1, Ordering::Relaxed);
        let elapsed = nanoseconds(self.since.elapsed()).max(1);
        // The first durable row counts as the user's coupon.
        let first = self.slot(user).is_some_and(|slot| {
            slot.compare_exchange(0, elapsed, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        });
        if !first {
            self.further_rows().push(elapsed);
        }
    }

    /// Counts a statement while its future runs.
    async fn statement<T>(&self, statement: impl Future<Output = Result<T>>) -> Result<T> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak_in_flight.fetch_max(now, Ordering::Relaxed);
        let _one_less = OneLess(&self.in_flight);
        let result = statement.await;
        if result
            .as_ref()
            .is_err_and(crate::ports::PortError::is_conflict)
        {
            self.conflicts.fetch_add(1, Ordering::Relaxed);
        }
        result
    }
}

/// Decrements the counter also when a future is dropped before its end.
struct OneLess<'a>(&'a AtomicU64);

impl Drop for OneLess<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A table or a transaction with the meter around it.
struct Metered<I> {
    inner: I,
    meter: Arc<Meter>,
    /// In a transaction: users whose coupons become durable with the commit. Outside of a transaction, a coupon is durable at
    /// once.
    uncommitted: Option<Mutex<Vec<UserId>>>,
}

impl<I> Metered<I> {
    fn inserted(&self, user: UserId) {
        match &self.uncommitted {
            None => self.meter.note_durable(user),
            Some(users) => users
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(user),
        }
    }
}

#[async_trait]
impl<I> Statements for Metered<I>
where
    I: Deref<Target: Statements> + Send + Sync,
{
    async fn count(&self) -> Result<u64> {
        self.meter.statement(self.inner.count()).await
    }

    async fn insert(&self, user: UserId) -> Result<()> {
        self.meter.statement(self.inner.insert(user)).await?;
        self.inserted(user);
        Ok(())
    }

    async fn insert_if_absent(&self, user: UserId) -> Result<bool> {
        let new = self
            .meter
            .statement(self.inner.insert_if_absent(user))
            .await?;
        if new {
            self.inserted(user);
        }
        Ok(new)
    }

    async fn insert_all(&self, users: &[UserId]) -> Result<()> {
        self.meter.statement(self.inner.insert_all(users)).await?;
        for user in users {
            self.inserted(*user);
        }
        Ok(())
    }

    async fn insert_all_if_absent(&self, users: &[UserId]) -> Result<u64> {
        let insert = self.inner.insert_all_if_absent(users);
        let new = self.meter.statement(insert).await?;
        // The database does not tell which of the rows existed before. The meter takes those of users whose coupon is already
        // durable.
        let mut likely = users.to_vec();
        likely.sort_by_key(|user| self.meter.has_coupon(*user));
        for user in likely.into_iter().zip(0..new).map(|(user, _)| user) {
            self.inserted(user);
        }
        Ok(new)
    }

    async fn event(&self) -> Result<EventRow> {
        self.meter.statement(self.inner.event()).await
    }

    async fn set_issued(&self, issued: u64) -> Result<()> {
        self.meter.statement(self.inner.set_issued(issued)).await
    }

    async fn set_issued_if_version(&self, issued: u64, version: u64) -> Result<bool> {
        let update = self.inner.set_issued_if_version(issued, version);
        self.meter.statement(update).await
    }

    async fn increment_issued_below(&self, limit: u64) -> Result<bool> {
        let update = self.inner.increment_issued_below(limit);
        self.meter.statement(update).await
    }
}

#[async_trait]
impl CouponTable for Metered<Arc<dyn CouponTable>> {
    async fn begin(&self, isolation: Isolation) -> Result<Box<dyn Transaction>> {
        let inner = self.meter.statement(self.inner.begin(isolation)).await?;
        Ok(Box::new(Metered {
            inner,
            meter: Arc::clone(&self.meter),
            uncommitted: Some(Mutex::default()),
        }))
    }
}

#[async_trait]
impl Transaction for Metered<Box<dyn Transaction>> {
    async fn lock_event(&self) -> Result<EventRow> {
        self.meter.statement(self.inner.lock_event()).await
    }

    async fn lock_name(&self) -> Result<()> {
        self.meter.statement(self.inner.lock_name()).await
    }

    async fn lock_free_coupon(&self) -> Result<Option<CouponId>> {
        self.meter.statement(self.inner.lock_free_coupon()).await
    }

    async fn assign(&self, coupon: CouponId, user: UserId) -> Result<()> {
        self.meter
            .statement(self.inner.assign(coupon, user))
            .await?;
        self.inserted(user);
        Ok(())
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        let Self {
            inner,
            meter,
            uncommitted,
        } = *self;
        meter.statement(inner.commit()).await?;
        let users = uncommitted.unwrap_or_default().into_inner();
        for user in users.unwrap_or_else(PoisonError::into_inner) {
            meter.note_durable(user);
        }
        Ok(())
    }

    async fn rollback(self: Box<Self>) -> Result<()> {
        let Self { inner, meter, .. } = *self;
        meter.statement(inner.rollback()).await
    }
}

struct MeteredClock {
    inner: Arc<dyn Clock>,
    meter: Arc<Meter>,
}

#[async_trait]
impl Clock for MeteredClock {
    fn now(&self) -> Duration {
        self.inner.now()
    }

    async fn back_off(&self, duration: Duration) {
        self.meter.retries.fetch_add(1, Ordering::Relaxed);
        self.inner.back_off(duration).await;
    }
}

#[cfg(test)]
mod tests;
