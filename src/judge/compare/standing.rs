//! The correctness of a strategy over all its trials.

use super::{Correctness, Defect};
use crate::{
    judge::verdict::is_defect,
    model::verdict::FindingKind,
    model::{
        report::{Finding, Run},
        verdict::Verdict,
    },
};

const KINDS: [FindingKind; 7] = [
    FindingKind::OverIssue,
    FindingKind::UnderIssue,
    FindingKind::DuplicateUser,
    FindingKind::DuplicateCode,
    FindingKind::Lost,
    FindingKind::Phantom,
    FindingKind::Recovered,
];

/// The correctness. One incorrect trial makes the strategy incorrect.
pub(super) fn standing(runs: &[&Run]) -> Correctness {
    let of = |run: &&Run| match run.verdict {
        Verdict::Violated | Verdict::Finding => Correctness::Incorrect,
        // In an inconclusive run, missing coupons may still come, but over-issued coupons stay.
        Verdict::Inconclusive if run.ledger.is_over_issued() => Correctness::Incorrect,
        Verdict::Inconclusive => Correctness::Inconclusive,
        Verdict::Holds if defects_of(run).next().is_some() => Correctness::Incorrect,
        Verdict::Holds => Correctness::Correct,
    };
    runs.iter()
        .map(of)
        .max()
        .unwrap_or(Correctness::Inconclusive)
}

fn defects_of(run: &Run) -> impl Iterator<Item = &Finding> {
    run.findings
        .iter()
        .filter(|finding| is_defect(finding.kind, run.one_per_user))
}

/// The defects by kind, over all trials.
pub(super) fn defects(runs: &[&Run]) -> Vec<Defect> {
    KINDS
        .iter()
        .filter_map(|kind| defect(*kind, runs))
        .collect()
}

fn defect(kind: FindingKind, runs: &[&Run]) -> Option<Defect> {
    let counts: Vec<u64> = runs
        .iter()
        .flat_map(|run| defects_of(run))
        .filter(|finding| finding.kind == kind)
        .map(|finding| finding.count)
        .collect();
    let mut violations = runs.iter().flat_map(|run| &run.violations);
    Some(Defect {
        kind,
        against_promise: violations.any(|finding| finding.kind == kind),
        least: *counts.iter().min()?,
        most: *counts.iter().max()?,
        trials: counts.len() as u64,
    })
}
