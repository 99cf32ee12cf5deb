//! The flags of `compare`, and their validation.

use std::{fmt, path::PathBuf};

use clap::Args;

use crate::{
    config::{
        OutputTarget, RunArgs, RunConfig, RunSettings,
        layers::flag,
        output::DistinctTargets,
        resolve::resolve_with_trials,
        scenario::Scenario,
        settings::{OUTPUT, SERVICES, WORKLOAD, not_taken},
    },
    input::{
        Env,
        error::{Place, UsageError},
        raw_value::RawValue,
    },
    judge::compare::Metric,
    text::{problem::Problem, quote::quoted, values},
};

/// The default of `--trials`: an outlier needs at least three trials to be seen.
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

A strategy that issued too many coupons or lost one is not ranked, even if it is fast.
Reports with the strategies of the first report are compared with the first; other reports are ranked together.
Outputs in a scenario file are for run only.
Baselines are reports in .coupon-bench/baselines of the current directory.
Exit codes: 3 a promise is broken, or there is a regression; 4 inconclusive, or too few trials.")]
#[command(mut_args(own_outputs))]
pub struct CompareArgs {
    /// Reports of run --json; without a report, --strategy names what to run
    #[arg(value_name = "REPORT", conflicts_with_all = of_a_run())]
    pub reports: Vec<PathBuf>,

    /// Read settings from a TOML file; flags win over it
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,

    /// The settings of a run; the default of `--trials` is 5.
    #[command(flatten)]
    pub settings: RunSettings,

    /// The metric.
    #[arg(long, value_name = "METRIC", help_heading = COMPARISON, help = "\
        The metric of the ranking: throughput, p50, p99, issued.p99 or time_to_durable.p50 \
        [default: throughput, and p99 of an open loop]")]
    pub by: Option<RawValue>,

    /// Compare each strategy with the baseline of this name
    #[arg(long, value_name = "NAME", help_heading = COMPARISON)]
    pub baseline: Option<RawValue>,

    /// Save the report, or this run, as the baseline of this name, unless there is a regression
    #[arg(long, value_name = "NAME", help_heading = COMPARISON)]
    pub save_baseline: Option<RawValue>,

    /// Exit with 3 if a strategy is slower than its baseline by more than this, with significance, or is incorrect now
    #[arg(long, value_name = "PERCENT", help_heading = COMPARISON)]
    pub fail_on_regression: Option<RawValue>,

    /// Compare runs with different workloads, services or machines, and list the differences
    #[arg(long, help_heading = COMPARISON)]
    pub force: bool,
}

/// The validated settings of `compare`.
#[derive(Debug)]
pub struct CompareConfig {
    /// What is compared.
    pub input: CompareInput,
    /// The baseline to compare with.
    pub baseline: Option<BaselineName>,
    /// The name under which the report is saved.
    pub save: Option<BaselineName>,
    /// The largest slowdown that is no regression, as a share: 0.1 is 10%.
    pub threshold: Option<f64>,
    /// The metric of the ranking.
    pub metric: Option<Metric>,
    /// Whether runs with different settings are compared.
    pub force: bool,
    /// The comparison as JSON.
    pub json: Option<OutputTarget>,
    /// The comparison as Markdown.
    pub markdown: Option<OutputTarget>,
    /// Whether the text comparison goes to stdout: not with `--quiet`, and not where a document goes to stdout.
    pub shown: bool,
    /// Whether progress may be shown.
    pub progress: bool,
}

/// What is compared.
#[derive(Debug)]
pub enum CompareInput {
    /// Report files.
    Reports(Vec<PathBuf>),
    /// A scenario to run now.
    Run(Box<Scenario>),
}

/// The name of a baseline: valid as a file name on every system, and no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineName(String);

impl BaselineName {
    const MAX_LENGTH: usize = 64;

