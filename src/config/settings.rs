//! The declaration of every setting of a run: a field is a flag of `run` and a key of the scenario file.
//!
//! Settings that other commands take too are in groups: [`ServiceArgs`], [`ConnectionArgs`], [`ConsumerArgs`]. Nothing is parsed here
//! and there are no defaults: a setting that was not given stays `None`, so that [`super::layers`] can tell which layer has it. The
//! defaults in the help texts are those of [`mod@super::resolve`] and the modules of its groups.

use std::path::PathBuf;

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use serde::Deserialize;
use toml::Spanned;

use crate::input::raw_value::{RawValue, one_or_many};

/// Flags of `run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench run --strategy redis-kafka --users 10000
  coupon-bench run --strategy naive,redis-incr --users 1k --trials 20
  coupon-bench run -s redis-incr --rate 5000 --users 20000
  coupon-bench run -s redis-set-incr --attempts 3 --assert 'duplicate_users == 0'
  coupon-bench run -s all --db postgres://bench@localhost/bench --json report.json
  coupon-bench run --scenario scenarios/flash-sale.toml --limit 50
  coupon-bench run --target my-service.toml --users 10000 --limit 100

Every flag but --allow-remote is also a key of the scenario file (in_flight for --in-flight).
A flag wins over the file, the file over an environment variable.")]
pub struct RunArgs {
    /// Read settings from a TOML file; flags win over it
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// The settings that a scenario file can have too.
    #[command(flatten)]
    pub settings: RunSettings,
}

/// The settings of flags and scenario files.
///
/// A key is the name of its field. A flag is the name of its field with dashes.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(default)]
pub struct RunSettings {
    /// A name for the report; a key and no flag.
    #[arg(skip)]
    pub title: Option<Spanned<String>>,

    /// Strategies to run, separated by commas, or all; see coupon-bench strategies
    #[arg(short, long, value_name = "NAME,…", help_heading = WORKLOAD)]
    #[serde(deserialize_with = "one_or_many")]
    pub strategy: Vec<RawValue>,

    /// A service of your own in place of a strategy, described by a file; see coupon-bench target new
    #[arg(long, value_name = "FILE", help_heading = WORKLOAD)]
    pub target: Option<RawValue>,

    /// Distinct users; 10k and 1m are understood [default: 10000]
    #[arg(short, long, value_name = "N", help_heading = WORKLOAD)]
    pub users: Option<RawValue>,

    /// Coupons [default: 100]
    #[arg(short, long, value_name = "N", help_heading = WORKLOAD)]
    pub limit: Option<RawValue>,

    /// Attempts each user makes, as with double clicks [default: 1]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub attempts: Option<RawValue>,

    /// Attempts under way at a time [default: all of them, a burst]
    #[arg(short = 'c', long, value_name = "N", help_heading = WORKLOAD)]
    pub in_flight: Option<RawValue>,

    /// Open loop: attempts that start each second, whether or not earlier attempts have ended; 5k is understood
    #[arg(short, long, value_name = "N", help_heading = WORKLOAD)]
    pub rate: Option<RawValue>,

    /// Open loop: the time in which the rate rises from zero to --rate; without --rate, all attempts start in this time
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub ramp: Option<RawValue>,

    /// Open loop: an event of this length, in which three quarters of the attempts start within a tenth of the time
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub spike: Option<RawValue>,

    /// How the attempts of an open loop are spaced: at equal distances, or at random as independent users arrive [default: even]
    #[arg(long, value_name = "even|poisson", help_heading = WORKLOAD)]
    #[arg(value_parser = one_of(&["even", "poisson"]), hide_possible_values = true)]
    pub spacing: Option<RawValue>,

    /// Runs of each strategy, interleaved with those of the other strategies [default: 1]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub trials: Option<RawValue>,

    /// Make connections, producer and consumer ready before the clock starts [default: on]
    #[arg(short, long, value_name = "on|off", help_heading = WORKLOAD)]
    #[arg(value_parser = one_of(&["on", "off"]), hide_possible_values = true)]
    pub warmup: Option<RawValue>,

