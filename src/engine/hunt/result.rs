//! What a hunt has found.

use std::time::Duration;

use crate::{
    gate::GateKind,
    judge::verdict::Discrepancy,
    model::{
        hunt::{HuntCase, HuntToken},
        interleaving::Interleaving,
        verdict::Verdict,
    },
};

/// The result of a hunt over all its cases.
#[derive(Debug, Clone)]
pub struct HuntResult {
    /// The title of the target file, or its path.
    pub target: String,
    /// The gates, with the address of the service behind each, such as `127.0.0.1:5432`.
    pub gates: Vec<(GateKind, String)>,
    /// The statements that arrived without a request: their text and their number. They are forwarded at once.
    pub background: Vec<(String, u64)>,
    /// The results of the cases, in the order in which they were searched.
    pub cases: Vec<CaseResult>,
    /// What limits the result, one sentence each, such as "u2 waited inside the service for u1".
    pub notes: Vec<String>,
    /// The time of the search, without the start of the service.
    pub took: Duration,
    /// Whether the search was interrupted by the user.
    pub interrupted: bool,
}

impl HuntResult {
    /// The number of schedules that were played, over all cases.
    pub fn schedules(&self) -> u64 {
        self.cases.iter().map(|case| case.schedules).sum()
    }

    /// The orders that break the promise, in the order of the cases.
    pub fn witnesses(&self) -> impl Iterator<Item = &HuntWitness> {
        self.cases.iter().filter_map(|case| case.witness.as_ref())
    }

    /// Whether an order violates the promise.
    pub fn is_violated(&self) -> bool {
        self.witnesses()
            .any(|witness| witness.verdict == Verdict::Violated)
    }

    /// Whether every order of every case was played, and none breaks the promise.
    pub fn is_exhausted(&self) -> bool {
        let is_exhausted =
            |case: &CaseResult| case.extent == Extent::Exhausted && case.witness.is_none();
        !self.cases.is_empty() && self.cases.iter().all(is_exhausted)
    }
}

/// The result of one case.
#[derive(Debug, Clone)]
pub struct CaseResult {
    /// The situation.
    pub case: HuntCase,
    /// The number of schedules that were played.
    pub schedules: u64,
    /// How far the search came.
    pub extent: Extent,
    /// The smallest order that breaks the promise, if one was found.
    pub witness: Option<HuntWitness>,
    /// The time of the search in this case.
    pub took: Duration,
}

/// How far the search of a case came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// Every order of the statements was played, up to statements that commute.
    Exhausted,
    /// The search ended with the first order that breaks the promise.
    Found,
    /// The search ended at a bound. About this many schedules were left.
    Bounded {
        /// The number of known schedules that were not played; a lower bound.
        left: u64,
    },
    /// The statements of the two requests could not be controlled. The text says why.
    NotControllable(String),
    /// The service or a database failed. The text says how.
    Failed(String),
    /// The user interrupted the search, or an earlier case ended it.
    NotSearched,
}

/// An order of statements that breaks the promise.
#[derive(Debug, Clone)]
pub struct HuntWitness {
    /// The verdict on this order.
    pub verdict: Verdict,
    /// The differences between the responses and the ledger.
    pub findings: Vec<Discrepancy>,
    /// The order, with the token.
    pub interleaving: Interleaving,
    /// One sentence with a remedy.
    pub advice: String,
    /// The token.
    pub token: HuntToken,
    /// Whether the promise breaks although the requests ran one after the other: no race is needed.
    pub serial: bool,
    /// The number of schedules that were played until this one.
    pub schedules: u64,
    /// The time from the begin of the hunt to this schedule.
    pub after: Duration,
}

/// One trial of `--replay`.
#[derive(Debug, Clone)]
pub struct Played {
    /// The verdict on the trial.
    pub verdict: Verdict,
    /// The differences between the responses and the ledger.
    pub findings: Vec<Discrepancy>,
    /// Why the trial proves nothing; empty if it proves something.
    pub reasons: Vec<String>,
    /// The steps that were played.
    pub interleaving: Interleaving,
    /// One sentence with a remedy; empty without a finding.
    pub advice: String,
    /// Where the service did not follow the schedule, one sentence each.
    pub deviations: Vec<String>,
}
