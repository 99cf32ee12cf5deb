//! The differences between ledger and responses as a list, and which of them prove a finding or break a promise.

use super::{Circumstances, Discrepancy, PromiseTerms};
use crate::{
    judge::ledger::{Counted, Ledger, Reconciliation, SharedCodes},
    model::verdict::{Completion, FindingKind},
    ports::UserId,
    strategies::Promise,
};

/// All differences between the ledger and the responses, also those that later rows may resolve.
pub fn discrepancies(ledger: &Ledger) -> Vec<Discrepancy> {
    let all = match ledger {
        Ledger::ByUser(found) => by_user(found),
        Ledger::ByCount(found) | Ledger::ToldOnly(found) => by_count(found),
    };
    all.into_iter()
        .filter(|finding| finding.count > 0)
        .collect()
}

fn by_user(found: &Reconciliation) -> [Discrepancy; 7] {
    [
        named(FindingKind::OverIssue, &found.over_issued),
        nameless(FindingKind::UnderIssue, found.under_issued),
        named(FindingKind::DuplicateUser, &found.duplicate_users),
        shared(found.shared_codes.as_ref()),
        named(FindingKind::Lost, &found.lost),
        named(FindingKind::Phantom, &found.phantom),
        named(FindingKind::Recovered, &found.recovered),
    ]
}

fn by_count(found: &Counted) -> [Discrepancy; 7] {
    [
        nameless(FindingKind::OverIssue, found.over_issued),
        nameless(FindingKind::UnderIssue, found.under_issued),
        named(FindingKind::DuplicateUser, &found.duplicate_users),
        shared(found.shared_codes.as_ref()),
        nameless(FindingKind::Lost, found.lost),
        nameless(FindingKind::Phantom, found.phantom),
        nameless(FindingKind::Recovered, found.recovered),
    ]
}

fn named(kind: FindingKind, users: &[UserId]) -> Discrepancy {
    Discrepancy {
        kind,
        count: users.len() as u64,
        users: users.to_vec(),
    }
}

fn shared(codes: Option<&SharedCodes>) -> Discrepancy {
    Discrepancy {
        kind: FindingKind::DuplicateCode,
        count: codes.map_or(0, |shared| shared.codes),
        users: codes.map_or_else(Vec::new, |shared| shared.users.clone()),
    }
}

fn nameless(kind: FindingKind, count: u64) -> Discrepancy {
    Discrepancy {
        kind,
        count,
        users: Vec::new(),
    }
}

/// Whether a difference of this kind is a defect. A row of an attempt without an answer is none, and a user's second row is none
/// if users may have several coupons.
pub fn is_defect(kind: FindingKind, one_per_user: bool) -> bool {
    match kind {
        FindingKind::Recovered => false,
        FindingKind::DuplicateUser => one_per_user,
        FindingKind::OverIssue
        | FindingKind::UnderIssue
        | FindingKind::DuplicateCode
        | FindingKind::Lost
        | FindingKind::Phantom => true,
    }
}

/// Whether a difference of this kind is final. An existing row stays. A missing row may still come, until it is proven that no
/// work is in progress.
pub fn is_known(kind: FindingKind, completion: Completion) -> bool {
    match kind {
        FindingKind::UnderIssue | FindingKind::Lost => completion == Completion::Proven,
        FindingKind::OverIssue
        | FindingKind::DuplicateUser
        | FindingKind::DuplicateCode
        | FindingKind::Phantom
        | FindingKind::Recovered => true,
    }
}

/// Whether a difference of this kind breaks the promise.
pub fn breaks(claim: PromiseTerms, kind: FindingKind) -> bool {
    match claim.promise {
        Promise::None => false,
        Promise::AtMost if kind == FindingKind::UnderIssue => false,
        Promise::SingleProcess | Promise::AtMost | Promise::Exact => {
            is_defect(kind, claim.one_per_user)
        }
    }
}

/// Whether a known difference is proof under the circumstances of the run. Coupons may be missing because of a fault, which no
/// promise covers, or because the service is configured with another limit (`refused_at`).
pub fn proves(kind: FindingKind, run: &Circumstances, refused_at: Option<u64>) -> bool {
    let undisturbed = (run.faults == 0 || run.injected) && run.made == run.asked;
    kind != FindingKind::UnderIssue || (undisturbed && refused_at.is_none())
}
