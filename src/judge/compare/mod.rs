//! Which of several strategies is the fastest, of those that are correct; and whether one is slower than it was.
//!
//! Pure: from reports to one [`Comparison`]. Whether the reports come from files or were made a moment ago makes no difference.
//!
//! # Layout
//!
//! - [`reading`]: a text becomes a report, or it is said why not
//! - [`version1`]: what a report of version 1 is in the words of today
//! - [`conditions`]: whether runs may be compared: the workload, the services, the machine
//! - [`standing`]: correctness first
//! - [`metric`]: what is fast; values by trial
//! - [`model`]: the one value that every output is made from
//! - [`ranking`]: the contenders, each against the fastest
//! - [`baseline`]: each against itself, earlier; the gate
//!
//! Files and names of baselines are not here.

mod baseline;
mod conditions;
mod metric;
mod model;
mod ranking;
mod reading;
mod standing;
mod version1;

pub use self::{
    conditions::{Difference, Found, differences},
    metric::{Figure, Figures, Metric},
    model::{
        Against, Baseline, Change, Comparison, Contender, Gate, Outcome, Side, Source, Speed,
        Standing, Trouble,
    },
    reading::{Unreadable, read},
};

use crate::{
    judge::exit,
    model::{
        environment::tool,
        report::{AssertionOutcome, AssertionResult, Report},
        verdict::Verdict,
    },
};

/// A report, and what it is called.
#[derive(Debug, Clone)]
pub struct Named {
    /// A file as typed, a baseline's name, or `this run`.
    pub name: String,
    /// What it says.
    pub report: Report,
}

/// What is to be compared, and how.
#[derive(Debug, Clone)]
pub struct Question {
    /// At least one.
    pub reports: Vec<Named>,
    /// What their strategies are held against.
    pub baseline: Option<Named>,
    /// What is fast; where it is not said, the reports decide.
    pub metric: Option<Metric>,
    /// How much slower than the baseline is too slow, as a share: 0.1 is 10 %.
    pub threshold: Option<f64>,
    /// Whether runs that differ are compared all the same.
    pub force: bool,
    /// Whether one strategy alone is enough, as there is something else to do with it.
    pub alone: bool,
}

/// Why there is nothing to compare.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The runs were not alike.
    Different(Vec<Difference>),
    /// Only one strategy, once.
    Alone(String),
    /// A report without runs.
    Empty(String),
    /// A gate without a baseline.
    NoBaseline,
    /// The baseline has none of the strategies; its name, and theirs.
    Strangers(String),
}

/// Answers the question.
pub fn compare(question: Question) -> Result<Comparison, Refusal> {
    let (reports, baseline) = sides(question.reports, question.baseline);
    let all: Vec<&Named> = baseline.iter().chain(&reports).collect();
    if let Some(empty) = all.iter().find(|named| named.report.runs.is_empty()) {
        return Err(Refusal::Empty(empty.name.clone()));
    }
    let differences = differences(&all);
    if !(differences.is_empty() || question.force) {
        return Err(Refusal::Different(differences));
    }
    let first = &reports.first().ok_or(Refusal::Alone(String::new()))?.report;
    let metric = question.metric.unwrap_or_else(|| Metric::usual(first));
    let contenders = ranking::rank(ranking::contenders(&reports), metric);
    let baseline = baseline
        .as_ref()
        .map(|named| baseline::compare(named, &reports, metric));
    match (&baseline, contenders.as_slice()) {
        (None, _) if question.threshold.is_some() => return Err(Refusal::NoBaseline),
        (None, [only]) if !question.alone => return Err(Refusal::Alone(only.strategy.clone())),
        (
            Some(Baseline {
                source, changes, ..
            }),
            _,
        ) if changes.is_empty() => {
            return Err(Refusal::Strangers(source.name.clone()));
        }
        _ => {}
    }
    let gate = question.threshold.zip(baseline.as_ref());
    let gate = gate.map(|(threshold, baseline)| baseline::gate(threshold, &baseline.changes));
    Ok(Comparison {
        schema_version: model::SCHEMA_VERSION,
        tool: tool(),
        environment: first.environment.clone(),
        scenario: first.scenario.clone(),
        backends: conditions::backends(&all),
        reports: reports.iter().map(Source::of).collect(),
        metric,
        differences,
        exit_code: exit_code(&reports, gate.as_ref()),
        failed_assertions: failed_assertions(&reports),
        contenders,
        baseline,
        gate,
    })
}

/// Where later reports only repeat strategies of the first, the first is what they are held against.
fn sides(mut reports: Vec<Named>, baseline: Option<Named>) -> (Vec<Named>, Option<Named>) {
    let repeated = |first: &Named, others: &[Named]| {
        let known = |name: &str| first.report.runs.iter().any(|run| run.strategy == name);
        let mut runs = others.iter().flat_map(|named| &named.report.runs);
        !others.is_empty() && runs.all(|run| known(&run.strategy))
    };
    match (baseline, reports.split_first()) {
        (None, Some((first, others))) if repeated(first, others) => {
            let first = reports.remove(0);
            (reports, Some(first))
        }
        (baseline, _) => (reports, baseline),
    }
}

/// As that of a run: what was violated, in the reports or against the baseline, comes before what proves nothing.
fn exit_code(reports: &[Named], gate: Option<&Gate>) -> u8 {
    let asserted = failed_assertions(reports);
    let asserted = |outcome| asserted.iter().any(|one| one.outcome() == outcome);
    let reports = || reports.iter().map(|named| &named.report);
    let any =
        |verdict| reports().any(|report| report.runs.iter().any(|run| run.verdict == verdict));
    let regressed = gate.is_some_and(|gate| !gate.regressed.is_empty());
    let open = gate.is_some_and(|gate| !gate.undecided.is_empty());
    if regressed || asserted(AssertionOutcome::Failed) || any(Verdict::Violated) {
        exit::VIOLATED
    } else if open || asserted(AssertionOutcome::NotObserved) || any(Verdict::Inconclusive) {
        exit::INCONCLUSIVE
    } else {
        exit::OK
    }
}

fn failed_assertions(reports: &[Named]) -> Vec<AssertionResult> {
    let all = reports.iter().flat_map(|named| &named.report.assertions);
    all.filter(|assertion| !assertion.ok).cloned().collect()
}

#[cfg(test)]
mod tests;
