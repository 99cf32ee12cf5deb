//! Places for connections. Where all are taken, the connection that has been idle for longest makes room for the next: idle
//! connections must not keep `/health` from being answered.

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

/// Between two looks for a connection that is idle by now.
const LOOK: Duration = Duration::from_millis(20);

/// All places of a server.
pub(super) struct Places {
    free: Arc<Semaphore>,
    count: u32,
    /// From so long without a request on, a connection may have to leave.
    idle: Duration,
    taken: Mutex<BTreeMap<u64, Arc<Pulse>>>,
    next: AtomicU64,
}

impl Places {
    /// So many.
    pub fn new(count: u32, idle: Duration) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(count as usize)),
            count,
            idle,
            taken: Mutex::default(),
            next: AtomicU64::new(0),
        })
    }

    /// A place, as soon as one is free. If all are taken, the connection that has been idle for longest is asked to leave.
    pub async fn take(self: &Arc<Self>) -> Place {
        loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                return self.place(permit);
            }
            self.make_room();
            let free = Arc::clone(&self.free).acquire_owned();
            // Fails only where it is closed, which nobody does.
            if let Ok(Ok(permit)) = timeout(LOOK, free).await {
                return self.place(permit);
            }
        }
    }

    /// Asks the connection that has been idle for longest to leave, if there is one.
    pub fn make_room(&self) {
        let taken = self.taken();
        let idle = taken
            .values()
            .filter_map(|pulse| Some((pulse.idle()?, pulse)));
        let longest = idle.max_by_key(|(idle, _)| *idle);
        if let Some((idle, pulse)) = longest
            && idle >= self.idle
        {
            pulse.leave.notify_one();
        }
    }

    /// Ends when no place is taken any more.
    pub async fn all_free(&self) {
        let _ = self.free.acquire_many(self.count).await;
    }

    fn place(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Place {
        let number = self.next.fetch_add(1, Relaxed);
        let pulse = Arc::new(Pulse::new());
        self.taken().insert(number, Arc::clone(&pulse));
        Place {
            places: Arc::clone(self),
            number,
            pulse,
            _permit: permit,
        }
    }

    fn taken(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Pulse>>> {
        // A map is whole at any time.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection, free again when this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    /// Of the connection.
    pub pulse: Arc<Pulse>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().remove(&self.number);
    }
}

/// Whether anything happens on a connection.
pub(super) struct Pulse {
    opened: Instant,
    begun: AtomicU64,
    under_way: AtomicU64,
    /// Nanoseconds from `opened` to the end of the last request.
    last: AtomicU64,
    leave: Notify,
}

impl Pulse {
    fn new() -> Self {
        Self {
            opened: Instant::now(),
            begun: AtomicU64::new(0),
            under_way: AtomicU64::new(0),
            last: AtomicU64::new(0),
            leave: Notify::new(),
        }
    }

    /// Until no request has begun for `quiet` and none is under way. It looks once in that time, so it may notice later, by as
    /// much again.
    pub async fn stops(&self, quiet: Duration) {
        loop {
            let before = self.begun.load(Relaxed);
            sleep(quiet).await;
            if self.begun.load(Relaxed) == before && self.is_idle() {
                return;
            }
        }
    }

    /// Until the place is wanted for another connection, and no request is under way.
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

    /// How long no request has been under way; `None` if one is.
    fn idle(&self) -> Option<Duration> {
        let last = Duration::from_nanos(self.last.load(Relaxed));
        let idle = self.opened.elapsed().saturating_sub(last);
        self.is_idle().then_some(idle)
    }
}

/// Counts a request as long as it lives, however it ends.
pub(super) struct UnderWay(Arc<Pulse>);

impl UnderWay {
    pub fn begin(pulse: Arc<Pulse>) -> Self {
        pulse.begun.fetch_add(1, Relaxed);
        pulse.under_way.fetch_add(1, Relaxed);
        Self(pulse)
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
