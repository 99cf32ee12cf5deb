//! The judgement of a run: a pure function of what the ledger showed, how the run went, and what was promised.
//!
//! A promise is made without faults. Surplus coupons, coupons that users were promised and never got, and rows that nobody was
//! told of break it under any circumstances; coupons that are missing after attempts have failed prove nothing.
//!
//! # Layout
//!
//! - [`found`]: the ledger's differences as a list, and which of them prove or break something
//! - [`doubts`]: why a run might prove nothing
//! - this file: the words, and the decision

mod doubts;
mod found;

pub use self::found::{found, is_trouble};
use crate::{
    judge::ledger::Ledger,
    model::verdict::{Completion, FindingKind, Verdict},
    ports::UserId,
    strategies::Promise,
};

/// Something that the reconciliation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// How many coupons (for a duplicate user: users; for a duplicate code: codes).
    pub count: u64,
    /// The users concerned; empty where none can be named.
    pub users: Vec<UserId>,
}

/// What was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Without faults.
    pub promise: Promise,
    /// Whether a user who asks twice gets at most one.
    pub one_per_user: bool,
    /// Coupons.
    pub limit: u64,
    /// Whose limit that is.
    pub limit_from: LimitFrom,
}

/// Whose limit a run is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitFrom {
    /// The subject's own: a strategy is built with it.
    Subject,
    /// The user's, who says what a service should have. The service may have been given another.
    User,
}

/// What users were told, in attempts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// "The coupon is yours."
    pub issued: u64,
    /// "All coupons are gone."
    pub sold_out: u64,
    /// "Your request is noted."
    pub accepted: u64,
    /// An error that cannot have issued a coupon.
    pub failed: u64,
    /// Nothing, or an answer that leaves open whether a coupon was issued.
    pub indeterminate: u64,
}

impl Told {
    /// Attempts that were never decided.
    pub fn undecided(self) -> u64 {
        self.failed.saturating_add(self.indeterminate)
    }
}

/// How the run went, as far as it decides what the ledger proves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Circumstances {
    /// Attempts that should have been made.
    pub asked: u64,
    /// Attempts that were made.
    pub made: u64,
    /// What they were told.
    pub told: Told,
    /// Attempts that failed or whose outcome is open, and records that were not delivered.
    pub faults: u64,
    /// Whether the faults were injected on purpose. What breaks then is a finding, as no promise covers faults.
    pub injected: bool,
    /// Attempts without an answer.
    pub unanswered: u64,
    /// The largest share of attempts, from 0 to 1, that may stay undecided; `None` is no bound.
    pub max_undecided: Option<f64>,
    /// The most attempts that were under way at once.
    pub peak_in_flight: u64,
    /// Whether work was under way when the ledger was read.
    pub completion: Completion,
    /// What went wrong with the run itself: an interruption, a consumer that ended, a ledger that could not be read.
    pub troubles: Vec<String>,
}

/// The judgement with its grounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Of the promise.
    pub verdict: Verdict,
    /// What broke it.
    pub violations: Vec<Finding>,
    /// Everything that is known to be wrong, promised or not. A coupon that may still come is not missing.
    pub findings: Vec<Finding>,
    /// Why the run proves nothing, or not everything; empty where the promise holds, and beside a finding.
    pub reasons: Vec<String>,
}

/// Judges a run. `ledger` is `None` where it could not be read.
pub fn judge(claim: Claim, ledger: Option<&Ledger>, run: &Circumstances) -> Judgement {
    let all = ledger.map(found).unwrap_or_default();
    let (findings, open): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|finding| found::is_known(finding.kind, run.completion));
    let refused_at = ledger.and_then(|ledger| doubts::refused_at(claim, ledger, run));
    let (proof, doubtful): (Vec<_>, Vec<_>) = findings
        .iter()
        .filter(|finding| is_trouble(finding.kind, claim.one_per_user))
        .partition(|finding| found::proves(finding.kind, run, refused_at));
    let violations: Vec<_> = proof
        .iter()
        .filter(|finding| !run.injected && found::breaks(claim, finding.kind))
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
