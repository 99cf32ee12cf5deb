//! The one value that every output is made from: what was run, where, and what came of it.
//!
//! Its JSON form is a contract (`schema/report.schema.json`): names are only ever added. Durations are whole
//! nanoseconds and end in `_ns`. Nothing is measured or judged here.
//!
//! Reports are kept as baselines: a field that is added has a `#[serde(default)]`, so that those made before it can still be
//! read. `tests/cmd/reports` holds some.

use serde::{Deserialize, Serialize};

pub use crate::verdict::FindingKind;
use crate::{
    interleaving::Interleaving,
    scenario::{DbConnection, Spacing},
    strategy::Promise,
    verdict::Verdict,
};

/// The version of the JSON form.
pub const SCHEMA_VERSION: u32 = 1;

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

/// Every effective setting, passwords masked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    /// From the scenario file.
    pub title: Option<String>,
    /// By name, in the order asked for.
    pub strategies: Vec<String>,
    /// Those of `all` that the database cannot run, and why.
    pub refused: Vec<Refused>,
    /// Distinct users.
    pub users: u64,
    /// Coupons.
    pub limit: u64,
    /// Attempts each user makes.
    pub attempts: u32,
    /// Closed loop: attempts under way at a time; null is a burst or an open loop.
    pub in_flight: Option<u64>,
    /// Open loop; null is a burst or a closed loop.
    pub open_loop: Option<OpenLoop>,
    /// Runs of each strategy.
    pub trials: u32,
    /// Processes that shared the users.
    pub instances: u32,
    /// Whether everything was ready before the clock started.
    pub warmup: bool,
    /// Of the input that is drawn.
    pub seed: u64,
    /// `sqlite`, or a URL.
    pub db: String,
    /// Connections in the pool.
    pub db_pool: u32,
    /// How long a claim keeps one.
    pub db_connection: DbConnection,
    /// `embedded`, or a URL.
    pub redis: String,
    /// Multiplexed connections.
    pub redis_connections: u32,
    /// `embedded`, or brokers.
    pub kafka: String,
    /// Members of the consumer group.
    pub consumers: u32,
    /// The most records that a consumer took at once.
    pub consumer_batch: u32,
    /// Records a second that all consumers together took at most; null is as fast as they could.
    pub consumer_rate_per_s: Option<f64>,
    /// For one attempt, and for a drain that stands still.
    pub timeout_ns: u64,
    /// Orders a second of the bystander; null where there was none.
    pub bystander_rate_per_s: Option<f64>,
    /// Whether objects were left behind.
    pub keep: bool,
    /// Whether every step was written down.
    #[serde(default)]
    pub trace: bool,
    /// The service of the user's own; null for strategies.
    #[serde(default)]
    pub target: Option<TargetSettings>,
}

/// How an open loop was asked for; what was not named is null.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OpenLoop {
    /// Attempts a second; of a ramp, where it ends.
    pub rate_per_s: Option<f64>,
    /// How long the rate rises from zero.
    pub ramp_ns: Option<u64>,
    /// The length of an event with quiet, surge and tail.
    pub spike_ns: Option<u64>,
    /// How the attempts lie within the rate.
    pub spacing: Spacing,
}

/// A strategy that was not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// By name.
    pub strategy: String,
    /// Why.
    pub reason: String,
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
    /// From 0.
    pub trial: u32,
    /// Part of the names of everything the run created.
    pub run_id: String,
    /// Only those the strategy used.
    pub backends: Backends,
    /// What users were told.
    pub attempts: AttemptCounts,
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
    /// Why the verdict is inconclusive.
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
    /// From the last answer to an empty pipeline.
    pub drain_ns: u64,
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

/// How a service of the user's own was asked in a run, and what of it was not understood.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetLoad {
    /// Where load was sent: `127.0.0.1:8080`, or `unix:/run/service.sock`.
    pub addresses: Vec<String>,
    /// Connections that were open before the release.
    pub connections: u64,
    /// Of those, how many had to be opened again meanwhile.
    pub opened_again: u64,
    /// Claims of which only the last byte was left to send at the release.
    pub held: u64,
    /// Answers that no rule of the file was for.
    pub unclassified: Unclassified,
    /// Coupons in the ledger of nobody of this run.
    pub strangers: Strangers,
}

/// Answers that no rule was for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unclassified {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub samples: Vec<AnswerSample>,
}

/// An answer, as far as it is shown; values of the environment are masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerSample {
    /// The status code.
    pub status: u16,
    /// The first headers, a line each.
    pub headers: Vec<String>,
    /// The beginning of the body.
    pub body: String,
}