    /// Seed of the random input: the order of the users, and --spacing poisson [default: random, and printed]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub seed: Option<RawValue>,

    /// Timeout of one attempt, and of a drain without progress; 500ms, 30s and 2m are understood [default: 30s]
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub timeout: Option<RawValue>,

    /// Share of the attempts that may fail or stay without a response before a run is inconclusive [default: 5%]
    #[arg(long, value_name = "PERCENT", help_heading = WORKLOAD)]
    pub max_undecided: Option<RawValue>,

    /// What must be true of every run, such as 'issued == 100' or 'p99 < 200ms'; can be given several times,
    /// and replaces the assertions of the file
    #[arg(long, value_name = "EXPR", help_heading = WORKLOAD)]
    #[serde(deserialize_with = "one_or_many")]
    pub assert: Vec<RawValue>,

    /// The addresses of the services.
    #[command(flatten)]
    #[serde(skip)]
    pub services: ServiceArgs,

    /// The connections to the services.
    #[command(flatten)]
    #[serde(skip)]
    pub connections: ConnectionArgs,

    /// Connections to a target, opened before the load [default: one for each attempt at once, at most 1000]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub http_connections: Option<RawValue>,

    /// Allow load on a target outside this machine. A flag only: a scenario file may come from another author
    #[arg(long, help_heading = SERVICES)]
    #[serde(skip)]
    pub allow_remote: bool,

    /// Processes that share the users, each with its own pools and locks [default: 1]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub instances: Option<RawValue>,

    /// How the topic is consumed.
    #[command(flatten)]
    #[serde(skip)]
    pub consumption: ConsumerArgs,

    /// Orders a second of a bystander, which is other traffic on the same database [default: off]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub bystander_rate: Option<RawValue>,

    /// Record every step, to draw the few attempts that show why a promise broke [default: off]
    #[arg(long, value_name = "on|off", help_heading = OUTPUT)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    #[arg(value_parser = one_of(&["on", "off"]), hide_possible_values = true)]
    pub trace: Option<RawValue>,

    /// Leave the run's table, keys and topic behind and print their names [default: off]
    #[arg(long, value_name = "on|off", help_heading = SERVICES)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    #[arg(value_parser = one_of(&["on", "off"]), hide_possible_values = true)]
    pub keep: Option<RawValue>,

    /// Write the report as JSON; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub json: Option<RawValue>,

    /// Write JUnit XML for a pipeline: a suite for each run, a case for each promise and assertion; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub junit: Option<RawValue>,

    /// Write Markdown for the comment on a pull request.
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT, help = "\
        Write Markdown for the comment on a pull request; - is stdout. \
        The Markdown is always appended to the file that GITHUB_STEP_SUMMARY names")]
    pub markdown: Option<RawValue>,

    /// Write an HTML page with charts, one file that needs no network; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub html: Option<RawValue>,

    /// Write every attempt as CSV, with nanoseconds from the release; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub attempts_csv: Option<RawValue>,

    /// Write response times for a plotter.
    #[arg(long, value_name = "FOLDER", help_heading = OUTPUT, help = "\
        Write response times for HdrHistogram's plotter into this folder: one file for each strategy and outcome")]
    pub hgrm: Option<RawValue>,

    /// Print only errors and the document that another flag sends to stdout; the exit code is the verdict [default: off]
    #[arg(short, long, value_name = "on|off", help_heading = OUTPUT)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    #[arg(value_parser = one_of(&["on", "off"]), hide_possible_values = true)]
    pub quiet: Option<RawValue>,

    /// Show no progress bar [default: off]
    #[arg(long, value_name = "on|off", help_heading = OUTPUT)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    #[arg(value_parser = one_of(&["on", "off"]), hide_possible_values = true)]
    pub no_progress: Option<RawValue>,
}

