//! The units of a connection that are not yet forwarded.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{event::StatementId, wire::UnitId};

/// A unit that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The number of the unit in its protocol; `None` for unread bytes.
    pub(super) unit: Option<UnitId>,
    /// The bytes for the server.
    pub(super) bytes: Bytes,
    /// The bytes for the client.
    pub(super) reply: Bytes,
    /// The statement, if it has one.
    pub(super) statement: Option<StatementId>,
    /// Whether the unit goes as soon as its place allows.
    pub(super) released: bool,
    /// Whether earlier units go before it, and later units after it.
    pub(super) keeps_place: bool,
}

/// The waiting units, in the order in which the client sent them.
#[derive(Debug, Default)]
pub(super) struct Pending {
    units: VecDeque<Waiting>,
    bytes: usize,
}

impl Pending {
    /// Appends a unit.
    pub(super) fn push(&mut self, waiting: Waiting) {
        self.bytes += waiting.bytes.len();
        self.units.push_back(waiting);
    }

    /// The number of bytes of the waiting units.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether no unit waits.
    pub(super) fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The statement may go.
    pub(super) fn release(&mut self, id: StatementId) {
        let mut units = self.units.iter_mut();
        if let Some(waiting) = units.find(|waiting| waiting.statement == Some(id)) {
            waiting.released = true;
        }
    }

    /// Takes the next unit that can be forwarded now.
    pub(super) fn next(&mut self) -> Option<Waiting> {
        let at = self.position()?;
        let waiting = self.units.remove(at)?;
        self.bytes -= waiting.bytes.len();
        Some(waiting)
    }

    fn position(&self) -> Option<usize> {
        for (at, waiting) in self.units.iter().enumerate() {
            if waiting.keeps_place && at > 0 {
                return None;
            }
            if waiting.released {
                return Some(at);
            }
            if waiting.keeps_place {
                return None;
            }
        }
        None
    }

    /// The statements that are not released.
    pub(super) fn held(&self) -> impl Iterator<Item = StatementId> {
        let held = self.units.iter().filter(|waiting| !waiting.released);
        held.filter_map(|waiting| waiting.statement)
    }
}

impl Waiting {
    /// Bytes that are forwarded unread, after all earlier units.
    pub(super) fn unread(bytes: Bytes) -> Self {
        Self {
            unit: None,
            bytes,
            reply: Bytes::new(),
            statement: None,
            released: true,
            keeps_place: true,
        }
    }
}
