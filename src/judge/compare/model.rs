//! The comparison, from which every output is made. Its JSON form is a contract (`schema/compare.schema.json`): new versions only
//! add fields.

use serde::Serialize;

use super::{
    NamedReport,
    conditions::Difference,
    metric::{Figures, Metric},
};
use crate::{
    model::report::{AssertionResult, Backend, Environment, Settings, Tool},
    model::verdict::FindingKind,
    statistics::SIGNIFICANT,
    strategies::Promise,
};

/// The version of the JSON form.
pub const SCHEMA_VERSION: u32 = 1;

/// The result of a comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The version of the JSON form.
    pub schema_version: u32,
    /// The program that made the comparison.
    pub tool: Tool,
    /// The machine of the first report.
    pub environment: Environment,
    /// The settings of the first report.
    pub scenario: Settings,
    /// Every service that a run used, without repetition.
    pub backends: Vec<Backend>,
    /// The reports that were compared.
    pub reports: Vec<Source>,
    /// The metric of speed.
    pub metric: Metric,
    /// The conditions that differ between the reports; empty without `--force`.
    pub differences: Vec<Difference>,
    /// The strategies: first the correct ones, the fastest first, then those without a rank.
    pub contenders: Vec<Contender>,
    /// The assertions of the reports that did not hold or had no value to observe.
    pub failed_assertions: Vec<AssertionResult>,
    /// The comparison with the baseline, if there is one.
    pub baseline: Option<Baseline>,
    /// The result of the gate, if there is one.
    pub gate: Option<Gate>,
    /// The process's exit code.
    pub exit_code: u8,
}

impl Comparison {
    /// Whether strategies are compared with each other, and not only with a baseline.
    pub fn is_ranking(&self) -> bool {
        let correct = self
            .contenders
            .iter()
            .filter(|one| one.standing == Correctness::Correct);
        correct.count() > 1 || self.baseline.is_none()
    }
}

/// A report of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// A file as typed, a baseline's name, or `this run`.
    pub name: String,
    /// The title of its scenario.
    pub title: Option<String>,
    /// The start time, RFC 3339, UTC.
    pub started_at: String,
    /// The program that made the report.
    pub tool: Tool,
    /// The seed.
    pub seed: u64,
    /// The requested number of runs of each strategy.
    pub trials: u32,
    /// Whether Ctrl-C ended the run early.
    pub interrupted: bool,
}

impl Source {
    pub(super) fn of(named: &NamedReport) -> Self {
        let report = &named.report;
        Self {
            name: named.name.clone(),
            title: report.scenario.title.clone(),
            started_at: report.environment.started_at.clone(),
            tool: report.tool.clone(),
            seed: report.scenario.seed,
            trials: report.scenario.trials,
            interrupted: report.interrupted,
        }
    }
}

/// A strategy of a report with all its trials.
#[derive(Debug, Clone, Serialize)]
pub struct Contender {
    /// The name of the strategy.
    pub strategy: String,
    /// The name of its report.
    pub report: String,
    /// Whether several reports have this strategy, so that a label needs the name of the report.
    pub ambiguous: bool,
    /// Its promise.
    pub promise: Promise,
    /// Its correctness.
    pub standing: Correctness,
    /// The rank from 1; null if it is not ranked.
    pub rank: Option<u32>,
    /// The number of its trials.
    pub trials: u64,
    /// The defects, by kind.
    pub troubles: Vec<Defect>,
    /// The reasons why it is inconclusive.
    pub reasons: Vec<String>,
    /// Warnings about the figures.
    pub warnings: Vec<String>,
    /// The attempts of all trials.
    pub attempts: u64,
    /// Failed attempts and attempts without an answer.
    pub failed: u64,
    /// The figures by trial.
    pub figures: Figures,
    /// The speed in relation to the fastest strategy; null if it is not ranked.
    pub against_fastest: Option<RelativeSpeed>,
}

impl Contender {
    /// The label, which is unique in the comparison.
    pub fn label(&self) -> String {
        label(&self.strategy, &self.report, self.ambiguous)
    }
}

fn label(strategy: &str, report: &str, ambiguous: bool) -> String {
    if ambiguous {
        format!("{strategy} ({report})")
    } else {
        strategy.to_owned()
    }
}

