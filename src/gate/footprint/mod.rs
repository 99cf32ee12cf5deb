//! The tables and keys that a statement reads and writes.
//!
//! Two statements commute if their order cannot change an answer or the data: neither writes what the other reads or writes. A statement
//! that cannot be understood touches everything.
//!
//! The text decides, and what is known of the [`Links`] between tables, which are not in the text.
//!
//! # Layout
//!
//! - `sql`: the tables of an SQL text, and what the text does to transactions
//! - `links`: what connects tables without a word in the text
//! - `redis`: the keys of a Redis command
//! - `traceparent`: the trace context in a comment
//! - `text`: a statement as one line, for diagrams and comparisons
//! - this file: the sets, and whether they commute

mod links;
mod redis;
mod sql;
mod text;
mod traceparent;

pub use links::{Link, Links};
pub use text::{shape, shown};
pub use traceparent::traceparent;

use std::collections::BTreeSet;

use super::{
    GateKind,
    event::{Content, Role},
};

/// The object for all advisory and named locks: `pg_advisory_lock`, `GET_LOCK`. A table cannot have this name by accident.
pub const ADVISORY_LOCK: &str = "advisory lock";

/// What a statement does to transactions, and what it reads and writes.
///
/// A statement whose text is not understood is data that touches everything. Several SQL statements together have the union of their
/// footprints, and the role [`Role::Commit`] if one of them commits.
pub fn classify(kind: GateKind, content: &Content) -> (Role, Footprint) {
    match content {
        Content::Sql(statements) => {
            let texts = statements.iter().map(|statement| statement.text.as_str());
            sql::classify(kind, texts)
        }
        Content::Redis(commands) => redis::classify(commands),
    }
}

/// A set of tables or keys of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objects {
    /// These tables (lower case, without schema) or keys.
    Some(BTreeSet<String>),
    /// All.
    All,
}

/// What a statement reads and writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footprint {
    /// What the statement reads.
    pub reads: Objects,
    /// What the statement writes or locks.
    pub writes: Objects,
}

impl Default for Objects {
    fn default() -> Self {
        Self::Some(BTreeSet::new())
    }
}

impl Objects {
    /// Whether the sets have a member in common.
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, Self::All) => true,
            (Self::All, Self::Some(some)) | (Self::Some(some), Self::All) => !some.is_empty(),
            (Self::Some(one), Self::Some(other)) => !one.is_disjoint(other),
        }
    }

    /// Whether the set has no member.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Some(some) if some.is_empty())
    }

    /// All, unless the set has no member.
    #[must_use]
    pub fn or_all(&self) -> Self {
        if self.is_empty() {
            Self::default()
        } else {
            Self::All
        }
    }

    /// Adds the members of `other`.
    pub fn add(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Some(own), Self::Some(other)) => own.extend(other.iter().cloned()),
            _ => *self = Self::All,
        }
    }
}

impl Footprint {
    /// The footprint of a statement that touches nothing.
    pub const fn none() -> Self {
        Self {
            reads: Objects::Some(BTreeSet::new()),
            writes: Objects::Some(BTreeSet::new()),
        }
    }

    /// The footprint of a statement that cannot be understood.
    pub const fn everything() -> Self {
        Self {
            reads: Objects::All,
            writes: Objects::All,
        }
    }

    /// The footprint of a statement that reads these, and writes or locks those.
    pub fn of(reads: BTreeSet<String>, writes: BTreeSet<String>) -> Self {
        Self {
            reads: Objects::Some(reads),
            writes: Objects::Some(writes),
        }
    }

    /// Whether the statement touches nothing.
    pub fn is_none(&self) -> bool {
        self.reads.is_empty() && self.writes.is_empty()
    }

    /// Whether the order of two statements of the same service cannot matter.
    pub fn commutes(&self, other: &Self) -> bool {
        !self.writes.meets(&other.writes)
            && !self.writes.meets(&other.reads)
            && !self.reads.meets(&other.writes)
    }

    /// Adds the members of `other`.
    pub fn add(&mut self, other: &Self) {
        self.reads.add(&other.reads);
        self.writes.add(&other.writes);
    }
}
