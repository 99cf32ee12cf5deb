//! The gates of a hunt, seen as a whole: their events, the connections, and the questions to the databases.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use tokio::sync::mpsc::UnboundedReceiver;

use super::{connections::Connections, locks::LockMonitor};
use crate::gate::{
    GateControl, GateKind,
    event::{GateEvent, GateEventKind, Role},
    footprint::shape,
};

/// The longest time for which the hunt waits until the gates are calm.
const LONGEST_UNREST: Duration = Duration::from_secs(3);

/// How long the hunt waits for what.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The time without a statement or a response after which a request counts as waiting inside the service.
    pub quiet: Duration,
    /// The same for a request that is known to wait, after each step of the other request.
    pub again: Duration,
    /// The timeout of a statement and of a response.
    pub timeout: Duration,
}

/// Which statement has followed which statements of a request, by their shapes. Learned from statements whose request is certain.
#[derive(Debug, Default)]
pub struct Profile(HashMap<Vec<String>, BTreeSet<String>>);

impl Profile {
    /// Learns the statements of one request.
    pub fn learn(&mut self, path: &[String]) {
        for (at, next) in path.iter().enumerate() {
            self.0
                .entry(path[..at].to_vec())
                .or_default()
                .insert(next.clone());
        }
    }

    /// Whether a request that has made the statements of `path` has made `next` after them.
    pub fn expects(&self, path: &[String], next: &str) -> bool {
        self.0.get(path).is_some_and(|known| known.contains(next))
    }
}

/// All gates of a hunt.
pub struct Conductor {
    /// Holds and releases statements.
    pub control: GateControl,
    /// The events of all gates.
    pub events: UnboundedReceiver<GateEvent>,
    /// The connections of the service.
    pub connections: Connections,
    /// The statements that arrived without a request, by their shape, with their number.
    pub background: BTreeMap<String, u64>,
    /// The databases that tell which session waits for which.
    pub monitors: HashMap<GateKind, LockMonitor>,
    /// What the requests of earlier schedules have made.
    pub profile: Profile,
    /// How long the hunt waits.
    pub pace: Pace,
}

impl Conductor {
    /// Observes the gates for `span` while no request is sent. What arrives now comes from the service's background work.
    pub async fn observe_background(&mut self, span: Duration) {
        self.take_waiting();
        let deadline = tokio::time::Instant::now() + span;
        while let Ok(Some(event)) = tokio::time::timeout_at(deadline, self.events.recv()).await {
            if let GateEventKind::Arrived { statement, .. } = &event.what
                && statement.role == Role::Data
            {
                *self
                    .background
                    .entry(shape(&statement.content))
                    .or_default() += 1;
            }
            self.connections.take(&event);
        }
    }

    /// Follows the connections until no event has come for `span`, but not for longer than [`LONGEST_UNREST`]: background work of the
    /// service may never be calm.
    pub async fn observe_until_calm(&mut self, span: Duration) {
        let calm = async {
            while let Ok(Some(event)) = tokio::time::timeout(span, self.events.recv()).await {
                self.connections.take(&event);
            }
        };
        let _ = tokio::time::timeout(LONGEST_UNREST, calm).await;
    }

    /// Takes the events that have come so far. Only the connections matter: no statement is held.
    pub fn take_waiting(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.connections.take(&event);
        }
    }

    /// Asks the databases what connects their tables. Returns a sentence for each that did not answer.
    pub async fn ask_links(&mut self) -> Vec<String> {
        let mut notes = Vec::new();
        for (kind, monitor) in &mut self.monitors {
            match monitor.links().await {
                Ok(links) => drop(self.connections.links.insert(*kind, links)),
                Err(why) => notes.push(format!(
                    "{kind} cannot be asked for its views and triggers: {why}"
                )),
            }
        }
        notes
    }

    /// Whether a session waits for another connection of the service. `None` if the database cannot be asked.
    ///
    /// # Errors
    /// The database did not answer.
    pub async fn waits(
        &mut self,
        kind: GateKind,
        session: Option<u64>,
    ) -> Result<Option<bool>, String> {
        let (Some(monitor), Some(session)) = (self.monitors.get_mut(&kind), session) else {
            return Ok(None);
        };
        let blockers = monitor.waits(session).await?;
        Ok(blockers.map(|blockers| self.connections.has_one_of(&blockers)))
    }
}
