//! Each strategy against itself, earlier; and whether anything became worse.

use super::{
    Baseline, Change, Gate, Metric, Named, Outcome, Source, Speed, Standing,
    metric::Figures,
    model::{Against, Side},
    ranking::{contenders, strategies, trials},
    standing,
};

/// Every strategy that is on both sides.
pub(super) fn compare(baseline: &Named, reports: &[Named], metric: Metric) -> Baseline {
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

fn side(named: &Named, strategy: &str) -> Side {
    let runs = trials(named, strategy);
    Side {
        standing: standing::standing(&runs),
        figures: Figures::new(&runs),
    }
}

fn both_correct(before: &Side, after: &Side) -> bool {
    before.standing == Standing::Correct && after.standing == Standing::Correct
}

fn outcome(before: Standing, after: Standing, against: Option<Against>) -> Outcome {
    match (before, after) {
        (Standing::Incorrect, Standing::Incorrect) => Outcome::StillIncorrect,
        (_, Standing::Incorrect) => Outcome::Broken,
        (_, Standing::Inconclusive) => Outcome::Inconclusive,
        (Standing::Incorrect | Standing::Inconclusive, Standing::Correct) => Outcome::Mended,
        (Standing::Correct, Standing::Correct) => match against.map(|against| against.speed) {
            Some(Speed::Slower) => Outcome::Slower,
            Some(Speed::Faster) => Outcome::Faster,
            Some(Speed::Same) => Outcome::Same,
            Some(Speed::Unknown) | None => Outcome::Unknown,
        },
    }
}

/// Slower by more than `threshold`, beyond chance; or incorrect now.
pub(super) fn gate(threshold: f64, changes: &[Change]) -> Gate {
    let too_slow = |change: &Change| {
        let against = change.against_baseline;
        against.is_some_and(|against| against.times_as_slow > 1.0 + threshold)
    };
    let regressed = |change: &&Change| match change.outcome {
        Outcome::Broken => true,
        Outcome::Slower => too_slow(change),
        _ => false,
    };
    let undecided =
        |change: &&Change| matches!(change.outcome, Outcome::Inconclusive | Outcome::Unknown);
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
