//! Slots for connections. If all are in use, the connection that has been idle for the longest time is closed for the next one, so
//! that idle connections cannot block `/health`.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};

/// The pause between two searches for an idle connection.
const PAUSE: Duration = Duration::from_millis(20);

/// All slots of a server.
pub(super) struct ConnectionSlots {
    free: Arc<Semaphore>,
    count: u32,
    /// How long a connection has to be idle before it can be closed for another.
    idle: Duration,
    taken: Mutex<BTreeMap<u64, Arc<ConnectionActivity>>>,
    next: AtomicU64,
}

impl ConnectionSlots {
    /// `count` free slots.
    pub fn new(count: u32, idle: Duration) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(count as usize)),
            count,
            idle,
            taken: Mutex::default(),
            next: AtomicU64::new(0),
        })
    }

    /// Waits for a free slot. If all are in use, closes the connection that has been idle for the longest time.
    pub async fn take(self: &Arc<Self>) -> ConnectionSlot {
        loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                return self.slot(permit);
            }
            self.make_room();
            let free = Arc::clone(&self.free).acquire_owned();
            // Fails only if the semaphore is closed, which never happens.
            if let Ok(Ok(permit)) = timeout(PAUSE, free).await {
                return self.slot(permit);
            }
        }
    }

    /// Closes the connection that has been idle for the longest time, if there is one.
    pub fn make_room(&self) {
        let taken = self.taken();
        let idle = taken
            .values()
            .filter_map(|activity| Some((activity.idle()?, activity)));
        let longest = idle.max_by_key(|(idle, _)| *idle);
        if let Some((idle, activity)) = longest
            && idle >= self.idle
        {
            activity.leave.notify_one();
        }
    }

    /// Waits until all slots are free.
    pub async fn all_free(&self) {
        let _ = self.free.acquire_many(self.count).await;
    }

    fn slot(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> ConnectionSlot {
        let number = self.next.fetch_add(1, Relaxed);
        let activity = Arc::new(ConnectionActivity::new());
        self.taken().insert(number, Arc::clone(&activity));
        ConnectionSlot {
            slots: Arc::clone(self),
            number,
            activity,
            _permit: permit,
        }
    }

    fn taken(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<ConnectionActivity>>> {
        // A panic cannot leave the map in an invalid state.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The slot of one connection. Free again when this is dropped.
pub(super) struct ConnectionSlot {
    slots: Arc<ConnectionSlots>,
    number: u64,
    /// The activity of the connection.
    pub activity: Arc<ConnectionActivity>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.slots.taken().remove(&self.number);
    }
}

/// The activity of a connection.
pub(super) struct ConnectionActivity {
    opened: Instant,
    begun: AtomicU64,
    under_way: AtomicU64,
    /// Nanoseconds from `opened` to the end of the last request.
    last: AtomicU64,
    leave: Notify,
}

impl ConnectionActivity {
    fn new() -> Self {
        Self {
            opened: Instant::now(),
            begun: AtomicU64::new(0),
            under_way: AtomicU64::new(0),
            last: AtomicU64::new(0),
            leave: Notify::new(),
        }
    }

    /// Waits until no request has begun for `quiet` and none is in progress. Checks once in each such time, so it can take up to twice
    /// as long.
    pub async fn stops(&self, quiet: Duration) {
        loop {
            let before = self.begun.load(Relaxed);
            sleep(quiet).await;
            if self.begun.load(Relaxed) == before && self.is_idle() {
                return;
            }
        }
    }

    /// Waits until the slot is needed for another connection and no request is in progress.
    pub async fn gives_way(&self) {
        loop {
            self.leave.notified().await;
            if self.is_idle() {
                return;
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.under_way.load(Relaxed) == 0
    }

    /// How long no request has been in progress. `None` if one is.
    fn idle(&self) -> Option<Duration> {
        let last = Duration::from_nanos(self.last.load(Relaxed));
        let idle = self.opened.elapsed().saturating_sub(last);
        self.is_idle().then_some(idle)
    }
}

/// Counts a request until this is dropped.
pub(super) struct UnderWay(Arc<ConnectionActivity>);

impl UnderWay {
    pub fn begin(activity: Arc<ConnectionActivity>) -> Self {
        activity.begun.fetch_add(1, Relaxed);
        activity.under_way.fetch_add(1, Relaxed);
        Self(activity)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let now = self.0.opened.elapsed().as_nanos();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        self.0.last.store(now, Relaxed);
        self.0.under_way.fetch_sub(1, Relaxed);
    }
}
