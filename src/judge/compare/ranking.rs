//! Ranks the strategies and compares each with the fastest.

use super::{Contender, Correctness, Figures, Metric, NamedReport, standing};
use crate::model::report::Run;

/// Every strategy of every report, in the order of the reports.
pub(super) fn contenders(reports: &[NamedReport]) -> Vec<Contender> {
    let mut all: Vec<_> = reports
        .iter()
        .flat_map(|named| {
            strategies(named)
                .into_iter()
                .filter_map(|strategy| contender(named, strategy))
        })
        .collect();
    let names: Vec<_> = all.iter().map(|one| one.strategy.clone()).collect();
    for one in &mut all {
        one.ambiguous = names.iter().filter(|name| **name == one.strategy).count() > 1;
    }
    all
}

/// The strategies of a report in the requested order, without those that did not run.
pub(super) fn strategies(named: &NamedReport) -> Vec<&str> {
    let report = &named.report;
    let mut different: Vec<&str> = Vec::new();
    for run in &report.runs {
        if !different.contains(&run.strategy.as_str()) {
            different.push(&run.strategy);
        }
    }
    let asked = |name: &str| {
        let mut all = report.scenario.strategies.iter();
        all.position(|one| one == name).unwrap_or(usize::MAX)
    };
    different.sort_by_key(|name| asked(name));
    different
}

/// The trials of a strategy.
pub(super) fn trials<'a>(named: &'a NamedReport, strategy: &str) -> Vec<&'a Run> {
    let runs = named.report.runs.iter();
    runs.filter(|run| run.strategy == strategy).collect()
}

fn contender(named: &NamedReport, strategy: &str) -> Option<Contender> {
    let runs = trials(named, strategy);
    let sum = |of: fn(&Run) -> u64| runs.iter().map(|run| of(run)).fold(0, u64::saturating_add);
    Some(Contender {
        strategy: strategy.to_owned(),
        report: named.name.clone(),
        ambiguous: false,
        promise: runs.first()?.promise,
        standing: standing::standing(&runs),
        rank: None,
        trials: runs.len() as u64,
        troubles: standing::defects(&runs),
        reasons: once(runs.iter().flat_map(|run| &run.reasons)),
        warnings: once(runs.iter().flat_map(|run| &run.warnings)),
        attempts: sum(|run| run.attempts.total),
        failed: sum(|run| {
            run.attempts
                .failed
                .saturating_add(run.attempts.indeterminate)
        }),
        figures: Figures::new(&runs),
        against_fastest: None,
    })
}

fn once<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut different: Vec<String> = Vec::new();
    for text in texts {
        if !different.contains(text) {
            different.push(text.clone());
        }
    }
    different
}

/// Sorts the strategies: first the correct ones, the fastest first, then the others in their order.
pub(super) fn rank(mut contenders: Vec<Contender>, metric: Metric) -> Vec<Contender> {
    let slowness = |one: &Contender| {
        let mean = one.figures.of(metric).mean?;
        Some(match metric {
            Metric::Throughput => -mean,
            _ => mean,
        })
    };
    contenders.sort_by(|a, b| {
        let slower = match (slowness(a), slowness(b)) {
            _ if a.standing != b.standing || a.standing != Correctness::Correct => {
                std::cmp::Ordering::Equal
            }
            (Some(a), Some(b)) => a.total_cmp(&b),
            // A strategy without a figure comes after those with one.
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        a.standing.cmp(&b.standing).then(slower)
    });
    let Some(fastest) = contenders.first().map(|one| one.figures.clone()) else {
        return contenders;
    };
    let ranked = contenders
        .iter_mut()
        .filter(|one| one.standing == Correctness::Correct);
    for (rank, one) in (1..).zip(ranked) {
        one.against_fastest = metric.against(&one.figures, &fastest);
        one.rank = one.against_fastest.map(|_| rank);
    }
    contenders
}
