//! The ledger's differences as a list, and which of them prove or break something.

use super::{Circumstances, Claim, Finding};
use crate::model::verdict::{Completion, FindingKind};
use crate::{
    judge::ledger::{Counted, Ledger, Reconciliation, SharedCodes},
    ports::UserId,
    strategies::Promise,
};

/// Everything that the ledger and what users were told differ in, whether or not more may come.
pub fn found(ledger: &Ledger) -> Vec<Finding> {
    let all = match ledger {
        Ledger::ByUser(found) => by_user(found),
        Ledger::ByCount(found) | Ledger::ToldOnly(found) => by_count(found),
    };
    all.into_iter()
        .filter(|finding| finding.count > 0)
        .collect()
}

fn by_user(found: &Reconciliation) -> [Finding; 7] {
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

fn by_count(found: &Counted) -> [Finding; 7] {
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

fn named(kind: FindingKind, users: &[UserId]) -> Finding {
    Finding {
        kind,
        count: users.len() as u64,
        users: users.to_vec(),
    }
}

fn shared(codes: Option<&SharedCodes>) -> Finding {
    Finding {
        kind: FindingKind::DuplicateCode,
        count: codes.map_or(0, |shared| shared.codes),
        users: codes.map_or_else(Vec::new, |shared| shared.users.clone()),
    }
}

fn nameless(kind: FindingKind, count: u64) -> Finding {
    Finding {
        kind,
        count,
        users: Vec::new(),
    }
}

/// Whether coupons went wrong, whatever was promised. That a row was found of somebody who got no answer is good news, and
/// where users may have several coupons, some do.
pub fn is_trouble(kind: FindingKind, one_per_user: bool) -> bool {
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

/// Whether a finding of this kind stays one: a row that is there stays there, and a row that is missing may still come until
/// it is proven that no work is under way.
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

/// Whether something of this kind is against the promise.
pub fn breaks(claim: Claim, kind: FindingKind) -> bool {
    match claim.promise {
        Promise::None => false,
        Promise::AtMost if kind == FindingKind::UnderIssue => false,
        Promise::SingleProcess | Promise::AtMost | Promise::Exact => {
            is_trouble(kind, claim.one_per_user)
        }
    }
}

/// Whether a known finding is proof, given how the run went. Coupons may be missing because of a fault, which no promise
/// covers, or because the service was given another limit (`refused_at`).
pub fn proves(kind: FindingKind, run: &Circumstances, refused_at: Option<u64>) -> bool {
    let undisturbed = (run.faults == 0 || run.injected) && run.made == run.asked;
    kind != FindingKind::UnderIssue || (undisturbed && refused_at.is_none())
}
