//! Compares reports: which correct strategy is the fastest, and whether a strategy is slower than in a baseline.
//!
//! A pure function from reports to one [`Comparison`]. Reports from files and reports of this run are treated alike.
//!
//! # Layout
//!
//! - `reading`: parses a report
//! - `version1`: converts a report of version 1 to version 2
//! - `conditions`: whether the runs may be compared: the workload, the services, the machine
//! - `standing`: the correctness of a strategy over all its trials
//! - `metric`: the metric of speed, and its values by trial
//! - `model`: the comparison, from which every output is made
//! - `ranking`: ranks the strategies and compares each with the fastest
//! - `baseline`: compares each strategy with its baseline, and applies the gate
//!
//! This module reads no files and resolves no names of baselines.

mod baseline;
mod conditions;
mod metric;
mod model;
mod ranking;
mod reading;
mod standing;
mod version1;

pub use self::{
    conditions::{ConditionValue, Difference, differences},
    metric::{Figure, Figures, Metric},
    model::{
        Baseline, Change, ChangeOutcome, Comparison, Contender, Correctness, Defect, Gate,
        RelativeSpeed, Side, Source, Speed,
    },
    reading::{ReadError, read},
};

use crate::{
    judge::exit,
    model::{
        environment::tool,
        report::{AssertionOutcome, AssertionResult, Report},
        verdict::Verdict,
    },
};

/// A report with its name.
#[derive(Debug, Clone)]
pub struct NamedReport {
    /// A file as typed, a baseline's name, or `this run`.
    pub name: String,
    /// The report.
    pub report: Report,
}

/// The reports to compare, and the options.
#[derive(Debug, Clone)]
pub struct CompareRequest {
    /// The reports; at least one.
    pub reports: Vec<NamedReport>,
    /// The report with which the strategies of the other reports are compared.
    pub baseline: Option<NamedReport>,
    /// The metric of speed; `None` selects it by the workload.
    pub metric: Option<Metric>,
    /// The gate: the largest allowed slowdown against the baseline, as a share; 0.1 is 10 %.
    pub threshold: Option<f64>,
    /// Whether runs with different conditions are compared.
    pub force: bool,
    /// Whether one strategy alone is enough, because the command does more than compare.
    pub alone: bool,
}

/// Why the reports cannot be compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The runs had different conditions.
    Different(Vec<Difference>),
    /// There is only one strategy, in one report.
    Alone(String),
    /// A report has no runs.
    Empty(String),
    /// A gate needs a baseline.
    NoBaseline,
    /// The baseline with this name has none of the strategies.
    Strangers(String),
}

/// Compares reports.
///
/// # Errors
///
/// If there is nothing to compare, or the runs had different conditions without `force`.
pub fn compare(question: CompareRequest) -> Result<Comparison, Refusal> {
    let (reports, baseline) = sides(question.reports, question.baseline);
    let all: Vec<&NamedReport> = baseline.iter().chain(&reports).collect();
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

/// The reports and the baseline. Without a baseline, the first report is the baseline if the other reports have only strategies of
/// the first one.
fn sides(
    mut reports: Vec<NamedReport>,
    baseline: Option<NamedReport>,
) -> (Vec<NamedReport>, Option<NamedReport>) {
    let repeated = |first: &NamedReport, others: &[NamedReport]| {
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

/// The exit code, as that of a run: a violation in a report or against the baseline comes before an inconclusive result.
fn exit_code(reports: &[NamedReport], gate: Option<&Gate>) -> u8 {
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

fn failed_assertions(reports: &[NamedReport]) -> Vec<AssertionResult> {
    let all = reports.iter().flat_map(|named| &named.report.assertions);
    all.filter(|assertion| !assertion.ok).cloned().collect()
}

#[cfg(test)]
mod tests;
