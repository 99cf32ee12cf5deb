//! The one value that every output is made from: what was run, where, and what came of it.
//!
//! Its JSON form is a contract (`schema/report.schema.json`): names are only ever added. Durations are whole
//! nanoseconds and end in `_ns`. Nothing is measured or judged here.
//!
//! Reports are kept as baselines: a field that is added has a `#[serde(default)]`, so that those made before it can still be
//! read. `tests/cmd/reports` holds some.

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

/// A whole invocation: every run of every strategy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What made the report.
    pub tool: Tool,
    /// The machine it ran on.
    pub environment: Environment,
    /// Every effective setting, passwords masked.
    pub scenario: Settings,
    /// One a strategy and trial, in the order they ran.
    pub runs: Vec<Run>,
    /// How often each strategy over-issued, one entry a strategy.
    pub race: Vec<Race>,
    /// How far the trials of each strategy lie apart, one entry a strategy; empty where there is one trial.
    pub spread: Vec<Spread>,
    /// What was asked of the runs besides their promises.
    pub assertions: Vec<AssertionResult>,
    /// The process's exit code.
    pub exit_code: u8,
    /// Whether Ctrl-C ended it early.
    pub interrupted: bool,
    /// Whether something that the runs created could not be removed.
    #[serde(default)]
    pub left_behind: bool,
}

/// What made the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `coupon-bench`.
    pub name: String,
    /// As in `Cargo.toml`.
    pub version: String,
    /// The commit it was built from, where that is known.
    pub git_revision: Option<String>,
}

/// The machine it ran on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Environment {
    /// For example `linux x86_64`.
    pub os: String,
    /// The processor's model name.
    pub cpu: String,
    /// Logical processors.
    pub cores: usize,
    /// Physical memory.
    pub memory_bytes: u64,
    /// RFC 3339, UTC.
    pub started_at: String,
}

/// One run of one strategy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// By name.
    pub strategy: String,
    /// What it claims.
    pub promise: Promise,
    /// Whether it claims one coupon a user.
    pub one_per_user: bool,
    /// From 1.
    pub trial: u32,
    /// Part of the names of everything the run created.
    pub run_id: String,
    /// Only those the strategy used.
    pub backends: Backends,
    /// What users were told.
    pub attempts: AttemptCounts,
    /// Those of them that were never decided.
    pub undecided: Undecided,
    /// The different errors behind failed attempts and deliveries, most frequent first.
    pub failures: Vec<Failure>,
    /// What the database holds, against what users were told.
    pub ledger: LedgerCounts,
    /// Of the strategy against its promise.
    pub verdict: Verdict,
    /// What broke the promise.
    pub violations: Vec<Finding>,
    /// Everything the reconciliation found, promised or not.
    pub findings: Vec<Finding>,
    /// Why the run proves nothing, or not everything.
    pub reasons: Vec<String>,
    /// From the release, by what users were told.
    pub latency: Latency,
    /// From an attempt's intended start to its coupon's row, over the attempts that were told "issued".
    pub time_to_durable: Distribution,
    /// From the release to the last answer.
    pub duration_ns: u64,
    /// Answers a second over `duration_ns`.
    pub throughput_per_s: f64,
    /// Between the first and the last attempt's start in a burst.
    pub release_skew_ns: u64,
    /// The most attempts that were under way at once.
    pub peak_in_flight: u64,
    /// From an attempt's intended to its actual start; no samples in a closed loop.
    pub schedule_lag_ns: Distribution,
    /// Of an open loop: the rate asked for, and the one that the generator kept.
    pub offered: Option<Offered>,
    /// Processor time of this program over that of the whole machine during the load, 0 to 1; embedded services included.
    pub cpu_share: Option<f64>,
    /// What a reader should know before trusting the latencies.
    pub warnings: Vec<String>,
    /// From the last answer to the end of the drain; null where there was nothing to wait for or to ask.
    pub drain_ns: Option<u64>,
    /// What the strategy did to the database.
    pub database: DatabaseLoad,
    /// Records, where there is a topic.
    pub topic: Option<TopicLoad>,
    /// Whether those who came first were served first.
    pub fairness: Fairness,
    /// How a service of the user's own was asked; `None` of a strategy.
    #[serde(default)]
    pub target: Option<Box<TargetLoad>>,
    /// What the trace holds; `None` without `--trace`.
    pub trace: Option<TraceCounts>,
    /// The attempts that show why it went wrong; `None` without `--trace`, and where nothing did.
    pub witness: Option<Interleaving>,
    /// Names of the objects that `--keep` left behind.
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

/// An assertion and what it met. With several runs, the value observed is the first that broke it, otherwise the first that was
/// not observed is told, otherwise the value of the last run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssertionResult {
    /// As typed.
    pub expression: String,
    /// A number (durations in nanoseconds), a word (a verdict), or null where nothing was observed.
    pub observed: serde_json::Value,
    /// Whether it held in every run.
    pub ok: bool,
    /// The strategy and trial that broke it, or in which nothing was observed.
    pub broken_by: Option<String>,
}

impl AssertionResult {
    /// What came of it.
    pub fn outcome(&self) -> AssertionOutcome {
        match (self.ok, self.observed.is_null()) {
            (true, _) => AssertionOutcome::Held,
            (false, false) => AssertionOutcome::Failed,
            (false, true) => AssertionOutcome::NotObserved,
        }
    }
}

/// What came of an assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionOutcome {
    /// In every run.
    Held,
    /// In a run, something else was observed.
    Failed,
    /// No run broke it, and in one there was nothing to observe.
    NotObserved,
}

impl AssertionOutcome {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "ok",
            Self::Failed => "failed",
            Self::NotObserved => "not observed",
        }
    }
}
