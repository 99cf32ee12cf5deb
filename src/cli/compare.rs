//! The flags of `compare`, and what they mean.

use std::{fmt, path::PathBuf};

use clap::Args;

use crate::{config::scenario::Scenario, judge::compare::Metric};
use crate::{
    config::{
        effective::{self, Effective},
        layers::Found,
        output::{OutputTarget, Targets},
        settings::{OUTPUT, RunArgs, RunSettings, SERVICES, WORKLOAD},
    },
    input::{
        Env,
        error::{Place, UsageError},
        typed::Typed,
    },
    text::{problem::Problem, quote::quoted, values},
};

/// The fewest that say something about an outlier, and two more.
const TRIALS: u32 = 5;

const COMPARISON: &str = "Comparison";

/// Flags of `compare`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench compare --strategy redis-incr,redis-lua --users 2k
  coupon-bench compare redis.json kafka.json --by issued.p99
  coupon-bench compare -s redis-incr --save-baseline main
  coupon-bench compare -s redis-incr --baseline main --fail-on-regression 10%
  coupon-bench compare before.json after.json --markdown comparison.md

Correctness first: a strategy that gave out too many coupons or lost one is not ranked, however fast it was.
Reports that repeat the strategies of the first are held against it; others are ranked together.
What a scenario file says of outputs is for run alone.
Baselines are reports in .coupon-bench/baselines of the current directory.
Exit codes: 3 a promise is broken, or there is a regression; 4 inconclusive, or too few trials to tell.")]
#[command(mut_args(own_outputs))]
pub struct CompareArgs {
    /// Reports that run --json wrote; without any, --strategy says what to run
    #[arg(value_name = "REPORT", conflicts_with_all = of_a_run())]
    pub reports: Vec<PathBuf>,

    /// Read settings from a TOML file; flags win over it
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,

    /// Everything that a run can be told. Trials are 5 unless they are named.
    #[command(flatten)]
    pub settings: RunSettings,

    /// What is fast.
    #[arg(long, value_name = "METRIC", help_heading = COMPARISON, help = "\
        What is fast: throughput, p50, p99, issued.p99 or time_to_durable.p50 \
        [default: throughput, and p99 of an open loop]")]
    pub by: Option<Typed>,

    /// Hold each strategy against the baseline of this name
    #[arg(long, value_name = "NAME", help_heading = COMPARISON)]
    pub baseline: Option<Typed>,

    /// Keep the one report, or this run, as the baseline of this name; not where there is a regression
    #[arg(long, value_name = "NAME", help_heading = COMPARISON)]
    pub save_baseline: Option<Typed>,

    /// Exit with 3 where a strategy is slower than its baseline by more than this, beyond chance, or incorrect now
    #[arg(long, value_name = "PERCENT", help_heading = COMPARISON)]
    pub fail_on_regression: Option<Typed>,

    /// Compare runs although their workload, services or machine were not the same, and say so
    #[arg(long, help_heading = COMPARISON)]
    pub force: bool,
}

/// What `compare` is to do.
#[derive(Debug)]
pub struct Comparing {
    /// What is compared.
    pub what: What,
    /// Held against this.
    pub baseline: Option<BaselineName>,
    /// Kept under this name.
    pub save: Option<BaselineName>,
    /// How much slower is too slow, as a share.
    pub threshold: Option<f64>,
    /// What is fast.
    pub metric: Option<Metric>,
    /// Whether runs that differ are compared all the same.
    pub force: bool,
    /// As JSON.
    pub json: Option<OutputTarget>,
    /// As Markdown.
    pub markdown: Option<OutputTarget>,
    /// Whether the comparison for people goes to stdout: neither when quiet, nor beside a document.
    pub shown: bool,
    /// Whether progress may be shown.
    pub progress: bool,
}

/// What is compared.
#[derive(Debug)]
pub enum What {
    /// Files, as typed.
    Reports(Vec<PathBuf>),
    /// Something that is to be run.
    Live(Box<Scenario>),
}

/// A name that is a file's name everywhere, and nothing but that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineName(String);

impl BaselineName {
    const LONGEST: usize = 64;

    fn parse(text: &str) -> Result<Self, Problem> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let advice = match text.chars().next() {
            None => "a baseline needs a name, such as main",
            Some('.' | '-') => "a baseline's name begins with a letter or a digit",
            _ if !text.chars().all(fits) => {
                "a baseline's name is made of letters, digits, '-', '_' and '.'"
            }
            _ if text.len() > Self::LONGEST => "a baseline's name has at most 64 characters",
            _ => return Ok(Self(text.to_owned())),
        };
        Err(Problem::invalid(text, advice))
    }
}