/// The addresses of the services: flags of every command that connects to services.
///
/// The variables are not read by clap: clap would treat them as flags, over which a scenario file could not win, and would print
/// their values in the help.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(default)]
pub struct ServiceArgs {
    /// The database.
    #[arg(long, value_name = "URL", help_heading = SERVICES, help = "\
        Database: sqlite (a private file), sqlite://FILE, postgres://… or mysql://… \
        [default: sqlite] [env: COUPON_BENCH_DB]")]
    pub db: Option<RawValue>,

    /// Redis.
    #[arg(long, value_name = "URL", help_heading = SERVICES, help = "\
        Redis: embedded, redis://…, rediss://… or redis+sentinel://…/MASTER \
        [default: embedded] [env: COUPON_BENCH_REDIS]")]
    pub redis: Option<RawValue>,

    /// Kafka.
    #[arg(long, value_name = "BROKERS", help_heading = SERVICES, help = "\
        Kafka: embedded or HOST:PORT,… [default: embedded] [env: COUPON_BENCH_KAFKA]")]
    pub kafka: Option<RawValue>,

    /// The certificate authority.
    #[arg(long, value_name = "FILE", help_heading = SERVICES, help = "\
        PEM file with the private certificate authority of these services, for TLS \
        [default: the public authorities] [env: COUPON_BENCH_TLS_CA]")]
    pub tls_ca: Option<RawValue>,
}

/// The connections to the services: flags of every command that makes claims or operations in parallel.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(default)]
pub struct ConnectionArgs {
    /// Connections in the database's pool [default: 10]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub db_pool: Option<RawValue>,

    /// How long a claim keeps a connection: for a statement, or for the whole request [default: statement]
    #[arg(long, value_name = "statement|request", help_heading = SERVICES)]
    #[arg(value_parser = one_of(&["statement", "request"]), hide_possible_values = true)]
    pub db_connection: Option<RawValue>,

    /// Multiplexed connections to Redis [default: 1]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub redis_connections: Option<RawValue>,
}

/// How the topic is consumed: flags of every command whose strategies have consumers.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(default)]
pub struct ConsumerArgs {
    /// Members of the consumer group [default: 1]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub consumers: Option<RawValue>,

    /// Records that a consumer takes at once, as one INSERT of as many rows [default: 1]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub consumer_batch: Option<RawValue>,

    /// Records a second that all consumers together take; several instances share it evenly [default: unlimited]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub consumer_rate: Option<RawValue>,
}

/// The field of [`RunSettings`] that holds a setting.
pub(crate) type Field = for<'a> fn(&'a RunSettings) -> &'a Option<RawValue>;

/// The fields for the destination of a report, one for each format of [`crate::render`], in the same order.
pub(crate) const REPORTS: [(&str, Field); 4] = [
    ("json", |settings| &settings.json),
    ("junit", |settings| &settings.junit),
    ("markdown", |settings| &settings.markdown),
    ("html", |settings| &settings.html),
];

pub(crate) const WORKLOAD: &str = "Workload";
pub(crate) const SERVICES: &str = "Services";
pub(crate) const OUTPUT: &str = "Output";

/// A parser that gives clap the possible words, for its errors and for completions.
pub(crate) fn one_of(words: &'static [&'static str]) -> impl TypedValueParser<Value = RawValue> {
    PossibleValuesParser::new(words).map(RawValue::from)
}

/// A flag of a group that a command does not take: hidden, and an error that says why.
pub(crate) fn not_taken(flag: clap::Arg, why: &'static str) -> clap::Arg {
    flag.hide(true)
        .value_parser(move |_: &str| Err::<RawValue, _>(why))
}

/// Every key that a scenario file may have: the flags of [`RunSettings`], and the title.
pub fn keys() -> Vec<String> {
    let command = RunSettings::augment_args(clap::Command::new("keys"));
    let flags = command.get_arguments().map(|arg| arg.get_id().to_string());
    let flags = flags.filter(|flag| flag != "allow_remote");
    std::iter::once("title".to_owned()).chain(flags).collect()
}
