//! Correctness first: what went wrong with coupons, over all trials of a strategy.

use super::{Standing, Trouble};
use crate::{
    judge::verdict::is_trouble,
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

/// One bad trial is enough.
pub(super) fn standing(runs: &[&Run]) -> Standing {
    let of = |run: &&Run| match run.verdict {
        Verdict::Violated | Verdict::Finding => Standing::Incorrect,
        // What is missing may still come where nothing is proved; what is there too often stays.
        Verdict::Inconclusive if run.ledger.is_over_issued() => Standing::Incorrect,
        Verdict::Inconclusive => Standing::Inconclusive,
        Verdict::Holds if troubles_of(run).next().is_some() => Standing::Incorrect,
        Verdict::Holds => Standing::Correct,
    };
    runs.iter().map(of).max().unwrap_or(Standing::Inconclusive)
}

fn troubles_of(run: &Run) -> impl Iterator<Item = &Finding> {
    run.findings
        .iter()
        .filter(|finding| is_trouble(finding.kind, run.one_per_user))
}

/// By kind, over all trials.
pub(super) fn troubles(runs: &[&Run]) -> Vec<Trouble> {
    KINDS
        .iter()
        .filter_map(|kind| trouble(*kind, runs))
        .collect()
}

fn trouble(kind: FindingKind, runs: &[&Run]) -> Option<Trouble> {
    let counts: Vec<u64> = runs
        .iter()
        .flat_map(|run| troubles_of(run))
        .filter(|finding| finding.kind == kind)
        .map(|finding| finding.count)
        .collect();
    let mut violations = runs.iter().flat_map(|run| &run.violations);
    Some(Trouble {
        kind,
        against_promise: violations.any(|finding| finding.kind == kind),
        least: *counts.iter().min()?,
        most: *counts.iter().max()?,
        trials: counts.len() as u64,
    })
}
