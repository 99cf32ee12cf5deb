//! The transaction of a connection, as far as the texts of the client tell it.

use super::sql::{Change, Words};

/// Whether a transaction is open after the messages of the client so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Transaction {
    /// None is open.
    #[default]
    Closed,
    /// The statements since the last `Sync` are in a transaction that the next `Sync` commits.
    Implicit,
    /// A `BEGIN` has opened one.
    Explicit,
}

impl Transaction {
    /// The state that the server has told.
    pub(super) fn told(is_open: bool) -> Self {
        if is_open {
            Self::Explicit
        } else {
            Self::Closed
        }
    }

    /// The client executes a statement with these words.
    pub(super) fn executes(&mut self, words: &Words) {
        *self = match (words.change, *self) {
            (Some(Change::Opens), _) | (None, Self::Explicit) => Self::Explicit,
            (Some(Change::Commits | Change::RollsBack), _) => Self::Closed,
            (None, _) => Self::Implicit,
        };
    }

    /// The client sends a `Sync` or a simple query: an implicit transaction ends. Returns whether there was one.
    pub(super) fn syncs(&mut self) -> bool {
        let implicit = *self == Self::Implicit;
        if implicit {
            *self = Self::Closed;
        }
        implicit
    }
}