/// Coupons of nobody of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strangers {
    /// How many.
    pub count: u64,
    /// The first users, as the ledger spells them.
    pub samples: Vec<String>,
}

/// A service of the user's own, as it was described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSettings {
    /// The file.
    pub file: String,
    /// Where the service is, without secrets.
    pub address: String,
    /// `HTTP/1.1` or `HTTP/2`.
    pub http_version: String,
    /// Connections.
    pub connections: u64,
    /// What the claim is: `POST /claim`.
    pub claim: String,
    /// Where the coupons are, in a few words.
    pub ledger: String,
    /// Whether load may have left the machine.
    pub allow_remote: bool,
}

/// Mean rates of an open loop, from its first to its last attempt.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    /// By the intended starts.
    pub requested_per_s: f64,
    /// By the actual ones.
    pub achieved_per_s: f64,
}

/// The first witness of each strategy.
pub(super) fn witnesses<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Vec<&'a Interleaving> {
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

/// What a trace holds, in steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceCounts {
    /// That were made.
    pub seen: u64,
    /// That could have explained something, and for which there was no room.
    pub dropped: u64,
}

/// The services of a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Backends {
    /// Always there.
    pub db: Option<Backend>,
    /// Where the strategy needs it.
    pub redis: Option<Backend>,
    /// Where the strategy needs it.
    pub kafka: Option<Backend>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// `sqlite`, `postgres`, `mysql`, `mariadb`, `redis`, `kafka`.
    pub kind: String,
    /// As the service says it.
    pub version: String,
    /// Whether it ran inside this process.
    pub embedded: bool,
}

/// What users were told; the six outcomes add up to the total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptCounts {
    /// Attempts made.
    pub total: u64,
    /// "The coupon is yours."
    pub issued: u64,
    /// "All coupons are gone."
    pub sold_out: u64,
    /// "You have asked before."
    pub duplicate: u64,
    /// An error that cannot have issued a coupon by itself.
    pub failed: u64,
    /// No answer in time, or an error that leaves open whether a coupon was issued.
    pub indeterminate: u64,
    /// "Your request is noted." Whether there is a coupon shows later.
    #[serde(default)]
    pub accepted: u64,
}

/// An error and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The step and the service's words.
    pub message: String,
    /// How often.
    pub count: u64,
}

/// What a ledger can tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Whose coupons they are: everything is known by user.
    #[default]
    Users,
    /// How many there are: what is lost or phantom is at least so much.
    Count,
    /// Nothing: what users were told is all there is.
    Told,
}

/// What the database holds, reconciled by user with what they were told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerCounts {
    /// What the ledger can tell.
    #[serde(default)]
    pub basis: Basis,
    /// Rows; null if the ledger could not be read.
    pub issued: Option<u64>,
    /// Rows beyond the limit.
    pub over_issued: u64,
    /// Rows missing from `min(limit, demand)`.
    pub under_issued: u64,
    /// Users with more than one row.
    pub duplicate_users: u64,
    /// Told yes, no row.
    pub lost: u64,
    /// A row, not told yes.
    pub phantom: u64,
    /// Told nothing, a row found.
    pub recovered: u64,
    /// Whether the pipeline was empty when the rows were read.
    pub drained: bool,
}

/// Something that the reconciliation found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// How many coupons (for `duplicate_user`: users).
    pub count: u64,
    /// The first of the users concerned, by id, at most [`Finding::MAX_USERS`]; empty where none can be named.
    pub users: Vec<u64>,
}

impl Finding {
    /// How many users a finding names.
    pub const MAX_USERS: usize = 20;
}

/// How long answers took, by outcome.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Latency {
    /// From the intended start.
    pub response: ByOutcome,
    /// From the actual start.
    pub service: ByOutcome,
}

/// A distribution for all answers and for each outcome.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ByOutcome {
    /// Every attempt that was answered.
    pub all: Distribution,
    /// Those that were told "issued".
    pub issued: Distribution,
    /// Those that were told "sold out".
    pub sold_out: Distribution,
    /// Those that were told "duplicate".
    pub duplicate: Distribution,
    /// Those that got an error.
    pub failed: Distribution,
    /// Those that were told "noted". Files of versions that knew no such answer lack it.
    #[serde(default)]
    pub accepted: Distribution,
}

/// Durations in nanoseconds. A percentile that the sample cannot carry is null, as is everything of an empty one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Distribution {
    /// Samples.
    pub count: u64,
    /// Smallest.
    pub min_ns: Option<u64>,
    /// Arithmetic mean.
    pub mean_ns: Option<u64>,
    /// Median.
    pub p50_ns: Option<u64>,
    /// 90th percentile.
    pub p90_ns: Option<u64>,
    /// 95th percentile.
    pub p95_ns: Option<u64>,
    /// 99th percentile.
    pub p99_ns: Option<u64>,
    /// 99.9th percentile.
    pub p999_ns: Option<u64>,
    /// Largest.
    pub max_ns: Option<u64>,
    /// The HDR histogram, V2 compressed, base64; null where there are no samples.
    pub hdr: Option<String>,
}

