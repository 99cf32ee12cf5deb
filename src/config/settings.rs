//! The flags of `run` as typed. The same structs are the keys of a scenario file, so a setting is declared once.
//!
//! Nothing is interpreted here, and there are no defaults: an absent setting stays absent, so that
//! [`super::layers`] can tell what was asked for. The defaults in the help texts are those of [`mod@super::effective`].

use std::path::PathBuf;

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use serde::Deserialize;
use toml::Spanned;

use crate::input::typed::{Typed, one_or_many};

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
    /// Everything that a scenario file can say, too.
    #[command(flatten)]
    pub settings: RunSettings,
}

/// What can be said by flag and by scenario file.
///
/// Keys are the field names. Each field's flag is its name with dashes.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(default)]
pub struct RunSettings {
    /// A name for people; a key only, as a command line needs none.
    #[arg(skip)]
    pub title: Option<Spanned<String>>,

    /// Strategies to run, separated by commas, or all; see coupon-bench strategies
    #[arg(short, long, value_name = "NAME,…", help_heading = WORKLOAD)]
    #[serde(deserialize_with = "one_or_many")]
    pub strategy: Vec<Typed>,

    /// A service of your own in place of a strategy, described by a file; see coupon-bench target new
    #[arg(long, value_name = "FILE", help_heading = WORKLOAD)]
    pub target: Option<Typed>,

    /// Distinct users; 10k and 1m are understood [default: 10000]
    #[arg(short, long, value_name = "N", help_heading = WORKLOAD)]
    pub users: Option<Typed>,

    /// Coupons [default: 100]
    #[arg(short, long, value_name = "N", help_heading = WORKLOAD)]
    pub limit: Option<Typed>,

    /// Attempts each user makes, as with double clicks [default: 1]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub attempts: Option<Typed>,

    /// Attempts under way at a time [default: all of them, a burst]
    #[arg(short = 'c', long, value_name = "N", help_heading = WORKLOAD)]
    pub in_flight: Option<Typed>,

    /// Attempts a second, whatever becomes of those before: an open loop; 5k is understood
    #[arg(short, long, value_name = "N", help_heading = WORKLOAD)]
    pub rate: Option<Typed>,

    /// Let the rate rise from zero for so long: to --rate, or until everybody has come
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub ramp: Option<Typed>,

    /// An event of this length: quiet, then three quarters of all within a tenth of the time, then a tail
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub spike: Option<Typed>,

    /// How the attempts of an open loop are spaced: evenly, or as independent people come [default: even]
    #[arg(long, value_name = "even|poisson", help_heading = WORKLOAD)]
    #[arg(value_parser = one_of(&["even", "poisson"]), hide_possible_values = true)]
    pub spacing: Option<Typed>,

    /// Runs of each strategy, interleaved with those of the others [default: 1]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub trials: Option<Typed>,

    /// Make connections, producer and consumer ready before the clock starts [default: on]
    #[arg(short, long, value_name = "on|off", help_heading = WORKLOAD)]
    #[arg(value_parser = one_of(&["on", "off"]), hide_possible_values = true)]
    pub warmup: Option<Typed>,

    /// Decides everything that is drawn [default: random, and printed]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub seed: Option<Typed>,

    /// For one attempt, and for a drain that stands still; 500ms, 30s and 2m are understood [default: 30s]
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub timeout: Option<Typed>,

    /// How many attempts may fail or stay without an answer before a run is inconclusive [default: 5%]
    #[arg(long, value_name = "PERCENT", help_heading = WORKLOAD)]
    pub max_undecided: Option<Typed>,

    /// What must be true of every run, such as 'issued == 100' or 'p99 < 200ms'; can be given several times,
    /// and replaces the assertions of the file
    #[arg(long, value_name = "EXPR", help_heading = WORKLOAD)]
    #[serde(deserialize_with = "one_or_many")]
    pub assert: Vec<Typed>,

    /// Which services. Read separately from a file, as serde's `flatten` would lose the lines.
    #[command(flatten)]
    #[serde(skip)]
    pub services: ServiceArgs,

    /// Connections in the database's pool [default: 10]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub db_pool: Option<Typed>,

    /// How long a claim keeps a connection: for a statement, or for the whole request [default: statement]
    #[arg(long, value_name = "statement|request", help_heading = SERVICES)]
    #[arg(value_parser = one_of(&["statement", "request"]), hide_possible_values = true)]
    pub db_connection: Option<Typed>,

    /// Multiplexed connections to Redis [default: 1]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub redis_connections: Option<Typed>,

    /// Connections to a target, opened before the load [default: one for each attempt at once, at most 1000]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub http_connections: Option<Typed>,

    /// Let the load for a target leave this machine. No key: a file may be somebody else's
    #[arg(long, help_heading = SERVICES)]
    #[serde(skip)]
    pub allow_remote: bool,

    /// Processes that share the users, each with its own pools and locks [default: 1]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub instances: Option<Typed>,

    /// Members of the consumer group [default: 1]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub consumers: Option<Typed>,

