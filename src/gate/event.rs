//! What a gate reports.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{GateKind, footprint::Footprint};

/// A connection of the service to a gate. The number is unique in the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// A statement that arrived at a gate. The number is unique in the process, and grows with the time of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementId(pub u64);

impl ConnectionId {
    /// A number that no other connection has.
    pub fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl StatementId {
    /// A number that no other statement has.
    pub fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {}", self.0)
    }
}

/// One SQL statement with the values of its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SqlStatement {
    /// The text as the service sent it, with `$1` or `?` for parameters.
    pub text: String,
    /// The values of the parameters, as text; `None` for NULL.
    pub parameters: Vec<Option<String>>,
}

/// The content of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The SQL statements that the service sent together, and whose answers end together. Usually one.
    Sql(Vec<SqlStatement>),
    /// The Redis commands, each with its words. Usually one; several for a `MULTI` block, which takes effect at its `EXEC`.
    Redis(Vec<Vec<Vec<u8>>>),
}

/// What a statement does to transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The statement has no effect that another connection can observe, such as `SET`, `SHOW`, `SELECT 1`, `BEGIN` or `PING`. A gate
    /// forwards it at once. It is no step of a schedule.
    Housekeeping,
    /// The statement reads or writes data.
    Data,
    /// The statement ends a transaction and makes its changes visible.
    Commit,
    /// The statement ends a transaction and undoes its changes.
    Rollback,
}

/// A statement at a gate.
#[derive(Debug, Clone, PartialEq)]
pub struct WireStatement {
    /// The protocol.
    pub kind: GateKind,
    /// What the service sent.
    pub content: Content,
    /// What the statement does to transactions.
    pub role: Role,
    /// The tables or keys that the statement reads and writes. A commit has the footprint of the commit alone; the changes of its
    /// transaction are known to the reader of the events.
    pub footprint: Footprint,
    /// The value of a `traceparent` comment in the SQL text.
    pub traceparent: Option<String>,
}

/// The answer to a statement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WireAnswer {
    /// The answer in a diagram: `0`, `1 row`, `nil`, `OK`, `ERROR 23505 duplicate key …`. `None` where it says nothing.
    pub text: Option<String>,
    /// Whether the service answered with an error.
    pub is_error: bool,
    /// Whether the statement cannot have changed data, by its answer: no row was affected, or the reply is nil.
    pub changed_nothing: bool,
    /// Whether a transaction is open on the connection after the answer.
    pub in_transaction: bool,
}

/// What happened at a gate.
#[derive(Debug, Clone, PartialEq)]
pub enum GateEventKind {
    /// The service connected.
    Opened,
    /// The database told its number for the connection: the process id of PostgreSQL, the thread id of MySQL.
    Session(u64),
    /// A statement arrived. `held` is false if the gate forwards it without waiting for [`super::GateControl::release`].
    Arrived {
        /// The statement's number.
        id: StatementId,
        /// The statement.
        statement: Arc<WireStatement>,
        /// Whether the gate holds the statement.
        held: bool,
    },
    /// The database answered a statement. The event comes before the bytes of the answer are forwarded.
    Answered {
        /// The statement's number.
        id: StatementId,
        /// The answer.
        answer: WireAnswer,
    },
    /// The database cannot be reached, with the reason. The gate closes the service's connection.
    Unreachable(String),
    /// The gate no longer understands the bytes of the connection, and forwards them unread.
    Unreadable(String),
    /// One end closed the connection.
    Closed,
}

/// What happened at a gate, and on which connection. The events of all gates come through one channel, in the order in which they
/// happened.
#[derive(Debug, Clone, PartialEq)]
pub struct GateEvent {
    /// The protocol.
    pub gate: GateKind,
    /// The connection.
    pub connection: ConnectionId,
    /// What happened.
    pub what: GateEventKind,
}
