//! A unit that was sent, and the messages with which the server answers it.

use std::{collections::VecDeque, sync::Arc};

use super::{
    Shared,
    answer::{Outcome, Sent},
    prepared::{Closed, Created, Prepared},
    transaction::Transaction,
};
use crate::gate::{event::WireAnswer, wire::UnitId};

/// What makes the server say that it is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ready {
    /// The end of a `Sync`.
    Sync,
    /// The end of a simple query, a function call or the login. After an error in the messages before, the server skips it.
    Other,
}

/// A message of the client that the server answers.
#[derive(Debug)]
pub(super) enum Step {
    /// The server prepares a statement.
    Parse(Created),
    /// The server creates a portal.
    Bind,
    /// The server tells parameters and columns.
    DescribeStatement(Arc<Prepared>),
    /// The server tells columns.
    DescribePortal(Arc<Prepared>),
    /// The server executes a portal.
    Execute,
    /// The server removes a statement, or a portal (`None`).
    Close(Option<Closed>),
    /// The server executes the statements of a simple query, if there are some, and is ready.
    Ready(Ready),
}

/// A unit that the server answers.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) id: UnitId,
    /// Whether the unit contains a statement.
    pub(super) is_statement: bool,
    /// The steps that are not answered.
    pub(super) steps: VecDeque<Step>,
    /// What the server has said.
    pub(super) outcome: Outcome,
    /// The transaction after the unit, if it ends with a `Flush`.
    pub(super) transaction: Transaction,
}

impl Unit {
    /// A unit without a statement whose answer ends when the server is ready.
    pub(super) fn login(id: UnitId) -> Self {
        Self {
            id,
            is_statement: false,
            steps: VecDeque::from([Step::Ready(Ready::Other)]),
            outcome: Outcome::new(Vec::<Sent>::new()),
            transaction: Transaction::Closed,
        }
    }

    /// Whether a `Sync` belongs to the unit.
    pub(super) fn has_sync(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, Step::Ready(Ready::Sync)))
    }

    /// Whether the server says at the end of the unit that it is ready.
    pub(super) fn ends_ready(&self) -> bool {
        matches!(self.steps.back(), Some(Step::Ready(_)))
    }

    /// Whether a transaction is open after a unit that ends with a `Flush`: the server does not tell it.
    pub(super) fn open_after_flush(&self, shared: &Shared) -> bool {
        match self.transaction {
            Transaction::Closed => false,
            Transaction::Implicit => !shared.failed_since_sync,
            Transaction::Explicit => true,
        }
    }

    /// The answer, if the unit is a statement.
    pub(super) fn answered(self, in_transaction: bool) -> Option<(UnitId, WireAnswer)> {
        let answer = self.outcome.answer(in_transaction);
        self.is_statement.then_some((self.id, answer))
    }
}
