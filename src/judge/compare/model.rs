//! The one value that every output is made from. Its JSON form is a contract (`schema/compare.schema.json`): names are only
//! ever added.

use serde::Serialize;

use super::{
    Named,
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

/// What came of a comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The version of the JSON form.
    pub schema_version: u32,
    /// What compared.
    pub tool: Tool,
    /// The machine the first report is from.
    pub environment: Environment,
    /// The settings of the first report.
    pub scenario: Settings,
    /// Every service that any run used, once.
    pub backends: Vec<Backend>,
    /// Where the contenders come from.
    pub reports: Vec<Source>,
    /// What is fast.
    pub metric: Metric,
    /// What was not the same although it should have been; empty unless that was forced.
    pub differences: Vec<Difference>,
    /// Those that are correct from the fastest on, then those that are not ranked.
    pub contenders: Vec<Contender>,
    /// Those of the reports that did not hold, or were not observed.
    pub failed_assertions: Vec<AssertionResult>,
    /// Where there is one.
    pub baseline: Option<Baseline>,
    /// Where a regression was to fail.
    pub gate: Option<Gate>,
    /// The process's exit code.
    pub exit_code: u8,
}

impl Comparison {
    /// Whether strategies are held against each other, and not one against its baseline alone.
    pub fn is_ranking(&self) -> bool {
        let correct = self
            .contenders
            .iter()
            .filter(|one| one.standing == Standing::Correct);
        correct.count() > 1 || self.baseline.is_none()
    }
}

/// A report that had a part in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// A file as typed, a baseline's name, or `this run`.
    pub name: String,
    /// Of its scenario.
    pub title: Option<String>,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// What made it.
    pub tool: Tool,
    /// Of its input.
    pub seed: u64,
    /// Runs of each strategy, as asked for.
    pub trials: u32,
    /// Whether Ctrl-C ended it early.
    pub interrupted: bool,
}

impl Source {
    pub(super) fn of(named: &Named) -> Self {
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

/// A strategy of a report, with all its trials.
#[derive(Debug, Clone, Serialize)]
pub struct Contender {
    /// By name.
    pub strategy: String,
    /// Which of the reports it is from.
    pub report: String,
    /// Whether several reports have the strategy, so that its name alone does not tell.
    pub ambiguous: bool,
    /// What it claims.
    pub promise: Promise,
    /// Whether it did its work.
    pub standing: Standing,
    /// From 1; null where it is not ranked.
    pub rank: Option<u32>,
    /// Its runs.
    pub trials: u64,
    /// What went wrong with coupons.
    pub troubles: Vec<Trouble>,
    /// Why it is inconclusive.
    pub reasons: Vec<String>,
    /// What a reader should know before trusting the figures.
    pub warnings: Vec<String>,
    /// Made in all trials.
    pub attempts: u64,
    /// Those that failed or got no answer.
    pub failed: u64,
    /// By trial.
    pub figures: Figures,
    /// How slow it is against the fastest; null where it is not ranked.
    pub against_fastest: Option<Against>,
}

impl Contender {
    /// Tells it from the others.
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

/// Correctness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Every trial gave out what it should.
    Correct,
    /// A trial proves nothing either way.
    Inconclusive,
    /// In a trial, coupons went wrong, promised or not.
    Incorrect,
}

/// A way in which coupons went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// Which.
    pub kind: FindingKind,
    /// Whether it was promised not to happen.
    pub against_promise: bool,
    /// Coupons, in the trial with the fewest of those that had any.
    pub least: u64,
    /// In the one with the most.
    pub most: u64,
    /// Trials that had any.
    pub trials: u64,
}

/// How the speed of one relates to that of another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Against {
    /// How many times as slow: 2 is half as fast, 0.5 twice as fast.
    pub times_as_slow: f64,
    /// 95 % confidence interval; null where there are too few trials.
    pub interval: Option<[f64; 2]>,
    /// Welch's t-test, two-sided; null where there are too few trials.
    pub p_value: Option<f64>,
    /// What that shows.
    pub speed: Speed,
}

impl Against {
    /// What a ratio of times shows.
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

/// What a comparison shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Speed {
    /// It is slower.
    Slower,
    /// It is faster.
    Faster,
    /// What is seen could be chance.
    Same,
    /// Too few trials to tell.
    Unknown,
}

/// What the reports are held against.
#[derive(Debug, Clone, Serialize)]
pub struct Baseline {
    /// Where it comes from.
    pub source: Source,
    /// One a strategy that is on both sides.
    pub changes: Vec<Change>,
    /// Strategies of the reports that it has not.
    pub added: Vec<String>,
    /// Strategies that only it has.
    pub missing: Vec<String>,
}

/// A strategy, and what it was.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// By name.
    pub strategy: String,
    /// Which of the reports it is from.
    pub report: String,
    /// Whether several reports have the strategy.
    pub ambiguous: bool,
    /// In the baseline.
    pub before: Side,
    /// In the report.
    pub after: Side,
    /// Null unless both are correct and have figures.
    pub against_baseline: Option<Against>,
    /// All of it in a word.
    pub outcome: Outcome,
}

impl Change {
    /// Tells it from the others.
    pub fn label(&self) -> String {
        label(&self.strategy, &self.report, self.ambiguous)
    }
}

/// A strategy on one side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    /// Whether it did its work.
    pub standing: Standing,
    /// By trial.
    pub figures: Figures,
}

/// What became of a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Incorrect, and it was not.
    Broken,
    /// Correct, and it was not.
    Mended,
    /// Incorrect before and after: not compared.
    StillIncorrect,
    /// Nothing can be said about its correctness.
    Inconclusive,
    /// Correct, and slower than it was.
    Slower,
    /// Correct, and faster.
    Faster,
    /// Correct, and any difference in speed could be chance.
    Same,
    /// Correct, but there are too few trials, or no figures, to tell about its speed.
    Unknown,
}

/// Whether anything became worse.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gate {
    /// How much slower is too slow, as a share: 0.1 is 10 %.
    pub threshold: f64,
    /// Slower by more, beyond chance, or incorrect now; by label.
    pub regressed: Vec<String>,
    /// Those of which nothing can be said.
    pub undecided: Vec<String>,
}
