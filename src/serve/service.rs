//! What all connections share: the event of the moment, and the counters.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Mutex;

use super::{
    Plan, Served,
    claims::{Current, Ended},
    metrics::{Latencies, Now, Snapshot},
    round::{Ledger, Round},
    user,
};
use crate::{adapters::OpenError, ports::UserId};

pub use super::claims::Told;

/// How long a page of metrics waits for the cluster to say its lag.
const LAG_PATIENCE: Duration = Duration::from_secs(1);

/// A strategy that is served.
pub(super) struct Service {
    plan: Plan,
    /// Where claims go; `None` during a reset, and after one that failed.
    current: RwLock<Option<Arc<Current>>>,
    round: Mutex<Slot>,
    latencies: Arc<Latencies>,
    next_user: AtomicU64,
}

/// The event, held by whoever looks at its services or replaces it.
struct Slot {
    round: Result<Round, String>,
    events: u64,
    left_behind: Vec<String>,
}

impl Service {
    pub async fn open(plan: Plan) -> Result<Self, OpenError> {
        let round = Round::open(&plan).await?;
        Ok(Self {
            plan,
            current: RwLock::new(Some(round.current())),
            round: Mutex::new(Slot {
                round: Ok(round),
                events: 1,
                left_behind: Vec::new(),
            }),
            latencies: Arc::default(),
            next_user: AtomicU64::new(user::HIGHEST + 1),
        })
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub async fn backends(&self) -> String {
        let slot = self.round.lock().await;
        slot.round.as_ref().map(Round::backends).unwrap_or_default()
    }

    /// Where claims go at the moment.
    fn current(&self) -> Option<Arc<Current>> {
        let current = self.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn switch_to(&self, next: Option<Arc<Current>>) {
        let current = self.current.write();
        *current.unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// The services that do not answer, each with the reason; `None` where there is no event, and claims are not taken.
    pub async fn problems(&self) -> Option<Vec<String>> {
        Some(self.current()?.problems().await)
    }

    /// A number for a user who has none.
    pub fn new_user(&self) -> u64 {
        self.next_user.fetch_add(1, Ordering::Relaxed)
    }

    /// Asks the strategy; `None` where there is no event.
    pub async fn claim(&self, user: u64) -> Option<Ended> {
        let current = self.current()?;
        let latencies = Arc::clone(&self.latencies);
        let claim = current.claim(UserId(user), self.plan.timeout(), latencies);
        Some(claim.await)
    }

    /// What the database holds; the error says why that is not known.
    pub async fn ledger(&self) -> Result<Ledger, String> {
        match &mut self.round.lock().await.round {
            Ok(round) => round.ledger(&self.plan).await,
            Err(problem) => Err(problem.clone()),
        }
    }

    /// Replaces the event by a fresh one, and reads that. In a task of its own: a client that leaves must not stop it halfway.
    pub async fn reset(self: Arc<Self>) -> Result<Ledger, String> {
        let reset = tokio::spawn(async move {
            let mut slot = self.round.lock().await;
            self.switch_to(None);
            slot.replace(&self.plan).await;
            match &mut slot.round {
                Ok(round) => {
                    self.next_user.store(user::HIGHEST + 1, Ordering::Relaxed);
                    self.switch_to(Some(round.current()));
                    round.ledger(&self.plan).await
                }
                Err(problem) => Err(problem.clone()),
            }
        });
        reset.await.map_err(|error| error.to_string())?
    }

    /// The figures of the moment. The database is not asked.
    pub async fn metrics(&self) -> Snapshot {
        let current = self.current();
        let now = Now {
            limit: self.plan.limit(),
            told: current.as_ref().map(|now| now.told()).unwrap_or_default(),
            in_flight: current.as_ref().map_or(0, |now| now.in_flight()),
            lag: self.lag().await,
        };
        Snapshot::new(self.plan.entry.name, &self.latencies, now)
    }

    async fn lag(&self) -> Option<u64> {
        // Nobody waits for a reset here.
        let slot = self.round.try_lock().ok()?;
        let asked = slot.round.as_ref().ok()?.lag();
        tokio::time::timeout(LAG_PATIENCE, asked).await.ok()?.ok()
    }

    /// Ends the event and removes it.
    pub async fn close(&self) -> Served {
        let mut slot = self.round.lock().await;
        self.switch_to(None);
        let left_behind = std::mem::take(&mut slot.left_behind);
        let events = slot.events;
        match slot.take("the server has stopped") {
            Err(problem) => Served {
                told: Told::default(),
                ledger: Err(problem),
                drained: None,
                events,
                kept: Vec::new(),
                left_behind,
            },
            Ok(round) => {
                let finished = round.finish(&self.plan).await;
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

impl Slot {
    /// The old event goes first: two of them might need more connections than the services have.
    async fn replace(&mut self, plan: &Plan) {
        if let Ok(round) = self.take("a reset is under way") {
            self.left_behind.extend(round.discard(plan).await);
        }
        self.round = Round::open(plan)
            .await
            .map_err(|error| format!("the last reset failed ({error}): POST /reset tries again"));
        self.events += u64::from(self.round.is_ok());
    }

    fn take(&mut self, meanwhile: &str) -> Result<Round, String> {
        std::mem::replace(&mut self.round, Err(meanwhile.to_owned()))
    }
}