/// What a strategy did to the database.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DatabaseLoad {
    /// Statements sent during load and drain, commits and rollbacks included.
    pub statements: u64,
    /// The most port calls that were waiting for the database at once, those waiting for a connection included.
    pub peak_in_flight: u64,
    /// Statements that the database refused because of concurrent work.
    pub conflicts: u64,
    /// Back-offs before trying again.
    pub retries: u64,
    /// How long port calls waited for a connection of the pool.
    pub pool_wait: Distribution,
    /// How many rows became durable when.
    pub rows_over_time: RowsOverTime,
    /// What the database's other traffic felt; null without it.
    pub bystander: Option<Bystander>,
}

/// Rows by the time at which they became durable, from the release to the last one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsOverTime {
    /// The length of an interval.
    pub interval_ns: u64,
    /// Rows in each interval, at most 100; the first begins with the release.
    pub rows: Vec<u64>,
}

impl RowsOverTime {
    /// Rows a second in the fullest interval; `None` without rows.
    pub fn peak_per_s(&self) -> Option<f64> {
        let most = self.rows.iter().copied().max()?;
        Some(most as f64 * 1e9 / self.interval_ns.max(1) as f64)
    }
}

/// What the bystander felt: transactions of somebody else on the same database, at a fixed rate.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Bystander {
    /// Orders that had ended at the release.
    pub before: BystanderPhase,
    /// Those from there to the end of the drain.
    pub during: BystanderPhase,
    /// Those that were to start after the drain.
    pub after: BystanderPhase,
    /// The different errors behind failed orders, most frequent first.
    pub failures: Vec<Failure>,
}

/// A part of the bystander's time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct BystanderPhase {
    /// Its length.
    pub duration_ns: u64,
    /// Orders made.
    pub orders: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that were still open when the run ended.
    pub unanswered: u64,
    /// Orders that went through, a second.
    pub rate_per_s: f64,
    /// From an order's intended start to its end, failed ones included.
    pub response: Distribution,
    /// From an order's intended to its actual start: what the bystander itself was late.
    pub schedule_lag: Distribution,
}

/// What became of the records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicLoad {
    /// Handed to the producer.
    pub produced: u64,
    /// Acknowledged by the broker.
    pub delivered: u64,
    /// Given up by the producer.
    pub delivery_failures: u64,
    /// Read by the consumers, redeliveries included.
    pub consumed: u64,
    /// Records not yet committed by the consumers when the drain ended; null if that could not be asked.
    pub lag: Option<u64>,
}

/// Whether those who came first were served first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fairness {
    /// Users who got a coupon although they only started after somebody else had been told "sold out".
    pub inversions: u64,
}

/// How often a strategy over-issued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Race {
    /// By name.
    pub strategy: String,
    /// Trials whose ledger could be read.
    pub trials: u64,
    /// Trials with more rows than the limit.
    pub over_issued: u64,
    /// `over_issued / trials`.
    pub probability: f64,
    /// 95 % Wilson score interval of the probability.
    pub interval: [f64; 2],
}

/// How far the trials of a strategy lie apart: each value is one trial's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// By name.
    pub strategy: String,
    /// Trials.
    pub trials: u64,
    /// Answers a second.
    pub throughput_per_s: Option<Range<f64>>,
    /// Median response time.
    pub p50_ns: Option<Range<u64>>,
    /// 99th percentile of the response times.
    pub p99_ns: Option<Range<u64>>,
    /// 99th percentile of the response times of those who were told "issued".
    pub issued_p99_ns: Option<Range<u64>>,
    /// Median time to durable.
    pub durable_p50_ns: Option<Range<u64>>,
}

/// The smallest, the middle and the largest of some values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Range<T> {
    /// Smallest.
    pub min: T,
    /// Half of the values are below; of an even number, the middle of the two.
    pub median: T,
    /// Largest.
    pub max: T,
}

/// An assertion and what it met. With several runs, the value observed is the first that broke it,
/// or that of the last run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssertionResult {
    /// As typed.
    pub expression: String,
    /// A number (durations in nanoseconds), a word (a verdict), or null where there was no sample.
    pub observed: serde_json::Value,
    /// Whether it held in every run.
    pub ok: bool,
    /// The strategy and trial that broke it.
    pub broken_by: Option<String>,
}
