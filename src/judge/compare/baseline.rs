//! Compares each strategy with its baseline, and applies the gate.

use super::{
    Baseline, Change, ChangeOutcome, Correctness, Gate, Metric, NamedReport, Source, Speed,
    metric::Figures,
    model::{RelativeSpeed, Side},
    ranking::{contenders, strategies, trials},
    standing,
};

/// Compares every strategy that is in the baseline and in a report.
pub(super) fn compare(baseline: &NamedReport, reports: &[NamedReport], metric: Metric) -> Baseline {
    let known = strategies(baseline);
    let all = contenders(reports);
    let (both, added): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|one| known.contains(&one.strategy.as_str()));
    let missing = known
        .iter()
        .filter(|name| both.iter().all(|one| one.strategy != **name));
    Baseline {
        source: Source::of(baseline),
        missing: missing.map(|name| (*name).to_owned()).collect(),
        added: added.into_iter().map(|one| one.strategy).collect(),
        changes: both
            .into_iter()
            .map(|one| {
                let after = Side {
                    standing: one.standing,
                    figures: one.figures,
                };
                let before = side(baseline, &one.strategy);
                let against = both_correct(&before, &after)
                    .then(|| metric.against(&after.figures, &before.figures))
                    .flatten();
                Change {
                    outcome: outcome(before.standing, after.standing, against),
                    strategy: one.strategy,
                    report: one.report,
                    ambiguous: one.ambiguous,
                    before,
                    after,
                    against_baseline: against,
                }
            })
            .collect(),
    }
}

fn side(named: &NamedReport, strategy: &str) -> Side {
    let runs = trials(named, strategy);
    Side {
        standing: standing::standing(&runs),
        figures: Figures::new(&runs),
    }
}

fn both_correct(before: &Side, after: &Side) -> bool {
    before.standing == Correctness::Correct && after.standing == Correctness::Correct
}

fn outcome(
    before: Correctness,
    after: Correctness,
    against: Option<RelativeSpeed>,
) -> ChangeOutcome {
    match (before, after) {
        (Correctness::Incorrect, Correctness::Incorrect) => ChangeOutcome::StillIncorrect,
        (_, Correctness::Incorrect) => ChangeOutcome::Broken,
        (_, Correctness::Inconclusive) => ChangeOutcome::Inconclusive,
        (Correctness::Incorrect | Correctness::Inconclusive, Correctness::Correct) => {
            ChangeOutcome::Mended
        }
        (Correctness::Correct, Correctness::Correct) => {
            match against.map(|against| against.speed) {
                Some(Speed::Slower) => ChangeOutcome::Slower,
                Some(Speed::Faster) => ChangeOutcome::Faster,
                Some(Speed::Same) => ChangeOutcome::Same,
                Some(Speed::Unknown) | None => ChangeOutcome::Unknown,
            }
        }
    }
}

/// The gate: a strategy regresses if it is significantly slower by more than `threshold`, or no longer correct.
pub(super) fn gate(threshold: f64, changes: &[Change]) -> Gate {
    let too_slow = |change: &Change| {
        let against = change.against_baseline;
        against.is_some_and(|against| against.times_as_slow > 1.0 + threshold)
    };
    let regressed = |change: &&Change| match change.outcome {
        ChangeOutcome::Broken => true,
        ChangeOutcome::Slower => too_slow(change),
        _ => false,
    };
    let undecided = |change: &&Change| {
        matches!(
            change.outcome,
            ChangeOutcome::Inconclusive | ChangeOutcome::Unknown
        )
    };
    let labels = |of: &dyn Fn(&&Change) -> bool| {
        let found = changes.iter().filter(of);
        found.map(Change::label).collect()
    };
    Gate {
        threshold,
        regressed: labels(&regressed),
        undecided: labels(&undecided),
    }
}
