//! The flags of `explore`, and what they mean.

use clap::Args;

use crate::{
    config::{
        output::{DocumentArgs, Documents},
        settings::WORKLOAD,
        strategies::known_strategy,
    },
    input::error::{Place, UsageError},
    text::{problem::Problem, values},
};
use crate::{
    engine::explore::{Bounds, MAX_INSTANCES, Settings},
    model::interleaving::{MAX_CLAIMS, TRIES},
    strategies::{Entry, REGISTRY},
};

/// More would only take longer to say the same.
const MAX_FAULTS: u32 = 3;
const MAX_TRIES: u32 = 10;
const MAX_STEPS: u64 = 1_000;
/// A state takes some 300 bytes while it is looked at.
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
Exit codes: 3 a promise breaks without a fault, 4 a bound was hit, so what holds is not proved.")]
pub struct ExploreArgs {
    /// Strategies, separated by commas, or all; see coupon-bench strategies
    #[arg(short, long, value_name = "NAME,…", help_heading = WORKLOAD)]
    pub strategy: Vec<String>,

    /// Distinct users; fewer are tried first [default: 2]
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

    /// Records that the consumer reads at once, at most [default: 1]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub consumer_batch: Option<String>,

    /// At most so many faults in a schedule, anywhere: a call that is refused or gets no answer, a crash, a repeated
    /// delivery, a lease that ends, a Redis that comes back empty [default: 0]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub faults: Option<String>,

    /// How often a conflict or a lock is tried, the first try included [default: 3]
    #[arg(long, value_name = "N", help_heading = BOUNDS)]
    pub tries: Option<String>,

    /// Steps in a schedule [default: 100]
    #[arg(long, value_name = "N", help_heading = BOUNDS)]
    pub steps: Option<String>,

    /// Different states of one search; a million take some 300 MB [default: 2m]
    #[arg(long, value_name = "N", help_heading = BOUNDS)]
    pub states: Option<String>,

    /// What is written.
    #[command(flatten)]
    pub documents: DocumentArgs,
}

const BOUNDS: &str = "Bounds";

/// What `explore` is to do.
#[derive(Debug)]
pub struct Exploring {
    /// In the order asked for.
    pub strategies: Vec<&'static Entry>,
    /// The same for each.
    pub settings: Settings,
    /// What is written.
    pub documents: Documents,
}

/// What was typed becomes what is meant.
pub fn exploring(args: &ExploreArgs) -> Result<Exploring, UsageError> {
    let strategies = strategies(&args.strategy)?;
    let users = number("users", args.users.as_deref(), 2, MAX_CLAIMS)?;
    let attempts = number("attempts", args.attempts.as_deref(), 1, MAX_CLAIMS)?;
    if users * attempts > MAX_CLAIMS {
        let what = format!("{users} users with {attempts} attempts each");
        let advice = format!("a search tells at most {MAX_CLAIMS} attempts apart");
        return Err(wrong("users", Problem::new(what, advice)));
    }
    let documents = Documents::of(&args.documents)?;
    if documents.svg.is_some() && strategies.len() > 1 {
        let what = format!("one picture of {} strategies", strategies.len());
        return Err(wrong("svg", Problem::new(what, "name one strategy")));
    }
    Ok(Exploring {
        strategies,
        settings: Settings {
            users,
            limit: number("limit", args.limit.as_deref(), 1, MAX_CLAIMS)?,
            attempts: narrow(attempts),
            instances: narrow(number(
                "instances",
                args.instances.as_deref(),
                1,
                MAX_INSTANCES as u64,
            )?),
            batch: u8::try_from(number(
                "consumer_batch",
                args.consumer_batch.as_deref(),
                1,
                MAX_CLAIMS,
            )?)
            .unwrap_or(u8::MAX),
            faults: faults(args.faults.as_deref())?,
            tries: narrow(number(
                "tries",
                args.tries.as_deref(),
                TRIES.into(),
                MAX_TRIES.into(),
            )?),
            bounds: Bounds {
                steps: usize::try_from(number("steps", args.steps.as_deref(), STEPS, MAX_STEPS)?)
                    .unwrap_or(usize::MAX),
                states: number("states", args.states.as_deref(), STATES, MAX_STATES)?,
            },
        },
        documents,
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

fn number(name: &'static str, text: Option<&str>, usual: u64, max: u64) -> Result<u64, UsageError> {
    let Some(text) = text else {
        return Ok(usual);
    };
    values::positive(max)(text).map_err(|problem| wrong(name, problem))
}

/// The one number that may be 0.
fn faults(text: Option<&str>) -> Result<u8, UsageError> {
    match text.map(str::trim) {
        None | Some("0") => Ok(0),
        text => {
            let faults = number("faults", text, 0, MAX_FAULTS.into())?;
            Ok(u8::try_from(faults).unwrap_or(u8::MAX))
        }
    }
}

/// What was held to a bound that fits.
fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn wrong(name: &'static str, problem: Problem) -> UsageError {
    UsageError::Setting {
        place: Place::Flag(name),
        problem,
    }
}
