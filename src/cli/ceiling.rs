//! The flags of `ceiling`, and what they mean.

use std::time::Duration;

use clap::Args;

use crate::{
    config::{
        effective::service_settings,
        layers::{Found, Layers},
        output::OutputTarget,
        settings::{OUTPUT, RunSettings, SERVICES, ServiceArgs, WORKLOAD},
    },
    input::{
        Env,
        error::{Place, UsageError},
        typed::Typed,
    },
    text::{
        problem::Problem,
        quote::quoted,
        values::{self, span},
    },
};
use crate::{
    engine::ceiling::{CeilingSettings, Operation},
    input::address::Services,
};

/// The most operations: each is kept until the end, at some tens of bytes.
const MAX_OPERATIONS: u64 = crate::model::workload::MAX_ATTEMPTS;

/// What Kafka takes in one record by default, with some room for the rest of it.
const MAX_PAYLOAD: u64 = 1_000_000;

/// Flags of `ceiling`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench ceiling
  coupon-bench ceiling --only incr --redis redis://localhost -c 50 --redis-connections 50
  coupon-bench ceiling --only insert --db postgres://bench@localhost/bench -c 10 --json ceiling.json")]
pub struct CeilingArgs {
    /// What to measure: incr, insert, produce, separated by commas [default: all three]
    #[arg(long, value_name = "NAME,…", help_heading = WORKLOAD)]
    pub only: Option<Typed>,

    /// How often; 10k and 1m are understood [default: 100000]
    #[arg(short = 'n', long, value_name = "N", help_heading = WORKLOAD)]
    pub operations: Option<Typed>,

    /// Operations under way at a time [default: 50]
    #[arg(short = 'c', long, value_name = "N", help_heading = WORKLOAD)]
    pub in_flight: Option<Typed>,

    /// Bytes of a record's value [default: the user's number, as in a run]
    #[arg(long, value_name = "BYTES", help_heading = WORKLOAD)]
    pub payload: Option<Typed>,

    /// For one operation; 500ms, 30s and 2m are understood [default: 30s]
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub timeout: Option<Typed>,

    /// Which services.
    #[command(flatten)]
    pub services: ServiceArgs,

    /// Connections in the database's pool [default: 10]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub db_pool: Option<Typed>,

    /// Multiplexed connections to Redis [default: 1]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub redis_connections: Option<Typed>,

    /// Write the figures as JSON; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub json: Option<Typed>,
}

/// Turns the flags of `ceiling` and the environment into what is to be done, and where the JSON goes.
pub fn plan(
    args: &CeilingArgs,
    env: Env<'_>,
) -> Result<(CeilingSettings, Option<OutputTarget>), UsageError> {
    let layers = Layers::of_flags(shared(args), env)?;
    let plan = CeilingSettings {
        operations: flag("only", args.only.as_ref(), operations)?
            .unwrap_or_else(|| Operation::ALL.to_vec()),
        count: flag(
            "operations",
            args.operations.as_ref(),
            values::positive(MAX_OPERATIONS),
        )?
        .unwrap_or(100_000),
        in_flight: flag(
            "in_flight",
            args.in_flight.as_ref(),
            values::positive(u64::MAX),
        )?
        .unwrap_or(50),
        payload: flag(
            "payload",
            args.payload.as_ref(),
            values::positive(MAX_PAYLOAD),
        )?
        .and_then(|bytes| usize::try_from(bytes).ok()),
        services: Services {
            consumers: 0,
            ..service_settings(&layers)?
        },
        timeout: flag("timeout", args.timeout.as_ref(), span)?.unwrap_or(Duration::from_secs(30)),
    };
    Ok((plan, flag("json", args.json.as_ref(), OutputTarget::parse)?))
}

/// Those that mean the same in a run.
fn shared(args: &CeilingArgs) -> RunSettings {
    RunSettings {
        services: args.services.clone(),
        db_pool: args.db_pool.clone(),
        redis_connections: args.redis_connections.clone(),
        ..RunSettings::default()
    }
}

/// What the flag `name` says, interpreted.
pub(crate) fn flag<T>(
    name: &'static str,
    typed: Option<&Typed>,
    parse: impl Fn(&str) -> Result<T, Problem>,
) -> Result<Option<T>, UsageError> {
    let found = typed.map(|typed| Found {
        text: &typed.text,
        place: Place::Flag(name),
    });
    found.map(|found| found.parse(parse)).transpose()
}

/// In the order in which they are always measured; naming one twice changes nothing.
fn operations(text: &str) -> Result<Vec<Operation>, Problem> {
    let named = text
        .split(',')
        .map(|name| operation(name.trim()))
        .collect::<Result<Vec<_>, _>>()?;
    let wanted = Operation::ALL.into_iter();
    Ok(wanted.filter(|one| named.contains(one)).collect())
}

fn operation(name: &str) -> Result<Operation, Problem> {
    let found = Operation::ALL.into_iter().find(|one| one.name() == name);
    found.ok_or_else(|| {
        let what = format!("unknown operation {}", quoted(name));
        Problem::new(
            what,
            values::did_you_mean(name, &Operation::ALL.map(Operation::name)),
        )
    })
}