impl fmt::Display for BaselineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was typed becomes what is meant.
pub fn comparing(args: &CompareArgs, env: Env<'_>) -> Result<Comparing, UsageError> {
    let baseline = flag("baseline", args.baseline.as_ref(), BaselineName::parse)?;
    let save = flag(
        "save_baseline",
        args.save_baseline.as_ref(),
        BaselineName::parse,
    )?;
    let threshold = flag(
        "fail_on_regression",
        args.fail_on_regression.as_ref(),
        values::percent,
    )?;
    let metric = flag("by", args.by.as_ref(), metric)?;
    let mut targets = Targets::default();
    let settings = &args.settings;
    let json = flag("json", settings.json.as_ref(), |text| targets.add(text))?;
    let markdown = flag("markdown", settings.markdown.as_ref(), |text| {
        targets.add(text)
    })?;
    let quiet = flag("quiet", settings.quiet.as_ref(), values::switch)?.unwrap_or(false);
    let (what, progress) = if args.reports.is_empty() {
        let (scenario, progress) = live(args, env)?;
        if scenario.subjects.len() == 1 && baseline.is_none() && save.is_none() {
            let what = format!("one strategy, {}", scenario.subjects[0].name());
            let advice = "name others to compare it with, or a --baseline";
            return Err(wrong("strategy", Problem::new(what, advice)));
        }
        if threshold.is_some() && baseline.is_none() {
            let what = "nothing to hold the strategies against";
            return Err(wrong(
                "fail_on_regression",
                Problem::new(what, "name a --baseline"),
            ));
        }
        (What::Live(Box::new(scenario)), progress)
    } else {
        (What::Reports(args.reports.clone()), false)
    };
    if save.is_some() && args.reports.len() > 1 {
        let what = format!("one baseline of {} reports", args.reports.len());
        let problem = Problem::new(what, "name one report, or strategies to run");
        return Err(wrong("save_baseline", problem));
    }
    Ok(Comparing {
        what,
        baseline,
        save,
        threshold,
        metric,
        force: args.force,
        json,
        markdown,
        shown: !quiet && !targets.has_stdout(),
        progress,
    })
}

/// What is to be run, and whether progress may be shown.
fn live(args: &CompareArgs, env: Env<'_>) -> Result<(Scenario, bool), UsageError> {
    if args.settings.strategy.is_empty() && args.scenario.is_none() {
        return Err(UsageError::NothingToCompare);
    }
    let run = RunArgs {
        scenario: args.scenario.clone(),
        settings: RunSettings {
            // Those are of the comparison.
            json: None,
            markdown: None,
            ..args.settings.clone()
        },
    };
    let Effective { scenario, output } = effective::with_trials(&run, env, TRIALS)?;
    Ok((scenario, output.progress))
}

fn metric(text: &str) -> Result<Metric, Problem> {
    let text = text.trim();
    let found = Metric::ALL.into_iter().find(|metric| metric.name() == text);
    found.ok_or_else(|| {
        let what = format!("unknown metric {}", quoted(text));
        Problem::new(
            what,
            values::did_you_mean(text, &Metric::ALL.map(Metric::name)),
        )
    })
}

/// What the flag `name` says, interpreted.
fn flag<T>(
    name: &'static str,
    typed: Option<&Typed>,
    parse: impl FnOnce(&str) -> Result<T, Problem>,
) -> Result<Option<T>, UsageError> {
    let found = typed.map(|typed| Found {
        text: &typed.text,
        place: Place::Flag(name),
    });
    found.map(|found| found.parse(parse)).transpose()
}

fn wrong(name: &'static str, problem: Problem) -> UsageError {
    UsageError::Setting {
        place: Place::Flag(name),
        problem,
    }
}

/// The flags that make no sense beside reports, which were made already.
fn of_a_run() -> Vec<clap::Id> {
    let all = RunSettings::augment_args(clap::Command::new("flags"));
    let of_a_run = all
        .get_arguments()
        .filter(|arg| [Some(WORKLOAD), Some(SERVICES)].contains(&arg.get_help_heading()))
        .map(|arg| arg.get_id().clone());
    of_a_run.chain(["scenario".into()]).collect()
}

/// Documents of a run are not written here; of the flags that are shared, the help says what they do here.
fn own_outputs(arg: clap::Arg) -> clap::Arg {
    if arg.get_help_heading() != Some(OUTPUT) {
        return match arg.get_id().as_str() {
            "trials" => {
                arg.help("Runs of each strategy, interleaved with those of the others [default: 5]")
            }
            _ => arg,
        };
    }
    match arg.get_id().as_str() {
        "json" => arg.help("Write the comparison as JSON; - is stdout"),
        "markdown" => arg.help("Write the comparison as Markdown; - is stdout"),
        "quiet" | "no_progress" => arg,
        _ => arg.hide(true).value_parser(|_: &str| {
            Err::<Typed, _>("run writes that; compare has --json and --markdown")
        }),
    }
}

#[cfg(test)]
mod tests;