    fn parse(text: &str) -> Result<Self, Problem> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let advice = match text.chars().next() {
            None => "a baseline needs a name, such as main",
            Some('.' | '-') => "a baseline's name begins with a letter or a digit",
            _ if !text.chars().all(fits) => {
                "a baseline's name consists of letters, digits, '-', '_' and '.'"
            }
            _ if text.len() > Self::MAX_LENGTH => "a baseline's name has at most 64 characters",
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

/// Validates the flags of `compare`, its scenario file and the environment.
///
/// # Errors
///
/// The first invalid setting, with its place, or nothing to compare.
pub fn resolve(args: &CompareArgs, env: Env<'_>) -> Result<CompareConfig, UsageError> {
    let settings = &args.settings;
    let baseline = flag("baseline", args.baseline.as_ref(), BaselineName::parse)?;
    let save = args.save_baseline.as_ref();
    let save = flag("save_baseline", save, BaselineName::parse)?;
    let threshold = args.fail_on_regression.as_ref();
    let threshold = flag("fail_on_regression", threshold, values::percent)?;
    let metric = flag("by", args.by.as_ref(), metric)?;
    let mut targets = DistinctTargets::default();
    let json = flag("json", settings.json.as_ref(), |text| targets.add(text))?;
    let markdown = settings.markdown.as_ref();
    let markdown = flag("markdown", markdown, |text| targets.add(text))?;
    let quiet = flag("quiet", settings.quiet.as_ref(), values::switch)?.unwrap_or(false);
    let (input, progress) = input(args, env)?;
    let config = CompareConfig {
        input,
        baseline,
        save,
        threshold,
        metric,
        force: args.force,
        json,
        markdown,
        shown: !quiet && !targets.has_stdout(),
        progress,
    };
    check_baselines(&config)?;
    Ok(config)
}

/// Checks that there is something to compare with, and one report to save.
fn check_baselines(config: &CompareConfig) -> Result<(), UsageError> {
    let CompareConfig { baseline, save, .. } = config;
    let (name, what, advice) = match &config.input {
        CompareInput::Run(scenario)
            if scenario.subjects.len() == 1 && baseline.is_none() && save.is_none() =>
        {
            let what = format!("one strategy, {}", scenario.subjects[0].name());
            let advice = "name others to compare it with, or a --baseline";
            ("strategy", what, advice)
        }
        CompareInput::Run(_) if config.threshold.is_some() && baseline.is_none() => (
            "fail_on_regression",
            "no baseline to compare with".to_owned(),
            "name a --baseline",
        ),
        CompareInput::Reports(reports) if save.is_some() && reports.len() > 1 => (
            "save_baseline",
            format!("one baseline of {} reports", reports.len()),
            "name one report, or strategies to run",
        ),
        _ => return Ok(()),
    };
    Err(UsageError::Setting {
        place: Place::Flag(name),
        problem: Problem::new(what, advice),
    })
}

/// The reports, or the scenario to run; and whether progress may be shown.
fn input(args: &CompareArgs, env: Env<'_>) -> Result<(CompareInput, bool), UsageError> {
    if !args.reports.is_empty() {
        return Ok((CompareInput::Reports(args.reports.clone()), false));
    }
    if args.settings.strategy.is_empty() && args.scenario.is_none() {
        return Err(UsageError::NothingToCompare);
    }
    let run = RunArgs {
        scenario: args.scenario.clone(),
        settings: RunSettings {
            // The documents are those of the comparison, not of the run.
            json: None,
            markdown: None,
            ..args.settings.clone()
        },
    };
    let RunConfig { scenario, output } = resolve_with_trials(&run, env, TRIALS)?;
    Ok((CompareInput::Run(Box::new(scenario)), output.progress))
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

/// The flags that conflict with reports, because the runs of a report have ended.
fn of_a_run() -> Vec<clap::Id> {
    let all = RunSettings::augment_args(clap::Command::new("flags"));
    let of_a_run = all
        .get_arguments()
        .filter(|arg| [Some(WORKLOAD), Some(SERVICES)].contains(&arg.get_help_heading()))
        .map(|arg| arg.get_id().clone());
    of_a_run.chain(["scenario".into()]).collect()
}

/// Refuses the flags for documents of a run, and adapts the help of the flags for both.
fn own_outputs(arg: clap::Arg) -> clap::Arg {
    if arg.get_help_heading() != Some(OUTPUT) {
        return match arg.get_id().as_str() {
            "trials" => {
                arg.help("Runs of each strategy, interleaved with those of the other strategies [default: 5]")
            }
            _ => arg,
        };
    }
    match arg.get_id().as_str() {
        "json" => arg.help("Write the comparison as JSON; - is stdout"),
        "markdown" => arg.help("Write the comparison as Markdown; - is stdout"),
        "quiet" | "no_progress" => arg,
        _ => not_taken(arg, "run writes that; compare has --json and --markdown"),
    }
}

#[cfg(test)]
mod tests;
