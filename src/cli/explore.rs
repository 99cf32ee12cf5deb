//! The flags of `explore`, and their validation.

use clap::Args;

use crate::{
    config::{
        output::{DocumentArgs, Documents},
        settings::WORKLOAD,
        strategies::known_strategy,
    },
    engine::explore::{Bounds, MAX_INSTANCES, Settings},
    input::error::{Place, UsageError},
    model::interleaving::{MAX_CLAIMS, TRIES},
    strategies::{Entry, REGISTRY},
    text::{problem::Problem, values},
};

/// A search takes much longer with each further fault.
const MAX_FAULTS: u32 = 3;
const MAX_TRIES: u32 = 10;
const MAX_STEPS: u64 = 1_000;
/// A state takes about 300 bytes during a search.
const MAX_STATES: u64 = 1_000_000_000;
const STEPS: u64 = 100;
const STATES: u64 = 2_000_000;

/// Flags of `explore`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench explore --strategy naive
  coupon-bench explore -s redis-kafka --users 3 --faults 1 --svg race.svg
  coupon-bench explore -s local-lock --instances 2
  coupon-bench explore -s all --faults 1

The services are simulated: a call is one atomic step, the database is PostgreSQL at read committed.
Exit codes: 3 a promise breaks without a fault, 4 a bound was reached, so a promise that held is not proved.")]
pub struct ExploreArgs {
    /// Strategies, separated by commas, or all; see coupon-bench strategies
    #[arg(short, long, value_name = "NAME,…", help_heading = WORKLOAD)]
    pub strategy: Vec<String>,

    /// Distinct users; fewer users are searched first [default: 2]
    #[arg(short, long, value_name = "N", help_heading = WORKLOAD)]
    pub users: Option<String>,

    /// Coupons [default: 1]
    #[arg(short, long, value_name = "N", help_heading = WORKLOAD)]
    pub limit: Option<String>,

    /// Attempts each user makes, as with double clicks [default: 1]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub attempts: Option<String>,

    /// Processes that share the users [default: 1]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub instances: Option<String>,

    /// The most records that the consumer reads at once [default: 1]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub consumer_batch: Option<String>,

    /// The most faults in a schedule: a call that is refused or gets no response, a crash, a repeated delivery, a lease
    /// that ends, a Redis that restarts empty [default: 0]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub faults: Option<String>,

    /// The most tries after a conflict or for a lock, the first try included [default: 3]
    #[arg(long, value_name = "N", help_heading = BOUNDS)]
    pub tries: Option<String>,

    /// The most steps in a schedule [default: 100]
    #[arg(long, value_name = "N", help_heading = BOUNDS)]
    pub steps: Option<String>,

    /// The most different states of one search; a million take about 300 MB [default: 2m]
    #[arg(long, value_name = "N", help_heading = BOUNDS)]
    pub states: Option<String>,

    /// The documents to write.
    #[command(flatten)]
    pub documents: DocumentArgs,
}

const BOUNDS: &str = "Bounds";

/// The validated settings of `explore`.
#[derive(Debug)]
pub struct ExploreConfig {
    /// The strategies in the order of the command line.
    pub strategies: Vec<&'static Entry>,
    /// The settings of every search.
    pub settings: Settings,
    /// What to write, and where.
    pub documents: Documents,
}

/// Validates the flags of `explore`.
///
/// # Errors
///
/// The first invalid setting, with its flag.
pub fn resolve(args: &ExploreArgs) -> Result<ExploreConfig, UsageError> {
    let strategies = strategies(&args.strategy)?;
    let settings = settings(args)?;
    let documents = Documents::of(&args.documents)?;
    if documents.svg.is_some() && strategies.len() > 1 {
        let what = format!("one picture of {} strategies", strategies.len());
        return Err(wrong("svg", Problem::new(what, "name one strategy")));
    }
    Ok(ExploreConfig {
        strategies,
        settings,
        documents,
    })
}

fn settings(args: &ExploreArgs) -> Result<Settings, UsageError> {
    let users = number("users", args.users.as_deref(), 2, MAX_CLAIMS)?;
    let attempts = number("attempts", args.attempts.as_deref(), 1, MAX_CLAIMS)?;
    if users * attempts > MAX_CLAIMS {
        let what = format!("{users} users with {attempts} attempts each");
        let advice = format!("a search has at most {MAX_CLAIMS} attempts");
        return Err(wrong("users", Problem::new(what, advice)));
    }
    let instances = number(
        "instances",
        args.instances.as_deref(),
        1,
        MAX_INSTANCES as u64,
    )?;
    let batch = number(
        "consumer_batch",
        args.consumer_batch.as_deref(),
        1,
        MAX_CLAIMS,
    )?;
    let tries = number(
        "tries",
        args.tries.as_deref(),
        TRIES.into(),
        MAX_TRIES.into(),
    )?;
    let steps = number("steps", args.steps.as_deref(), STEPS, MAX_STEPS)?;
    Ok(Settings {
        users,
        limit: number("limit", args.limit.as_deref(), 1, MAX_CLAIMS)?,
        attempts: narrow(attempts),
        instances: narrow(instances),
        batch: u8::try_from(batch).unwrap_or(u8::MAX),
        faults: faults(args.faults.as_deref())?,
        tries: narrow(tries),
        bounds: Bounds {
            steps: usize::try_from(steps).unwrap_or(usize::MAX),
            states: number("states", args.states.as_deref(), STATES, MAX_STATES)?,
        },
    })
}

fn strategies(lists: &[String]) -> Result<Vec<&'static Entry>, UsageError> {
    let names: Vec<_> = lists
        .iter()
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .collect();
    if names == ["all"] {
        return Ok(REGISTRY.iter().collect());
    }
    if names.is_empty() {
        return Err(UsageError::NoStrategy);
    }
    let entries = names.iter().map(|name| known_strategy(name));
    entries
        .collect::<Result<_, _>>()
        .map_err(|problem| wrong("strategy", problem))
}

fn number(
    name: &'static str,
    text: Option<&str>,
    default: u64,
    max: u64,
) -> Result<u64, UsageError> {
    let Some(text) = text else {
        return Ok(default);
    };
    values::positive(max)(text).map_err(|problem| wrong(name, problem))
}

/// The one number that may be 0.
fn faults(text: Option<&str>) -> Result<u8, UsageError> {
    if text.map(str::trim) == Some("0") {
        return Ok(0);
    }
    let faults = number("faults", text, 0, MAX_FAULTS.into())?;
    Ok(u8::try_from(faults).unwrap_or(u8::MAX))
}

/// For a number whose bound fits 32 bits.
fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn wrong(name: &'static str, problem: Problem) -> UsageError {
    UsageError::Setting {
        place: Place::Flag(name),
        problem,
    }
}
