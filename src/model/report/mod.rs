//! The report: the one value from which every output is made. It holds the settings, the machine and the results.
//!
//! Its JSON form is a contract (`schema/report.schema.json`): new versions only add fields. Durations are whole
//! nanoseconds, and their names end in `_ns`. This module measures and judges nothing.
//!
//! Reports are kept as baselines: a new field has a `#[serde(default)]`, so that older reports can still be read.
//! `tests/cmd/reports` holds some older reports.

use serde::{Deserialize, Serialize};

mod latency;
mod load;
mod outcome;
mod settings;
mod target;
mod trials;

pub use latency::*;
pub use load::*;
pub use outcome::*;
pub use settings::*;
pub use target::*;
pub use trials::*;

pub use crate::model::verdict::FindingKind;
use crate::{
    model::{interleaving::Interleaving, verdict::Verdict},
    strategies::Promise,
};

/// The version of the JSON form.
pub const SCHEMA_VERSION: u32 = 2;

/// The report of one invocation: every run of every strategy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The program that made the report.
    pub tool: Tool,
    /// The machine that it ran on.
    pub environment: Environment,
    /// Every effective setting, passwords masked.
    pub scenario: Settings,
    /// The runs, one for each strategy and trial, in the order in which they ran.
    pub runs: Vec<Run>,
    /// How often each strategy over-issued, one entry a strategy.
    pub race: Vec<Race>,
    /// The spread of the trials of each strategy, one entry a strategy; empty with one trial.
    pub spread: Vec<Spread>,
    /// The user's assertions with their results.
    pub assertions: Vec<AssertionResult>,
    /// The process's exit code.
    pub exit_code: u8,
    /// Whether Ctrl-C ended the invocation early.
    pub interrupted: bool,
    /// Whether an object that the runs created could not be removed.
    #[serde(default)]
    pub left_behind: bool,
}

/// The program that made the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `coupon-bench`.
    pub name: String,
    /// The version in `Cargo.toml`.
    pub version: String,
    /// The commit that it was built from, if known.
    pub git_revision: Option<String>,
}

/// The machine that it ran on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Environment {
    /// For example `linux x86_64`.
    pub os: String,
    /// The processor's model name.
    pub cpu: String,
    /// The number of logical processors.
    pub cores: usize,
    /// The physical memory in bytes.
    pub memory_bytes: u64,
    /// The start time, RFC 3339, UTC.
    pub started_at: String,
}

/// One run of one strategy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// The name of the strategy.
    pub strategy: String,
    /// Its promise.
    pub promise: Promise,
    /// Whether it promises at most one coupon per user.
    pub one_per_user: bool,
    /// The number of the trial, from 1.
    pub trial: u32,
    /// The run's id, which is part of the name of every object that the run created.
    pub run_id: String,
    /// The services that the strategy used.
    pub backends: Backends,
    /// The number of attempts by outcome.
    pub attempts: AttemptCounts,
    /// The attempts without a decision.
    pub undecided: Undecided,
    /// The distinct errors of failed attempts and deliveries, the most frequent first.
    pub failures: Vec<Failure>,
    /// The ledger, reconciled with the responses.
    pub ledger: LedgerCounts,
    /// The verdict on the strategy's promise.
    pub verdict: Verdict,
    /// The findings that broke the promise.
    pub violations: Vec<Finding>,
    /// All findings of the reconciliation, whether or not the promise covers them.
    pub findings: Vec<Finding>,
    /// Why the run does not prove the promise, or proves it only in part.
    pub reasons: Vec<String>,
    /// The latencies by outcome.
    pub latency: Latency,
    /// The time from an attempt's intended start until its coupon's row was durable, for attempts with the response "issued".
    pub time_to_durable: Distribution,
    /// The time from the release to the last answer.
    pub duration_ns: u64,
    /// Answers per second during `duration_ns`.
    pub throughput_per_s: f64,
    /// The time between the starts of the first and the last attempt of a burst.
    pub release_skew_ns: u64,
    /// The most attempts in flight at once.
    pub peak_in_flight: u64,
    /// The time from an attempt's intended start to its actual start; no samples in a closed loop.
    pub schedule_lag_ns: Distribution,
    /// In an open loop: the requested rate and the achieved rate.
    pub offered: Option<Offered>,
    /// The share of the machine's processor time that this program used during the load, 0 to 1, embedded services included.
    pub cpu_share: Option<f64>,
    /// Warnings about the measured latencies.
    pub warnings: Vec<String>,
    /// The time from the last answer to the end of the drain; null without a drain.
    pub drain_ns: Option<u64>,
    /// The load of the strategy on the database.
    pub database: DatabaseLoad,
    /// The records of the topic; null without a topic.
    pub topic: Option<TopicLoad>,
    /// Whether users were served in the order of arrival.
    pub fairness: Fairness,
    /// The load on a service from a target file; `None` for a strategy.
    #[serde(default)]
    pub target: Option<Box<TargetLoad>>,
    /// The size of the trace; `None` without `--trace`.
    pub trace: Option<TraceCounts>,
    /// The attempts that explain the first finding; `None` without `--trace` or without a finding.
    pub witness: Option<Interleaving>,
    /// The names of the objects that `--keep` did not remove.
    pub kept: Vec<String>,
}

/// The first witness of each strategy.
pub(crate) fn witnesses<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Vec<&'a Interleaving> {
    let mut of: Vec<&str> = Vec::new();
    let mut witnesses = Vec::new();
    for run in runs {
        if let Some(witness) = &run.witness
            && !of.contains(&&*run.strategy)
        {
            of.push(&run.strategy);
            witnesses.push(witness);
        }
    }
    witnesses
}

/// The result of an assertion. With several runs, the observed value is the first one that broke the assertion; without one, it is
/// null if a run had no value, and otherwise the value of the last run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssertionResult {
    /// The assertion as typed.
    pub expression: String,
    /// A number (durations in nanoseconds), a word (a verdict), or null without an observed value.
    pub observed: serde_json::Value,
    /// Whether the assertion held in every run.
    pub ok: bool,
    /// The strategy and trial that broke it, or that had no value to observe.
    pub broken_by: Option<String>,
}

impl AssertionResult {
    /// The outcome.
    pub fn outcome(&self) -> AssertionOutcome {
        match (self.ok, self.observed.is_null()) {
            (true, _) => AssertionOutcome::Held,
            (false, false) => AssertionOutcome::Failed,
            (false, true) => AssertionOutcome::NotObserved,
        }
    }
}

/// The outcome of an assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionOutcome {
    /// It held in every run.
    Held,
    /// It did not hold in a run.
    Failed,
    /// No run broke it, and a run had no value to observe.
    NotObserved,
}

impl AssertionOutcome {
    /// The text in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "ok",
            Self::Failed => "failed",
            Self::NotObserved => "not observed",
        }
    }
}
