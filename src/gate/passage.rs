//! What a gate does with the bytes of a connection, without its sockets.

use std::{collections::HashMap, sync::Arc};

use bytes::BytesMut;
use tokio::sync::mpsc::UnboundedSender;

use super::{
    GateControl, GateKind,
    event::{
        ConnectionId, Content, GateEvent, GateEventKind, Role, StatementId, WireAnswer,
        WireStatement,
    },
    footprint::{classify, traceparent},
    outgoing::Outgoing,
    pending::{Pending, Waiting},
    wire::{ClientUnit, ServerUnit, UnitId, Wire, WireError},
};

/// A connection at a gate: who reports, and to whom.
#[derive(Debug)]
pub(super) struct Reporter {
    pub(super) kind: GateKind,
    pub(super) connection: ConnectionId,
    pub(super) control: GateControl,
}

/// The way of the bytes through a gate, in both directions.
///
/// Bytes that were read are put into `client_bytes` or `server_bytes`; `read_client` and `read_server` then move them to `to_server` and
/// `to_client`. After its drop, no statement of the connection is held any more.
pub(super) struct Passage<W: Wire> {
    reporter: Reporter,
    wire: W,
    /// Where the control sends the numbers of released statements.
    releases: UnboundedSender<StatementId>,
    /// Bytes of the client that are no complete unit yet.
    pub(super) client_bytes: BytesMut,
    /// Bytes of the server that are no complete unit yet.
    pub(super) server_bytes: BytesMut,
    pub(super) to_client: Outgoing,
    pub(super) to_server: Outgoing,
    pending: Pending,
    /// The statements without an answer.
    statements: HashMap<UnitId, StatementId>,
    /// Whether the bytes of the client are forwarded unread.
    unread: bool,
    /// Whether the connection cannot go on.
    broken: bool,
    closed: bool,
}

impl Reporter {
    fn report(&self, what: GateEventKind) {
        self.control.report(GateEvent {
            gate: self.kind,
            connection: self.connection,
            what,
        });
    }
}

impl<W: Wire> Passage<W> {
    /// Reports the connection as opened.
    pub(super) fn open(
        reporter: Reporter,
        wire: W,
        releases: UnboundedSender<StatementId>,
    ) -> Self {
        reporter.report(GateEventKind::Opened);
        Self {
            reporter,
            wire,
            releases,
            client_bytes: BytesMut::new(),
            server_bytes: BytesMut::new(),
            to_client: Outgoing::default(),
            to_server: Outgoing::default(),
            pending: Pending::default(),
            statements: HashMap::new(),
            unread: false,
            broken: false,
            closed: false,
        }
    }

    /// Reports that the database cannot be reached.
    pub(super) fn unreachable(&self, error: String) {
        self.reporter.report(GateEventKind::Unreachable(error));
    }

    /// Moves what is complete of the client's bytes.
    pub(super) fn read_client(&mut self) {
        while !self.unread {
            match self.wire.from_client(&mut self.client_bytes) {
                Ok(Some(unit)) => self.take(unit),
                Ok(None) => return,
                Err(error) => self.fail(&error),
            }
        }
        self.flush_client();
    }

    /// Moves what is complete of the server's bytes.
    pub(super) fn read_server(&mut self) {
        while !self.server_is_unread() {
            match self.wire.from_server(&mut self.server_bytes) {
                Ok(Some(unit)) => self.answer(unit),
                Ok(None) => return,
                Err(error) => {
                    // The client would get the replies in an order that is not its own.
                    self.broken = self.wire.reordered();
                    self.fail(&error);
                    if self.broken {
                        return;
                    }
                }
            }
        }
        self.flush_server();
    }

    /// The control released a statement.
    pub(super) fn release(&mut self, id: StatementId) {
        self.pending.release(id);
        self.advance();
    }

    /// The client sends no more: what is left of its bytes is moved. Returns whether the connection has to be closed, because statements
    /// wait that no client waits for.
    pub(super) fn client_ended(&mut self) -> bool {
        self.flush_client();
        !self.pending.is_empty()
    }

    /// The server sends no more: what is left of its bytes is moved.
    pub(super) fn server_ended(&mut self) {
        self.flush_server();
        self.close();
    }

    /// The number of bytes that wait for the server.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.pending.bytes() + self.to_server.len()
    }

    /// Whether the connection cannot go on.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Forgets the held statements and reports the end.
    pub(super) fn close(&mut self) {
        if !self.closed {
            self.closed = true;
            self.reporter.control.forget(self.pending.held());
            self.reporter.report(GateEventKind::Closed);
        }
    }

    fn server_is_unread(&self) -> bool {
        self.unread && !self.wire.reordered()
    }

    fn flush_client(&mut self) {
        if !self.client_bytes.is_empty() {
            let bytes = self.client_bytes.split().freeze();
            self.pending.push(Waiting::unread(bytes));
            self.advance();
        }
    }

    fn flush_server(&mut self) {
        self.to_client.push(self.server_bytes.split().freeze());
    }

    fn fail(&mut self, error: &WireError) {
        if !self.unread {
            self.unread = true;
            let what = GateEventKind::Unreadable(error.to_string());
            self.reporter.report(what);
        }
        self.flush_client();
        if self.server_is_unread() {
            self.flush_server();
        }
    }

    fn take(&mut self, mut unit: ClientUnit) {
        let mut waiting = Waiting {
            unit: Some(unit.id),
            statement: None,
            released: true,
            keeps_place: self.wire.keeps_place(&unit),
            bytes: unit.bytes,
            reply: unit.reply,
        };
        if let Some(content) = unit.statement.take() {
            let (id, held) = self.arrive(content);
            self.statements.insert(unit.id, id);
            waiting.statement = Some(id);
            waiting.released = !held;
        }
        if waiting.released && self.pending.is_empty() {
            self.forward(waiting);
        } else {
            self.pending.push(waiting);
            self.advance();
        }
    }

    /// Reports a statement. Returns its number, and whether it is held.
    fn arrive(&self, content: Content) -> (StatementId, bool) {
        let Reporter { kind, control, .. } = &self.reporter;
        let (role, footprint) = classify(*kind, &content);
        let id = StatementId::next();
        let held = role != Role::Housekeeping && control.arrives(id, &self.releases);
        let statement = Arc::new(WireStatement {
            kind: *kind,
            traceparent: traceparent(&content),
            content,
            role,
            footprint,
        });
        let what = GateEventKind::Arrived {
            id,
            statement,
            held,
        };
        self.reporter.report(what);
        (id, held)
    }

    fn advance(&mut self) {
        while let Some(waiting) = self.pending.next() {
            self.forward(waiting);
        }
    }

    fn forward(&mut self, waiting: Waiting) {
        if let Some(unit) = waiting.unit
            && !waiting.bytes.is_empty()
        {
            self.wire.forwarded(unit);
        }
        self.to_client.push(waiting.reply);
        self.to_server.push(waiting.bytes);
    }

    fn answer(&mut self, unit: ServerUnit) {
        if let Some(session) = unit.session {
            self.reporter.report(GateEventKind::Session(session));
        }
        if let Some((id, answer)) = unit.answered {
            self.report_answer(id, answer);
        }
        self.to_client.push(unit.bytes);
    }

    fn report_answer(&mut self, unit: UnitId, answer: WireAnswer) {
        if let Some(id) = self.statements.remove(&unit) {
            self.reporter.report(GateEventKind::Answered { id, answer });
        }
    }
}

impl<W: Wire> Drop for Passage<W> {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
pub(super) mod tests;
