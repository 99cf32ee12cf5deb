//! Holds and releases the statements of all gates.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::event::{GateEvent, StatementId};

/// The control of all gates of a hunt. Clones control the same gates.
#[derive(Debug, Clone)]
pub struct GateControl(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    holds: AtomicBool,
    /// The held statements, and where their connections wait for the release.
    held: Mutex<HashMap<StatementId, UnboundedSender<StatementId>>>,
    events: UnboundedSender<GateEvent>,
}

impl GateControl {
    /// A control that holds nothing yet, and the events of its gates.
    pub fn new() -> (Self, UnboundedReceiver<GateEvent>) {
        let (events, receiver) = mpsc::unbounded_channel();
        let shared = Shared {
            holds: AtomicBool::new(false),
            held: Mutex::default(),
            events,
        };
        (Self(Arc::new(shared)), receiver)
    }

    /// From now on, the gates hold every statement that is no housekeeping.
    pub fn hold(&self) {
        self.0.holds.store(true, Ordering::SeqCst);
    }

    /// From now on, the gates hold no statement. Held statements are released.
    pub fn pass(&self) {
        let mut held = self.held();
        self.0.holds.store(false, Ordering::SeqCst);
        for (id, connection) in held.drain() {
            let _ = connection.send(id);
        }
    }

    /// Releases a held statement. Returns whether it was held, and its connection is open.
    pub fn release(&self, id: StatementId) -> bool {
        let connection = self.held().remove(&id);
        connection.is_some_and(|connection| connection.send(id).is_ok())
    }

    /// Registers a statement that arrived. Returns whether it is held: `connection` is then told of its release.
    pub(crate) fn arrives(
        &self,
        id: StatementId,
        connection: &UnboundedSender<StatementId>,
    ) -> bool {
        let mut held = self.held();
        let holds = self.0.holds.load(Ordering::SeqCst);
        if holds {
            held.insert(id, connection.clone());
        }
        holds
    }

    /// Forgets the held statements of a connection that was closed.
    pub(super) fn forget(&self, ids: impl IntoIterator<Item = StatementId>) {
        let mut held = self.held();
        for id in ids {
            held.remove(&id);
        }
    }

    /// Reports an event.
    pub(crate) fn report(&self, event: GateEvent) {
        // Without a receiver, the hunt is over.
        let _ = self.0.events.send(event);
    }

    fn held(&self) -> MutexGuard<'_, HashMap<StatementId, UnboundedSender<StatementId>>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
