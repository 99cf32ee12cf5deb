//! The connections of the service to the gates, with their open transactions.

use std::collections::{HashMap, VecDeque};

use super::search::Effect;
use crate::{
    gate::{
        GateKind,
        event::{
            ConnectionId, GateEvent, GateEventKind, Role, StatementId, WireAnswer, WireStatement,
        },
        footprint::{Footprint, Links, Objects},
    },
    model::hunt::Contender,
};

/// A transaction that is open on a connection.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// The number, unique in the hunt.
    pub number: u64,
    /// The request that began it. `None` if that is not known.
    pub owner: Option<Contender>,
    /// What its statements have written or locked.
    changes: Objects,
    /// Whether a statement of it may have taken the snapshot from which its plain reads come.
    has_snapshot: bool,
}

/// A connection of the service.
#[derive(Debug)]
pub struct Connection {
    /// The protocol.
    pub kind: GateKind,
    /// The number of the connection in the database.
    pub session: Option<u64>,
    /// The open transaction.
    pub transaction: Option<Transaction>,
    /// The request that used the connection last, if only one request was going on at that time.
    pub user: Option<Contender>,
    /// Whether a request has used the connection in this hunt.
    is_used: bool,
    /// The statements without an answer for the service, in the order of their arrival, and whether the database has answered each. A
    /// shared connection gives its answers in this order.
    outstanding: VecDeque<(StatementId, bool)>,
}

/// All connections.
#[derive(Debug, Default)]
pub struct Connections {
    open: HashMap<ConnectionId, Connection>,
    transactions: u64,
    /// What connects the tables of the databases.
    pub links: HashMap<GateKind, Links>,
}

impl Connections {
    /// Follows an event of which only the connection and its transaction matter.
    pub fn take(&mut self, event: &GateEvent) {
        let connection = event.connection;
        match &event.what {
            GateEventKind::Opened => self.opened(connection, event.gate),
            GateEventKind::Session(session) => {
                if let Some(connection) = self.get_mut(connection) {
                    connection.session = Some(*session);
                }
            }
            GateEventKind::Arrived { id, .. } => self.arrived(connection, *id),
            GateEventKind::Answered { id, answer } => {
                self.answered(connection, *id, None, answer);
            }
            GateEventKind::Closed => drop(self.closed(connection)),
            GateEventKind::Unreadable(_) | GateEventKind::Unreachable(_) => {}
        }
    }

    /// Adds a connection.
    fn opened(&mut self, id: ConnectionId, kind: GateKind) {
        let connection = Connection {
            kind,
            session: None,
            transaction: None,
            user: None,
            is_used: false,
            outstanding: VecDeque::new(),
        };
        self.open.insert(id, connection);
    }

    /// Removes a connection. Returns its statements without an answer.
    pub fn closed(&mut self, id: ConnectionId) -> Vec<StatementId> {
        let closed = self.open.remove(&id);
        let outstanding = closed.into_iter().flat_map(|closed| closed.outstanding);
        outstanding.map(|(statement, _)| statement).collect()
    }

