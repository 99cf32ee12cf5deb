//! The two requests of a schedule: what each of them does at the moment.

use std::{collections::VecDeque, sync::Arc};

use tokio::time::Instant;

use super::search::{Effect, SearchStep};
use crate::{
    gate::{
        GateKind,
        event::{ConnectionId, StatementId, WireAnswer, WireStatement},
        footprint::shape,
    },
    model::{hunt::Contender, outcome::Outcome},
};

/// A statement that is held at a gate.
#[derive(Debug, Clone)]
pub struct HeldStatement {
    /// The number.
    pub id: StatementId,
    /// The connection.
    pub connection: ConnectionId,
    /// The statement.
    pub statement: Arc<WireStatement>,
}

impl HeldStatement {
    /// Whether the statement is made again. A lock in Redis has another value in each try.
    pub fn repeats(&self, earlier: &Self) -> bool {
        let (one, other) = (&self.statement.content, &earlier.statement.content);
        match self.statement.kind {
            GateKind::Redis => shape(one) == shape(other),
            _ => one == other,
        }
    }
}

/// What a request does.
#[derive(Debug)]
pub enum State {
    /// The request is not sent yet.
    NotSent,
    /// The service works on the request. `silent` says that it has made no statement for so long that it waits for the other request.
    Working {
        /// The time of the last sign of the request.
        since: Instant,
        /// Whether the request waits inside the service.
        silent: bool,
    },
    /// A statement of the request is held.
    Held(HeldStatement),
    /// A statement of the request is at the database.
    Sent {
        /// The statement.
        held: HeldStatement,
        /// The time at which it was released.
        since: Instant,
        /// The time at which the database is asked whether the statement waits for a lock.
        ask_at: Instant,
        /// Whether the statement waits for the other request: for a lock, or for an earlier answer of a shared connection.
        waits: bool,
    },
    /// The service has answered the request.
    Ended(Outcome),
}

/// One of the two requests.
#[derive(Debug)]
pub struct Request {
    /// What it does.
    pub state: State,
    /// The number of steps that had been made when the request could make its next step.
    pub ready: usize,
    /// Statements that arrived behind the current one on the same connection: a pipeline.
    pub pipeline: VecDeque<HeldStatement>,
    /// The trace id in the `traceparent` header of the request.
    pub trace_id: String,
    /// The connections that the request used.
    pub connections: Vec<ConnectionId>,
    /// Whether the request has waited inside the service.
    pub has_waited: bool,
    /// Whether the request has waited inside the service since its last statement.
    pub waited_now: bool,
}

impl Request {
    /// A request that is not sent.
    pub fn new(trace_id: String) -> Self {
        Self {
            state: State::NotSent,
            ready: 0,
            pipeline: VecDeque::new(),
            trace_id,
            connections: Vec::new(),
            has_waited: false,
            waited_now: false,
        }
    }

    /// Whether the service can make a new statement for the request now.
    pub fn is_working(&self) -> bool {
        matches!(self.state, State::Working { .. })
    }

    /// Whether the service works on the request, and is not known to wait.
    pub fn is_going_on(&self) -> bool {
        matches!(
            self.state,
            State::Working { silent: false, .. } | State::Sent { waits: false, .. }
        )
    }

    /// Whether the request has ended.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended(_))
    }

    /// The held statement.
    pub fn held(&self) -> Option<&HeldStatement> {
        match &self.state {
            State::Held(held) => Some(held),
            _ => None,
        }
    }

    /// The statement at the database.
    pub fn sent(&self) -> Option<&HeldStatement> {
        match &self.state {
            State::Sent { held, .. } => Some(held),
            _ => None,
        }
    }
}

/// A step as it was made.
#[derive(Debug, Clone)]
pub struct StepRecord {
    /// The request.
    pub contender: Contender,
    /// The statement.
    pub held: HeldStatement,
    /// The number of the transaction in which it ran.
    pub transaction: Option<u64>,
    /// What it does to the data.
    pub effect: Effect,
    /// The number of steps that had been made when this step became possible.
    pub ready: usize,
    /// The answer. `None` if the connection was closed before.
    pub answer: Option<WireAnswer>,
    /// The number of answers that came before this one.
    pub order: usize,
    /// Whether it waited for the other request.
    pub waited: bool,
    /// The response to the request right after this step.
    pub told: Option<Outcome>,
}

impl StepRecord {
    /// Whether the step changed nothing, outside a transaction.
    pub fn was_in_vain(&self) -> bool {
        let changed_nothing = |answer: &WireAnswer| answer.changed_nothing;
        self.transaction.is_none() && self.answer.as_ref().is_some_and(changed_nothing)
    }
}

impl From<&StepRecord> for SearchStep {
    fn from(step: &StepRecord) -> Self {
        Self {
            contender: step.contender,
            effect: step.effect.clone(),
            ready: step.ready,
        }
    }
}

/// The shapes of the statements that one request has made, in order.
pub fn path(steps: &[StepRecord], contender: Contender) -> Vec<String> {
    let own = steps.iter().filter(|step| step.contender == contender);
    own.map(|step| shape(&step.held.statement.content))
        .collect()
}
