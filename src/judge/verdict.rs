//! The judgement of a run: a pure function of the reconciled ledger, the circumstances of the run, and the promise.
//!
//! A promise does not cover faults. Over-issued, lost and phantom coupons break it under all circumstances. Coupons that are missing
//! after attempts have failed prove nothing.
//!
//! # Layout
//!
//! - `discrepancies`: the differences between ledger and responses as a list, and which of them prove a finding or break a promise
//! - `doubts`: the reasons why a run may prove nothing
//! - this file: the types, and the verdict

mod discrepancies;
mod doubts;

pub use self::discrepancies::{discrepancies, is_defect};
use crate::{
    judge::ledger::Ledger,
    model::verdict::{Completion, FindingKind, Verdict},
    ports::UserId,
    strategies::Promise,
};

/// A difference between the ledger, the limit and the responses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// Its kind.
    pub kind: FindingKind,
    /// The number of coupons (for a duplicate user: of users; for a duplicate code: of codes).
    pub count: u64,
    /// The affected users; empty if they are unknown.
    pub users: Vec<UserId>,
}

/// The promise against which a run is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromiseTerms {
    /// The promise without faults.
    pub promise: Promise,
    /// Whether a user who asks twice gets at most one coupon.
    pub one_per_user: bool,
    /// The number of coupons.
    pub limit: u64,
    /// Where the limit comes from.
    pub limit_from: LimitFrom,
}

/// Where the limit of a run comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitFrom {
    /// The strategy is built with this limit.
    Subject,
    /// The user names the limit of a service. The service may be configured with another limit.
    User,
}

/// The number of attempts by response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResponseCounts {
    /// The response was "issued".
    pub issued: u64,
    /// The response was "sold out".
    pub sold_out: u64,
    /// The response was "accepted": the decision comes later.
    pub accepted: u64,
    /// An error that cannot have issued a coupon.
    pub failed: u64,
    /// No answer, or an error after which a coupon may or may not be issued.
    pub indeterminate: u64,
}

impl ResponseCounts {
    /// Attempts without a decision.
    pub fn undecided(self) -> u64 {
        self.failed.saturating_add(self.indeterminate)
    }
}

/// The circumstances of a run that decide what the ledger proves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Circumstances {
    /// The requested number of attempts.
    pub asked: u64,
    /// The number of attempts made.
    pub made: u64,
    /// The responses to the attempts.
    pub told: ResponseCounts,
    /// Failed and indeterminate attempts, and records that were not delivered.
    pub faults: u64,
    /// Whether the faults were injected. A break is then a finding, because no promise covers faults.
    pub injected: bool,
    /// Attempts without an answer.
    pub unanswered: u64,
    /// The largest allowed share of attempts without a decision, 0 to 1; `None` is no bound.
    pub max_undecided: Option<f64>,
    /// The most attempts in flight at once.
    pub peak_in_flight: u64,
    /// Whether work was in progress when the ledger was read.
    pub completion: Completion,
    /// Problems of the run itself: an interruption, a consumer that ended, a ledger that could not be read.
    pub problems: Vec<String>,
}

/// The verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict on the promise.
    pub verdict: Verdict,
    /// The differences that broke the promise.
    pub violations: Vec<Discrepancy>,
    /// All known differences, whether or not the promise covers them. A coupon that may still come is not missing.
    pub findings: Vec<Discrepancy>,
    /// Why the run does not prove the promise, or proves it only in part; empty if the promise holds, and with a finding.
    pub reasons: Vec<String>,
}

/// Judges a run. `ledger` is `None` if it could not be read.
pub fn judge(claim: PromiseTerms, ledger: Option<&Ledger>, run: &Circumstances) -> Judgement {
    let all = ledger.map(discrepancies).unwrap_or_default();
    let (findings, open): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|finding| discrepancies::is_known(finding.kind, run.completion));
    let refused_at = ledger.and_then(|ledger| doubts::refused_at(claim, ledger, run));
    let (proof, doubtful): (Vec<_>, Vec<_>) = findings
        .iter()
        .filter(|finding| is_defect(finding.kind, claim.one_per_user))
        .partition(|finding| discrepancies::proves(finding.kind, run, refused_at));
    let violations: Vec<_> = proof
        .iter()
        .filter(|finding| !run.injected && discrepancies::breaks(claim, finding.kind))
        .map(|finding| (*finding).clone())
        .collect();
    let mut reasons = doubts::of_run(claim, ledger, run);
    reasons.extend(doubts::not_there_yet(claim, &open, run.completion));
    reasons.extend(doubts::after_faults(claim, &doubtful, run));
    reasons.extend(refused_at.map(|issued| doubts::another_limit(issued, claim.limit)));
    let verdict = match () {
        () if !violations.is_empty() => Verdict::Violated,
        () if !proof.is_empty() => Verdict::Finding,
        () if reasons.is_empty() => Verdict::Holds,
        () => Verdict::Inconclusive,
    };
    if verdict == Verdict::Finding {
        reasons.clear();
    }
    Judgement {
        verdict,
        violations,
        findings,
        reasons,
    }
}

#[cfg(test)]
mod tests;