/// The correctness of a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Correctness {
    /// Every trial was correct.
    Correct,
    /// A trial proves nothing, and none is incorrect.
    Inconclusive,
    /// A trial has a defect, whether or not the promise covers it.
    Incorrect,
}

/// The defects of one kind over all trials of a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Defect {
    /// The kind.
    pub kind: FindingKind,
    /// Whether it broke the promise in a trial.
    pub against_promise: bool,
    /// The smallest number of coupons in a trial with such a defect.
    pub least: u64,
    /// The largest number.
    pub most: u64,
    /// The number of trials with such a defect.
    pub trials: u64,
}

/// The speed of a strategy in relation to another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RelativeSpeed {
    /// The factor by which it is slower: 2 is half as fast, and 0.5 is twice as fast.
    pub times_as_slow: f64,
    /// The 95 % confidence interval; null with too few trials.
    pub interval: Option<[f64; 2]>,
    /// The p-value of Welch's two-sided t-test; null with too few trials.
    pub p_value: Option<f64>,
    /// The conclusion.
    pub speed: Speed,
}

impl RelativeSpeed {
    /// The relation with this estimate and this test.
    pub(super) fn new(estimate: f64, ratio: Option<crate::statistics::Ratio>) -> Self {
        let speed = match ratio {
            None => Speed::Unknown,
            Some(ratio) if ratio.p_value >= SIGNIFICANT => Speed::Same,
            Some(_) if estimate > 1.0 => Speed::Slower,
            Some(_) => Speed::Faster,
        };
        Self {
            times_as_slow: estimate,
            interval: ratio.map(|ratio| ratio.interval),
            p_value: ratio.map(|ratio| ratio.p_value),
            speed,
        }
    }
}

/// The conclusion of a comparison of speeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Speed {
    /// Significantly slower.
    Slower,
    /// Significantly faster.
    Faster,
    /// No significant difference.
    Same,
    /// Too few trials for a conclusion.
    Unknown,
}

/// The comparison with a baseline.
#[derive(Debug, Clone, Serialize)]
pub struct Baseline {
    /// The report of the baseline.
    pub source: Source,
    /// One entry for each strategy that is in the baseline and in a report.
    pub changes: Vec<Change>,
    /// Strategies of the reports that the baseline does not have.
    pub added: Vec<String>,
    /// Strategies that only the baseline has.
    pub missing: Vec<String>,
}

/// A strategy before and after.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// The name of the strategy.
    pub strategy: String,
    /// The name of its report.
    pub report: String,
    /// Whether several reports have this strategy.
    pub ambiguous: bool,
    /// The strategy in the baseline.
    pub before: Side,
    /// The strategy in the report.
    pub after: Side,
    /// The speed in relation to the baseline; null unless both are correct and have figures.
    pub against_baseline: Option<RelativeSpeed>,
    /// The change in one word.
    pub outcome: ChangeOutcome,
}

impl Change {
    /// The label, which is unique in the comparison.
    pub fn label(&self) -> String {
        label(&self.strategy, &self.report, self.ambiguous)
    }
}

/// A strategy in the baseline or in the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    /// Its correctness.
    pub standing: Correctness,
    /// The figures by trial.
    pub figures: Figures,
}

/// How a strategy changed against the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeOutcome {
    /// It is incorrect now and was not before.
    Broken,
    /// It is correct now and was not before.
    Mended,
    /// It is incorrect before and after; the speed is not compared.
    StillIncorrect,
    /// Its correctness is unknown.
    Inconclusive,
    /// It is correct and significantly slower.
    Slower,
    /// It is correct and significantly faster.
    Faster,
    /// It is correct, and the speed has no significant difference.
    Same,
    /// It is correct, and there are too few trials or no figures to compare the speed.
    Unknown,
}

/// The result of the gate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gate {
    /// The largest allowed slowdown as a share; 0.1 is 10 %.
    pub threshold: f64,
    /// The labels of strategies that are significantly slower by more than that, or incorrect now.
    pub regressed: Vec<String>,
    /// The labels of strategies that could not be judged.
    pub undecided: Vec<String>,
}