    /// The connection.
    pub fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.open.get(&id)
    }

    /// The connection.
    pub fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.open.get_mut(&id)
    }

    /// The number of open connections of a gate that requests have used in this hunt.
    pub fn used(&self, kind: GateKind) -> usize {
        let all = self.open.values();
        all.filter(|connection| connection.kind == kind && connection.is_used)
            .count()
    }

    /// A request has used the connection.
    pub fn is_used_by(&mut self, id: ConnectionId, contender: Contender) {
        if let Some(connection) = self.open.get_mut(&id) {
            (connection.user, connection.is_used) = (Some(contender), true);
        }
    }

    /// Whether one of these sessions is a connection of the service.
    pub fn has_one_of(&self, sessions: &[u64]) -> bool {
        let mut all = self.open.values();
        all.any(|connection| {
            let session = connection.session;
            session.is_some_and(|session| sessions.contains(&session))
        })
    }

    /// Whether this request has a transaction open.
    pub fn has_transaction(&self, contender: Contender) -> bool {
        let mut all = self.open.values();
        all.any(|connection| {
            let transaction = connection.transaction.as_ref();
            transaction.is_some_and(|transaction| transaction.owner == Some(contender))
        })
    }

    /// Whether a statement ends a transaction that has changed and locked nothing, or ends no transaction. It has no effect on others.
    pub fn ends_nothing(&self, id: ConnectionId, statement: &WireStatement) -> bool {
        let connection = self.open.get(&id);
        let transaction = connection.and_then(|connection| connection.transaction.as_ref());
        matches!(statement.role, Role::Commit | Role::Rollback)
            && statement.footprint.writes.is_empty()
            && statement.footprint.reads.is_empty()
            && transaction.is_none_or(|transaction| transaction.changes.is_empty())
    }

    /// A statement arrived.
    fn arrived(&mut self, id: ConnectionId, statement: StatementId) {
        if let Some(connection) = self.open.get_mut(&id) {
            connection.outstanding.push_back((statement, false));
        }
    }

    /// A statement is sent to the database for a request. Returns what it does to the data, and the number of its transaction.
    pub fn sent(
        &mut self,
        id: ConnectionId,
        contender: Contender,
        statement: &WireStatement,
    ) -> (Effect, Option<u64>) {
        self.is_used_by(id, contender);
        let mut footprint = self.footprint(statement);
        let mut number = None;
        if let Some(connection) = self.open.get_mut(&id)
            && let Some(transaction) = &mut connection.transaction
        {
            transaction.owner.get_or_insert(contender);
            number = Some(transaction.number);
            footprint = transaction.effect_of(statement, footprint);
        }
        let effect = Effect {
            kind: statement.kind,
            footprint,
        };
        (effect, number)
    }

    /// What a statement touches by its text and by the links of its tables.
    pub fn footprint(&self, statement: &WireStatement) -> Footprint {
        let footprint = &statement.footprint;
        match self.links.get(&statement.kind) {
            Some(links) => links.footprint(statement),
            None if statement.kind == GateKind::Redis => footprint.clone(),
            // A table can be a view, or have a trigger that touches another table.
            None => Footprint {
                reads: footprint.reads.or_all(),
                writes: footprint.writes.or_all(),
            },
        }
    }

    /// The database answered a statement. Returns whether the statement began a transaction that it is itself a part of.
    pub fn answered(
        &mut self,
        id: ConnectionId,
        statement: StatementId,
        sent: Option<&WireStatement>,
        answer: &WireAnswer,
    ) -> bool {
        let changes = sent.map(|sent| self.footprint(sent).writes);
        let Some(connection) = self.open.get_mut(&id) else {
            return false;
        };
        for (outstanding, is_answered) in &mut connection.outstanding {
            *is_answered |= *outstanding == statement;
        }
        while connection
            .outstanding
            .front()
            .is_some_and(|(_, answered)| *answered)
        {
            connection.outstanding.pop_front();
        }
        if !answer.in_transaction {
            connection.transaction = None;
            return false;
        }
        if connection.transaction.is_some() {
            return false;
        }
        self.transactions += 1;
        connection.transaction = Some(Transaction {
            number: self.transactions,
            owner: connection.user,
            changes: changes.unwrap_or_default(),
            has_snapshot: sent.is_some_and(takes_snapshot),
        });
        sent.is_some()
    }

    /// Whether the service has the answer to this statement: the database has answered it, and all earlier statements of its connection.
    pub fn is_delivered(&self, id: ConnectionId, statement: StatementId) -> bool {
        let connection = self.open.get(&id);
        connection.is_none_or(|connection| {
            let mut waiting = connection.outstanding.iter();
            !waiting.any(|(outstanding, _)| *outstanding == statement)
        })
    }
}

impl Transaction {
    /// What a statement of this transaction does to the data. The end of the transaction makes its changes visible and its locks free.
    fn effect_of(&mut self, statement: &WireStatement, footprint: Footprint) -> Footprint {
        let mut effect = footprint;
        match statement.role {
            Role::Housekeeping => {}
            Role::Data => {
                self.changes.add(&effect.writes);
                if !self.has_snapshot && takes_snapshot(statement) {
                    self.has_snapshot = true;
                    effect.reads = Objects::All;
                }
            }
            Role::Commit | Role::Rollback => effect.writes.add(&self.changes),
        }
        effect
    }
}

/// Whether a statement may take the snapshot of all tables from which the later plain reads of its transaction come. PostgreSQL takes it
/// with the first statement, InnoDB with the first read that takes no lock.
fn takes_snapshot(statement: &WireStatement) -> bool {
    let writes = &statement.footprint.writes;
    statement.kind == GateKind::Postgres || writes.is_empty() || *writes == Objects::All
}
