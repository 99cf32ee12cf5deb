//! The flags of `ceiling`, and their validation.

use std::time::Duration;

use clap::Args;

use crate::{
    config::{
        layers::{Layers, flag},
        output::OutputTarget,
        services,
        settings::{ConnectionArgs, OUTPUT, RunSettings, ServiceArgs, WORKLOAD, not_taken},
    },
    engine::ceiling::{CeilingSettings, Operation},
    input::{Env, address::Services, error::UsageError, raw_value::RawValue},
    model::workload::MAX_ATTEMPTS,
    text::{
        problem::Problem,
        quote::quoted,
        values::{self, span},
    },
};

/// The most operations: each is kept in memory until the end, in some tens of bytes.
const MAX_OPERATIONS: u64 = MAX_ATTEMPTS;

/// The largest payload of a record, in bytes: Kafka's default limit of a record, less some room for its headers.
const MAX_PAYLOAD: u64 = 1_000_000;

/// Flags of `ceiling`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench ceiling
  coupon-bench ceiling --only incr --redis redis://localhost -c 50 --redis-connections 50
  coupon-bench ceiling --only insert --db postgres://bench@localhost/bench -c 10 --json ceiling.json")]
#[command(mut_args(own_connections))]
pub struct CeilingArgs {
    /// What to measure: incr, insert, produce, separated by commas [default: all three]
    #[arg(long, value_name = "NAME,…", help_heading = WORKLOAD)]
    pub only: Option<RawValue>,

    /// Number of operations; 10k and 1m are understood [default: 100000]
    #[arg(short = 'n', long, value_name = "N", help_heading = WORKLOAD)]
    pub operations: Option<RawValue>,

    /// Operations under way at a time [default: 50]
    #[arg(short = 'c', long, value_name = "N", help_heading = WORKLOAD)]
    pub in_flight: Option<RawValue>,

    /// Bytes of a record's value [default: the user's number, as in a run]
    #[arg(long, value_name = "BYTES", help_heading = WORKLOAD)]
    pub payload: Option<RawValue>,

    /// Timeout of one operation; 500ms, 30s and 2m are understood [default: 30s]
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub timeout: Option<RawValue>,

    /// The addresses of the services.
    #[command(flatten)]
    pub services: ServiceArgs,

    /// The connections to the services.
    #[command(flatten)]
    pub connections: ConnectionArgs,

    /// Write the figures as JSON; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub json: Option<RawValue>,
}

/// Without claims, `--db-connection` has no meaning.
fn own_connections(arg: clap::Arg) -> clap::Arg {
    match arg.get_id().as_str() {
        "db_connection" => not_taken(arg, "ceiling makes no claims, so leave it out"),
        _ => arg,
    }
}

/// Validates the flags of `ceiling` and the environment: what to measure, and where the JSON goes.
///
/// # Errors
///
/// The first invalid setting, with its place.
pub fn resolve(
    args: &CeilingArgs,
    env: Env<'_>,
) -> Result<(CeilingSettings, Option<OutputTarget>), UsageError> {
    let settings = RunSettings {
        services: args.services.clone(),
        connections: args.connections.clone(),
        ..RunSettings::default()
    };
    let operations = args.operations.as_ref();
    let in_flight = args.in_flight.as_ref();
    let payload = args.payload.as_ref();
    let plan = CeilingSettings {
        operations: flag("only", args.only.as_ref(), operation_list)?
            .unwrap_or_else(|| Operation::ALL.to_vec()),
        count: flag("operations", operations, values::positive(MAX_OPERATIONS))?.unwrap_or(100_000),
        in_flight: flag("in_flight", in_flight, values::positive(u64::MAX))?.unwrap_or(50),
        payload: flag("payload", payload, values::positive(MAX_PAYLOAD))?
            .and_then(|bytes| usize::try_from(bytes).ok()),
        services: Services {
            consumers: 0,
            ..services(&Layers::of_flags(settings, env)?)?
        },
        timeout: flag("timeout", args.timeout.as_ref(), span)?.unwrap_or(Duration::from_secs(30)),
    };
    let json = flag("json", args.json.as_ref(), OutputTarget::parse)?;
    Ok((plan, json))
}

/// The operations in the order in which they are measured. A name that is given twice counts once.
fn operation_list(text: &str) -> Result<Vec<Operation>, Problem> {
    let named = text
        .split(',')
        .map(|name| operation(name.trim()))
        .collect::<Result<Vec<_>, _>>()?;
    let all = Operation::ALL.into_iter();
    Ok(all.filter(|operation| named.contains(operation)).collect())
}

fn operation(name: &str) -> Result<Operation, Problem> {
    let mut all = Operation::ALL.into_iter();
    let found = all.find(|operation| operation.name() == name);
    found.ok_or_else(|| {
        let names = Operation::ALL.map(Operation::name);
        Problem::new(
            format!("unknown operation {}", quoted(name)),
            values::did_you_mean(name, &names),
        )
    })
}
