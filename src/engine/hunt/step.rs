//! A step of a schedule, as it took effect.

use std::sync::Arc;

use crate::{
    gate::{
        GateKind,
        event::{WireAnswer, WireStatement},
    },
    model::hunt::Contender,
};

/// A statement of one of the two requests, with its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct HuntStep {
    /// The request.
    pub contender: Contender,
    /// The protocol.
    pub kind: GateKind,
    /// The statement.
    pub statement: Arc<WireStatement>,
    /// The number of the open transaction in which the statement ran; `None` outside a transaction.
    pub transaction: Option<u64>,
    /// The answer.
    pub answer: WireAnswer,
    /// Whether the statement waited for a lock, or its request waited inside the service before it.
    pub waited: bool,
    /// The statement in a diagram.
    pub shown: String,
    /// The response to the user right after this step: `issued`, `sold out`.
    pub told: Option<String>,
}