    /// Records that a consumer takes at once, as one INSERT of as many rows [default: 1]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub consumer_batch: Option<Typed>,

    /// Records a second that all consumers together take; several instances share it evenly [default: unlimited]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub consumer_rate: Option<Typed>,

    /// Orders a second that somebody else makes on the same database, to see who else suffers [default: off]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub bystander_rate: Option<Typed>,

    /// Write every step down, to draw the few attempts that show why a promise broke [default: off]
    #[arg(long, value_name = "on|off", help_heading = OUTPUT)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    #[arg(value_parser = one_of(&["on", "off"]), hide_possible_values = true)]
    pub trace: Option<Typed>,

    /// Leave the run's table, keys and topic behind and print their names [default: off]
    #[arg(long, value_name = "on|off", help_heading = SERVICES)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    #[arg(value_parser = one_of(&["on", "off"]), hide_possible_values = true)]
    pub keep: Option<Typed>,

    /// Write the report as JSON; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub json: Option<Typed>,

    /// Write JUnit XML for a pipeline: a suite for each run, a case for each promise and assertion; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub junit: Option<Typed>,

    /// Write Markdown for the comment on a pull request.
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT, help = "\
        Write Markdown for the comment on a pull request; - is stdout. \
        The file that GITHUB_STEP_SUMMARY names gets it at its end in any case")]
    pub markdown: Option<Typed>,

    /// Write a page with pictures, one file that needs no network; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub html: Option<Typed>,

    /// Write every attempt as CSV, with nanoseconds from the release; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub attempts_csv: Option<Typed>,

    /// Write response times for a plotter.
    #[arg(long, value_name = "FOLDER", help_heading = OUTPUT, help = "\
        Write response times for HdrHistogram's plotter, which takes all files of the folder: one for each strategy and outcome")]
    pub hgrm: Option<Typed>,

    /// Print nothing but errors and what goes to stdout by another flag; the exit code is the verdict [default: off]
    #[arg(short, long, value_name = "on|off", help_heading = OUTPUT)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    #[arg(value_parser = one_of(&["on", "off"]), hide_possible_values = true)]
    pub quiet: Option<Typed>,

    /// Show no progress bar [default: off]
    #[arg(long, value_name = "on|off", help_heading = OUTPUT)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    #[arg(value_parser = one_of(&["on", "off"]), hide_possible_values = true)]
    pub no_progress: Option<Typed>,
}

/// Which services: the flags that `run` and `doctor` share.
///
/// The variables are not read by clap: it would make them look like flags, which a scenario file must not override,
/// and would print their values in the help.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(default)]
pub struct ServiceArgs {
    /// Which database.
    #[arg(long, value_name = "URL", help_heading = SERVICES, help = "\
        Database: sqlite (a private file), sqlite://FILE, postgres://… or mysql://… \
        [default: sqlite] [env: COUPON_BENCH_DB]")]
    pub db: Option<Typed>,

    /// Which Redis.
    #[arg(long, value_name = "URL", help_heading = SERVICES, help = "\
        Redis: embedded, redis://…, rediss://… or redis+sentinel://…/MASTER \
        [default: embedded] [env: COUPON_BENCH_REDIS]")]
    pub redis: Option<Typed>,

    /// Which Kafka.
    #[arg(long, value_name = "BROKERS", help_heading = SERVICES, help = "\
        Kafka: embedded or HOST:PORT,… [default: embedded] [env: COUPON_BENCH_KAFKA]")]
    pub kafka: Option<Typed>,

    /// Whom to trust.
    #[arg(long, value_name = "FILE", help_heading = SERVICES, help = "\
        PEM file with the private certificate authority of these services, for TLS \
        [default: the public authorities] [env: COUPON_BENCH_TLS_CA]")]
    pub tls_ca: Option<Typed>,
}

/// A field of [`RunSettings`].
pub(crate) type Field = for<'a> fn(&'a RunSettings) -> &'a Option<Typed>;

/// The flags for the destination of a report in one format each: those of [`crate::render`]'s formats, in the same order.
pub(crate) const REPORTS: [(&str, Field); 4] = [
    ("json", |settings| &settings.json),
    ("junit", |settings| &settings.junit),
    ("markdown", |settings| &settings.markdown),
    ("html", |settings| &settings.html),
];

pub(crate) const WORKLOAD: &str = "Workload";
pub(crate) const SERVICES: &str = "Services";
pub(crate) const OUTPUT: &str = "Output";

/// A parser that tells clap the possible words, for its errors and for completions.
pub(crate) fn one_of(words: &'static [&'static str]) -> impl TypedValueParser<Value = Typed> {
    PossibleValuesParser::new(words).map(Typed::from)
}

/// Every key that a scenario file may have: the flags that fill [`RunSettings`], and the title.
pub fn keys() -> Vec<String> {
    let command = RunSettings::augment_args(clap::Command::new("keys"));
    let flags = command.get_arguments().map(|arg| arg.get_id().to_string());
    let flags = flags.filter(|flag| flag != "allow_remote");
    std::iter::once("title".to_owned()).chain(flags).collect()
}
