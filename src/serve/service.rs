//! The state that all connections share: the current event, and the counters.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Mutex;

use super::{
    ServeSettings, Served,
    claims::{ClaimEnd, EventClaims},
    event::{Ledger, ServedEvent},
    metrics::{EventFigures, Latencies, Snapshot},
    user,
};
use crate::{adapters::OpenError, ports::UserId};

pub use super::claims::DecisionCounts;

/// How long the page of metrics waits for the lag from the cluster.
const LAG_PATIENCE: Duration = Duration::from_secs(1);

/// A strategy that is served.
pub(super) struct Service {
    settings: ServeSettings,
    /// The current event for claims. `None` during a reset, and after a failed reset.
    current: RwLock<Option<Arc<EventClaims>>>,
    event: Mutex<EventState>,
    latencies: Arc<Latencies>,
    next_user: AtomicU64,
}

/// The current event with its services. Locked while the services are read or the event is replaced.
struct EventState {
    event: Result<ServedEvent, String>,
    events: u64,
    left_behind: Vec<String>,
}

impl Service {
    pub async fn open(settings: ServeSettings) -> Result<Self, OpenError> {
        let event = ServedEvent::open(&settings).await?;
        Ok(Self {
            settings,
            current: RwLock::new(Some(event.current())),
            event: Mutex::new(EventState {
                event: Ok(event),
                events: 1,
                left_behind: Vec::new(),
            }),
            latencies: Arc::default(),
            next_user: AtomicU64::new(user::HIGHEST + 1),
        })
    }

    pub fn settings(&self) -> &ServeSettings {
        &self.settings
    }

    pub async fn backends(&self) -> String {
        let state = self.event.lock().await;
        state
            .event
            .as_ref()
            .map(ServedEvent::backends)
            .unwrap_or_default()
    }

    /// The current event for claims.
    fn current(&self) -> Option<Arc<EventClaims>> {
        let current = self.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn switch_to(&self, next: Option<Arc<EventClaims>>) {
        let current = self.current.write();
        *current.unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// The services that do not answer, with the reasons. `None` if there is no event.
    pub async fn problems(&self) -> Option<Vec<String>> {
        Some(self.current()?.problems().await)
    }

    /// A new user number for a request without one.
    pub fn new_user(&self) -> u64 {
        self.next_user.fetch_add(1, Ordering::Relaxed)
    }

    /// Runs a claim. `None` if there is no event.
    pub async fn claim(&self, user: u64) -> Option<ClaimEnd> {
        let current = self.current()?;
        let latencies = Arc::clone(&self.latencies);
        let claim = current.claim(UserId(user), self.settings.timeout(), latencies);
        Some(claim.await)
    }

    /// Reads the ledger.
    ///
    /// # Errors
    /// There is no event, or the database cannot be read.
    pub async fn ledger(&self) -> Result<Ledger, String> {
        match &mut self.event.lock().await.event {
            Ok(event) => event.ledger(&self.settings).await,
            Err(problem) => Err(problem.clone()),
        }
    }

    /// Replaces the event by a new one, and reads its ledger. Runs in a task of its own, so that a client that disconnects does not
    /// stop it halfway.
    ///
    /// # Errors
    /// The new event cannot be created or read.
    pub async fn reset(self: Arc<Self>) -> Result<Ledger, String> {
        let reset = tokio::spawn(async move {
            let mut state = self.event.lock().await;
            self.switch_to(None);
            state.replace(&self.settings).await;
            match &mut state.event {
                Ok(event) => {
                    self.next_user.store(user::HIGHEST + 1, Ordering::Relaxed);
                    self.switch_to(Some(event.current()));
                    event.ledger(&self.settings).await
                }
                Err(problem) => Err(problem.clone()),
            }
        });
        reset.await.map_err(|error| error.to_string())?
    }

    /// The current figures. Does not read the database.
    pub async fn metrics(&self) -> Snapshot {
        let current = self.current();
        let now = EventFigures {
            limit: self.settings.limit(),
            told: current.as_ref().map(|now| now.told()).unwrap_or_default(),
            in_flight: current.as_ref().map_or(0, |now| now.in_flight()),
            lag: self.lag().await,
        };
        Snapshot::new(self.settings.entry.name, &self.latencies, now)
    }

    async fn lag(&self) -> Option<u64> {
        // The page of metrics does not wait for a reset.
        let state = self.event.try_lock().ok()?;
        let asked = state.event.as_ref().ok()?.lag();
        tokio::time::timeout(LAG_PATIENCE, asked).await.ok()?.ok()
    }

    /// Ends and removes the event.
    pub async fn close(&self) -> Served {
        let mut state = self.event.lock().await;
        self.switch_to(None);
        let left_behind = std::mem::take(&mut state.left_behind);
        let events = state.events;
        match state.take("the server has stopped") {
            Err(problem) => Served {
                told: DecisionCounts::default(),
                ledger: Err(problem),
                drained: None,
                events,
                kept: Vec::new(),
                left_behind,
            },
            Ok(event) => {
                let finished = event.finish(&self.settings).await;
                Served {
                    told: finished.told,
                    ledger: finished.ledger,
                    drained: Some(finished.drained),
                    events,
                    kept: finished.kept,
                    left_behind: [left_behind, finished.left_behind].concat(),
                }
            }
        }
    }
}

impl EventState {
    /// Removes the old event first: two events could need more connections than the services allow.
    async fn replace(&mut self, settings: &ServeSettings) {
        if let Ok(event) = self.take("a reset is in progress") {
            self.left_behind.extend(event.discard(settings).await);
        }
        self.event = ServedEvent::open(settings)
            .await
            .map_err(|error| format!("the last reset failed ({error}): POST /reset tries again"));
        self.events += u64::from(self.event.is_ok());
    }

    fn take(&mut self, meanwhile: &str) -> Result<ServedEvent, String> {
        std::mem::replace(&mut self.event, Err(meanwhile.to_owned()))
    }
}
