//! The judgement of a run: a pure function of what the ledger showed, how the run went, and what was promised.
//!
//! A promise is made without faults. Surplus coupons, coupons that users were promised and never got, and rows that nobody was
//! told of break it under any circumstances; coupons that are missing after attempts have failed prove nothing.

use serde::{Deserialize, Serialize};

use crate::{
    ledger::{Counted, Ledger, Reconciliation},
    ports::UserId,
    strategy::Promise,
};

/// Of a strategy against its promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The promise was put to the test and kept.
    Holds,
    /// The promise was broken.
    Violated,
    /// The run proves nothing either way: never a pass.
    Inconclusive,
}

/// The ways in which coupons go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// More rows than the limit.
    OverIssue,
    /// Fewer rows than `min(limit, demand)`.
    UnderIssue,
    /// A user with more than one row.
    DuplicateUser,
    /// Told yes, no row.
    Lost,
    /// A row, not told yes.
    Phantom,
    /// Told nothing, a row found: good news, but nobody told the user.
    Recovered,
}

impl FindingKind {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::OverIssue => "over-issue",
            Self::UnderIssue => "under-issue",
            Self::DuplicateUser => "duplicate",
            Self::Lost => "lost",
            Self::Phantom => "phantom",
            Self::Recovered => "recovered",
        }
    }
}

/// Something that the reconciliation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// How many coupons (for a duplicate user: users).
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
}

/// What is known about work that was under way when the ledger was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completion {
    /// No work was under way: an empty queue proves it, or every claim ends before its answer.
    Proven,
    /// Nothing proves it: the ledger only stood still, or there is no way to ask. A coupon that is missing may still come.
    #[default]
    Unproven,
    /// Work was still under way: records that no consumer had committed, or attempts without an answer.
    Pending,
}

/// How the run went, as far as it decides what the ledger proves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// Attempts that should have been made.
    pub asked: u64,
    /// Attempts that were made.
    pub made: u64,
    /// Attempts that failed or whose outcome is open, and records that were not delivered.
    pub faults: u64,
    /// Attempts whose outcome is open.
    pub unanswered: u64,
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
    /// Everything that was found, promised or not.
    pub findings: Vec<Finding>,
    /// Why it is inconclusive; empty otherwise.
    pub reasons: Vec<String>,
}

/// Judges a run. `ledger` is `None` where it could not be read.
pub fn judge(claim: Claim, ledger: Option<&Ledger>, run: &Circumstances) -> Judgement {
    let findings = ledger.map(findings).unwrap_or_default();
    let (proof, doubtful): (Vec<_>, Vec<_>) = findings
        .iter()
        .filter(|finding| breaks(claim, finding.kind))
        .cloned()
        .partition(|finding| proves(finding.kind, run));

    let raced = claim.promise == Promise::None && has(&findings, FindingKind::OverIssue);
    let mut reasons = doubts(claim, ledger, run);
    if let (Some(finding), Completion::Unproven) = (doubtful.first(), run.completion) {
        reasons.push(format!(
            "{} missing, and nothing proves that no work was under way",
            coupons(finding.count)
        ));
    }
    if let (Some(finding), true) = (doubtful.first(), run.faults > 0) {
        reasons.push(format!(
            "{} missing, but {} went wrong on the way",
            coupons(finding.count),
            things(run.faults)
        ));
    }
    let verdict = match (proof.is_empty(), raced || reasons.is_empty()) {
        (false, _) => Verdict::Violated,
        (true, true) => Verdict::Holds,
        (true, false) => Verdict::Inconclusive,
    };
    if verdict == Verdict::Holds {
        reasons.clear();
    }
    Judgement {
        verdict,
        violations: proof,
        findings,
        reasons,
    }
}

fn findings(ledger: &Ledger) -> Vec<Finding> {
    let all = match ledger {
        Ledger::ByUser(found) => by_user(found),
        Ledger::ByCount(found) | Ledger::ToldOnly(found) => by_count(found),
    };
    all.into_iter()
        .filter(|finding| finding.count > 0)
        .collect()
}

