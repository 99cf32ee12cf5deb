//! The sentences beside the figures: cautions, notes, the answer of the gate, and the reason of a refusal.

use super::words::outcome;
use crate::{
    judge::compare::{Baseline, Change, Comparison, Contender, Difference, Refusal},
    model::report::AssertionOutcome,
    render::{Tone, observed::observed},
    statistics::FEWEST,
    text::format::{clean, count, percent, shorten},
};

/// The number of characters that are shown of foreign names and messages.
const LENGTH: usize = 240;

/// Limits of the comparison.
pub(super) fn cautions(comparison: &Comparison) -> impl Iterator<Item = String> {
    let mut cautions: Vec<String> = comparison.differences.iter().map(forced).collect();
    let baseline = comparison.baseline.iter().map(|baseline| &baseline.source);
    for source in comparison.reports.iter().chain(baseline) {
        if source.interrupted {
            let name = clean(&source.name);
            cautions.push(format!(
                "{name} was interrupted, and has only the trials made by then"
            ));
        }
    }
    for one in &comparison.contenders {
        let label = clean(&one.label());
        if one.failed > 0 && one.rank.is_some() {
            cautions.push(format!(
                "{label}: {} of {} attempts failed or got no answer; an error counts as an answer",
                count(one.failed),
                count(one.attempts)
            ));
        }
        let warnings = one.warnings.iter();
        cautions.extend(warnings.map(|warning| format!("{label}: {}", clean(warning))));
    }
    cautions.into_iter()
}

fn forced(difference: &Difference) -> String {
    format!(
        "forced: {} is not the same: {}",
        clean(&difference.key),
        found(difference)
    )
}

fn found(difference: &Difference) -> String {
    let values = difference.values.iter().map(|found| {
        let value = shorten(&clean(&found.value), LENGTH);
        format!("{value} in {}", clean(&found.report))
    });
    values.collect::<Vec<_>>().join(", ")
}

/// Explanations of the figures.
pub(super) fn notes(comparison: &Comparison) -> Vec<String> {
    let against = |one: &Contender| one.against_fastest;
    let changes = comparison
        .baseline
        .iter()
        .flat_map(|baseline| &baseline.changes);
    let mut all = comparison
        .contenders
        .iter()
        .filter(|one| one.rank != Some(1))
        .filter_map(against)
        .chain(changes.filter_map(|change| change.against_baseline));
    let mut notes = Vec::new();
    if all.clone().any(|against| against.interval.is_some()) {
        notes.push(
            "times as slow: ratio of the geometric means, with its 95 % confidence interval and the p-value of Welch's t-test \
             on the trials' logarithms; each pair by itself"
                .to_owned(),
        );
    }
    if all.any(|against| against.interval.is_none()) {
        notes.push(format!(
            "an interval needs at least {FEWEST} trials of each (--trials {FEWEST})"
        ));
    }
    notes
}

/// The strategies that only one side has.
pub(super) fn one_sided(baseline: &Baseline) -> Vec<String> {
    let list = |names: &[String]| {
        let names: Vec<_> = names.iter().map(|name| clean(name)).collect();
        names.join(", ")
    };
    let mut lines = Vec::new();
    if !baseline.added.is_empty() {
        lines.push(format!("not in the baseline: {}", list(&baseline.added)));
    }
    if !baseline.missing.is_empty() {
        lines.push(format!("only in the baseline: {}", list(&baseline.missing)));
    }
    lines
}

/// The assertions that failed or were not observed.
pub(super) fn assertions(comparison: &Comparison) -> impl Iterator<Item = String> {
    comparison.failed_assertions.iter().map(|failed| {
        let by = failed
            .broken_by
            .as_deref()
            .map_or_else(String::new, |by| format!(" ({})", clean(by)));
        let expression = shorten(&clean(&failed.expression), LENGTH);
        match failed.outcome() {
            AssertionOutcome::NotObserved => format!("assertion not observed: {expression}{by}"),
            _ => format!(
                "assertion failed: {expression}, observed {}{by}",
                observed(failed)
            ),
        }
    })
}

/// The answer of the gate line by line; empty without a gate.
pub(super) fn gate(comparison: &Comparison) -> Vec<(Tone, String)> {
    let (Some(gate), Some(baseline)) = (&comparison.gate, &comparison.baseline) else {
        return Vec::new();
    };
    let allowed = format!("{} %", percent(gate.threshold));
    let of = |labels: &[String]| {
        let found = baseline.changes.iter();
        let found = found.filter(|change| labels.contains(&change.label()));
        found.collect::<Vec<&Change>>()
    };
    let mut lines = Vec::new();
    for change in of(&gate.regressed) {
        let what = match change.against_baseline {
            Some(against) => format!(
                "{} % slower than the baseline, where {allowed} are allowed",
                percent(against.times_as_slow - 1.0)
            ),
            None => "incorrect, where the baseline is correct or proves nothing".to_owned(),
        };
        lines.push((
            Tone::Bad,
            format!("regression: {} is {what}", clean(&change.label())),
        ));
    }
    for change in of(&gate.undecided) {
        let (word, _) = outcome(change.outcome);
        lines.push((
            Tone::Warn,
            format!("undecided: {}: {word}", clean(&change.label())),
        ));
    }
    if lines.is_empty() {
        let text = format!(
            "no regression: nothing became incorrect, or slower by more than {allowed} beyond chance"
        );
        lines.push((Tone::Good, text));
    }
    for change in &baseline.changes {
        let interval = change.against_baseline.and_then(|against| against.interval);
        let regressed = gate.regressed.contains(&change.label());
        if let (Some([_, high]), false) = (interval, regressed)
            && high > 1.0 + gate.threshold
        {
            lines.push((
                Tone::Warn,
                format!(
                    "not excluded: {} may be up to {} % slower; more trials narrow that (--trials)",
                    clean(&change.label()),
                    percent(high - 1.0)
                ),
            ));
        }
    }
    lines
}

/// The reason why nothing was compared, and the remedy.
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Different(differences) => {
            let width = differences.iter().map(|one| one.key.len()).max().unwrap_or(0);
            let lines: Vec<_> = differences
                .iter()
                .map(|one| format!("\n  {:width$}  {}", clean(&one.key), found(one)))
                .collect();
            format!(
                "these runs cannot be compared, as they were not alike (--force shows them anyway):{}",
                lines.concat()
            )
        }
        Refusal::Alone(strategy) => format!(
            "there is nothing to compare {} with: name another report, or a --baseline",
            clean(strategy)
        ),
        Refusal::Empty(name) => format!("there are no runs in {}: run it again", clean(name)),
        Refusal::Strangers(name) => format!(
            "there is no strategy in common with {}: nothing can be said about a regression",
            clean(name)
        ),
        Refusal::NoBaseline => "--fail-on-regression needs something to hold the strategies against: name a --baseline, \
             or first a report of the same strategies"
            .to_owned(),
    }
}
