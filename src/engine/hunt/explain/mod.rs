//! Explains an order of statements that breaks a promise: the stale read, the step that broke the promise, one sentence, and a remedy.
//!
//! Pure functions of the steps. Which rows a statement wrote is not known, only its tables or keys.
//!
//! # Layout
//!
//! - `effects`: what each step changed, and from which step on the change was visible
//! - `cause`: the shape of the finding
//! - `words`: the sentence and the remedy of each shape
//! - this file: the diagram

mod cause;
mod effects;
mod words;

use super::step::HuntStep;
use crate::{
    judge::verdict::Discrepancy,
    model::{
        hunt::{Contender, HuntCase},
        interleaving::{Actor, Interleaving, Mark, Step},
        outcome::Attempt,
        verdict::FindingKind,
    },
    ports::UserId,
};

use cause::Cause;
use effects::{Effect, effects};

/// A schedule that was played, and its finding.
#[derive(Debug, Clone)]
pub struct HuntCircumstances<'a> {
    /// The name of the service in the title.
    pub service: &'a str,
    /// The situation.
    pub case: HuntCase,
    /// The steps, in the order in which they took effect.
    pub steps: &'a [HuntStep],
    /// The differences between the responses and the ledger. Empty if there are none.
    pub findings: &'a [Discrepancy],
    /// The attempts of all users.
    pub attempts: &'a [Attempt],
    /// The content of the ledger at the end: `2 rows (u1, u2), limit 1`.
    pub ledger: String,
    /// Whether the second request was sent before the first had ended.
    pub overlapped: bool,
    /// Whether each request waited inside the service for the other.
    pub waited_inside: [bool; 2],
}

/// A schedule with its explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The diagram, without its token. The sentence is empty without a finding.
    pub interleaving: Interleaving,
    /// One sentence with a remedy; empty without a finding, and if the steps suggest none.
    pub advice: String,
}

/// Explains a schedule.
pub fn explain(scene: &HuntCircumstances<'_>) -> Explained {
    let effects = effects(scene.steps);
    let kind = scene.kind();
    let broke = kind.and_then(|kind| scene.broke(kind, &effects));
    let cause = kind.map(|kind| cause::cause(scene, kind, broke, &effects));
    let (why, advice) = match (&cause, kind) {
        (Some(cause), Some(kind)) => (
            words::why(scene, kind, cause),
            words::advice(scene, kind, cause).to_owned(),
        ),
        _ => <(String, String)>::default(),
    };
    let stale = cause.as_ref().and_then(Cause::stale_read);
    let broke = broke.map(|(at, _)| at);
    let steps = scene.steps.iter().enumerate();
    let steps = steps.map(|(at, step)| scene.step(step, mark(at, step, broke, stale)));
    Explained {
        interleaving: Interleaving {
            title: scene.title(kind),
            actors: Contender::BOTH.map(|one| scene.case.actor(one)).into(),
            steps: steps.collect(),
            ledger: scene.ledger.clone(),
            why,
            token: None,
        },
        advice,
    }
}

fn mark(at: usize, step: &HuntStep, broke: Option<usize>, stale: Option<usize>) -> Mark {
    match () {
        () if broke == Some(at) => Mark::Broke,
        () if stale == Some(at) => Mark::Stale,
        () if step.waited => Mark::Waits,
        () => Mark::Plain,
    }
}

/// The kinds of findings. The first kind that a schedule has is explained.
const KINDS: [FindingKind; 7] = [
    FindingKind::OverIssue,
    FindingKind::DuplicateUser,
    FindingKind::DuplicateCode,
    FindingKind::Lost,
    FindingKind::Phantom,
    FindingKind::UnderIssue,
    FindingKind::Recovered,
];

/// Whether a response promises a coupon.
fn is_promise(told: &str) -> bool {
    ["issued", "accepted"].contains(&told)
}

impl HuntCircumstances<'_> {
    fn kind(&self) -> Option<FindingKind> {
        let has = |kind: &FindingKind| self.findings.iter().any(|one| one.kind == *kind);
        KINDS.into_iter().find(has)
    }

    fn title(&self, kind: Option<FindingKind>) -> String {
        let situation = format!("{}, {}", self.service, self.case);
        match kind {
            Some(kind) => format!("{situation}: {}", kind.name()),
            None => situation,
        }
    }

    fn step(&self, step: &HuntStep, mark: Mark) -> Step {
        Step {
            actor: Some(self.case.actor(step.contender)),
            name: step.shown.clone(),
            saw: step.answer.text.clone(),
            told: step.told.clone(),
            mark,
        }
    }

    /// The name of a request's user: `u1`, `u1#2`.
    fn actor(&self, contender: Contender) -> String {
        self.case.actor(contender).to_string()
    }

    /// The step with which the promise broke, and the effect that became visible with it.
    fn broke<'e>(
        &self,
        kind: FindingKind,
        effects: &'e [Effect],
    ) -> Option<(usize, Option<&'e Effect>)> {
        let finding = self.findings.iter().find(|finding| finding.kind == kind);
        let last_told = |promised: bool| {
            let of_step = |step: &HuntStep| {
                let told = step.told.as_deref();
                let concerns = finding.is_some_and(|finding| self.concerns(finding, step));
                concerns && told.is_some_and(|told| is_promise(told) == promised)
            };
            self.steps.iter().rposition(of_step)
        };
        match kind {
            FindingKind::OverIssue | FindingKind::DuplicateUser | FindingKind::DuplicateCode => {
                let effect = self.last_issue(effects)?;
                Some((effect.at, Some(effect)))
            }
            FindingKind::Lost => Some((last_told(true)?, None)),
            FindingKind::Phantom | FindingKind::Recovered => Some((last_told(false)?, None)),
            FindingKind::UnderIssue => Some((self.steps.len().checked_sub(1)?, None)),
        }
    }

    /// Whether the step is one of a user of the finding.
    fn concerns(&self, finding: &Discrepancy, step: &HuntStep) -> bool {
        match self.case.actor(step.contender) {
            Actor::Claim { user, .. } => {
                finding.users.is_empty() || finding.users.contains(&UserId(user))
            }
            Actor::Consumer => false,
        }
    }

    /// The last change that issued a coupon: an inserted row, else a changed row, else a key of Redis.
    fn last_issue<'e>(&self, effects: &'e [Effect]) -> Option<&'e Effect> {
        let issued = |effect: &&Effect| {
            let mut own = self
                .steps
                .iter()
                .filter(|step| step.contender == effect.contender);
            !own.any(|step| step.told.as_deref().is_some_and(|told| !is_promise(told)))
        };
        let candidates = || effects.iter().rev().filter(issued);
        let rows = candidates().find(|effect| effect.inserts());
        rows.or_else(|| candidates().find(|effect| effect.is_sql()))
            .or_else(|| candidates().find(|effect| !effect.ends_lock))
            .or_else(|| effects.iter().rev().find(|effect| !effect.ends_lock))
    }
}

#[cfg(test)]
mod tests;