fn by_user(found: &Reconciliation) -> [Finding; 6] {
    [
        named(FindingKind::OverIssue, &found.over_issued),
        nameless(FindingKind::UnderIssue, found.under_issued),
        named(FindingKind::DuplicateUser, &found.duplicate_users),
        named(FindingKind::Lost, &found.lost),
        named(FindingKind::Phantom, &found.phantom),
        named(FindingKind::Recovered, &found.recovered),
    ]
}

fn by_count(found: &Counted) -> [Finding; 6] {
    [
        nameless(FindingKind::OverIssue, found.over_issued),
        nameless(FindingKind::UnderIssue, found.under_issued),
        named(FindingKind::DuplicateUser, &found.duplicate_users),
        nameless(FindingKind::Lost, found.lost),
        nameless(FindingKind::Phantom, found.phantom),
        nameless(FindingKind::Recovered, found.recovered),
    ]
}

fn named(kind: FindingKind, users: &[UserId]) -> Finding {
    Finding {
        kind,
        count: users.len() as u64,
        users: users.to_vec(),
    }
}

fn nameless(kind: FindingKind, count: u64) -> Finding {
    Finding {
        kind,
        count,
        users: Vec::new(),
    }
}

fn has(findings: &[Finding], kind: FindingKind) -> bool {
    findings.iter().any(|finding| finding.kind == kind)
}

/// Whether coupons went wrong, whatever was promised. That a row was found of somebody who got no answer is good news, and
/// where users may have several coupons, some do.
pub fn is_trouble(kind: FindingKind, one_per_user: bool) -> bool {
    match kind {
        FindingKind::Recovered => false,
        FindingKind::DuplicateUser => one_per_user,
        FindingKind::OverIssue
        | FindingKind::UnderIssue
        | FindingKind::Lost
        | FindingKind::Phantom => true,
    }
}

/// Whether something of this kind is against the promise.
fn breaks(claim: Claim, kind: FindingKind) -> bool {
    match claim.promise {
        Promise::None => false,
        Promise::SingleProcess | Promise::AtMost | Promise::Exact => match kind {
            FindingKind::OverIssue | FindingKind::Lost | FindingKind::Phantom => true,
            FindingKind::UnderIssue => claim.promise != Promise::AtMost,
            FindingKind::DuplicateUser => claim.one_per_user,
            FindingKind::Recovered => false,
        },
    }
}

/// Whether it is proof, given how the run went. What is there stays there; what is missing may still come, or may be
/// missing because of a fault, which no promise covers.
fn proves(kind: FindingKind, run: &Circumstances) -> bool {
    match kind {
        FindingKind::UnderIssue => {
            run.completion == Completion::Proven && run.faults == 0 && run.made == run.asked
        }
        FindingKind::Lost => run.completion == Completion::Proven,
        _ => true,
    }
}

/// Why the run might prove nothing.
fn doubts(claim: Claim, ledger: Option<&Ledger>, run: &Circumstances) -> Vec<String> {
    let mut doubts = run.troubles.clone();
    if run.made != run.asked {
        doubts.push(format!(
            "only {} of {} attempts were made",
            run.made, run.asked
        ));
    }
    if run.completion == Completion::Pending {
        doubts.push("the pipeline was not empty when the rows were read".to_owned());
    }
    if run.unanswered * 2 > run.made {
        doubts.push(format!(
            "{} of {} attempts got no answer",
            run.unanswered, run.made
        ));
    }
    if run.peak_in_flight <= 1 {
        doubts.push("no two attempts overlapped, so nothing could race".to_owned());
    }
    if let Some(ledger) = ledger
        && ledger.demand() < claim.limit
    {
        doubts.push(format!(
            "a demand of {} cannot reach the limit of {}",
            ledger.demand(),
            claim.limit
        ));
    } else if run.asked <= claim.limit {
        doubts.push(format!(
            "{} attempts cannot exceed the limit of {}",
            run.asked, claim.limit
        ));
    }
    doubts
}

fn coupons(count: u64) -> String {
    match count {
        1 => "1 coupon is".to_owned(),
        several => format!("{several} coupons are"),
    }
}

fn things(count: u64) -> String {
    match count {
        1 => "1 attempt or record".to_owned(),
        several => format!("{several} attempts or records"),
    }
}

#[cfg(test)]
mod tests;
