//! The flags of `replay`, and their validation.

use std::time::Duration;

use clap::Args;

use crate::{
    config::{
        layers::{Layers, LocatedValue, flag},
        output::{DocumentArgs, Documents},
        services,
        settings::{SERVICES, ServiceArgs, WORKLOAD},
        strategies::{check_database, known_strategy},
    },
    engine::{
        explore::MAX_INSTANCES,
        replay::{ReplaySettings, Timeouts},
    },
    input::{
        Env,
        address::{DbKind, Services},
        error::{Place, UsageError},
        raw_value::RawValue,
    },
    model::interleaving::Token,
    strategies::Entry,
    text::{
        problem::Problem,
        values::{self, span},
    },
};

/// A typing mistake must not replay a schedule for hours.
const MAX_TRIALS: u32 = 100_000;

/// Flags of `replay`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench replay naive:u2:l1:ABBA
  coupon-bench replay naive:u2:l1:ABBA --db postgres://bench@localhost/bench --trials 100
  coupon-bench replay naive:u2:l1:ABBA --strategy db-pessimistic
  coupon-bench replay redis-kafka:u1:l1:AAAn --kafka localhost:9092

A schedule is STRATEGY:uUSERS:lLIMIT:MOVES, as explore prints it. A to H are the attempts and K is the consumer; each letter is
the next call of that attempt or consumer. A lower-case letter after it is a fault of the call (r refused, n no response, l the
response is lost, f given up by the broker, d delivered again, x the caller crashes). L ends all leases, R restarts Redis, empty.
Exit codes: 3 the promise broke without a fault, 4 inconclusive.")]
pub struct ReplayArgs {
    /// The schedule, as explore prints it
    #[arg(value_name = "SCHEDULE")]
    pub token: String,

    /// Replay the schedule with this strategy instead of its own
    #[arg(short, long, value_name = "NAME", help_heading = WORKLOAD)]
    pub strategy: Option<RawValue>,

    /// Number of replays [default: 1]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub trials: Option<RawValue>,

    /// A call without a response after this time is reported as waiting for another attempt, and the schedule continues [default: 300ms]
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub wait: Option<RawValue>,

    /// Calls that still wait after this time get no response [default: 30s]
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub timeout: Option<RawValue>,

    /// The addresses of the services.
    #[command(flatten)]
    pub services: ServiceArgs,

    /// Leave the last trial's table, keys and topic behind and print their names
    #[arg(long, help_heading = SERVICES)]
    pub keep: bool,

    /// The documents to write.
    #[command(flatten)]
    pub documents: DocumentArgs,
}

/// The validated settings of `replay`.
#[derive(Debug)]
pub struct ReplayConfig {
    /// What to replay.
    pub plan: ReplaySettings,
    /// What to write, and where.
    pub documents: Documents,
}

/// Validates the flags of `replay` and the environment.
///
/// # Errors
///
/// The first invalid setting, with its place; for the schedule, with the position in it.
pub fn resolve(args: &ReplayArgs, env: Env<'_>) -> Result<ReplayConfig, UsageError> {
    let token = token(&args.token)?;
    let services = services(&Layers::of_services(&args.services, env)?)?;
    let entry = strategy(args, &token, services.db.kind())?;
    let plan = ReplaySettings {
        entry,
        services: Services {
            consumers: 1,
            consumer_batch: token.batch.into(),
            ..services
        },
        patience: Timeouts {
            step: flag("wait", args.wait.as_ref(), span)?.unwrap_or(Duration::from_millis(300)),
            end: flag("timeout", args.timeout.as_ref(), span)?.unwrap_or(Duration::from_secs(30)),
        },
        trials: flag("trials", args.trials.as_ref(), values::positive(MAX_TRIALS))?.unwrap_or(1),
        keep: args.keep,
        token,
    };
    let documents = Documents::of(&args.documents)?;
    Ok(ReplayConfig { plan, documents })
}

/// The schedule. Its error points into the text, and has no place of a setting.
fn token(text: &str) -> Result<Token, UsageError> {
    let token: Token = text.trim().parse()?;
    if token.instances as usize > MAX_INSTANCES {
        let advice = format!("at most {MAX_INSTANCES} instances are possible");
        return schedule(text).parse(|text| Err(Problem::invalid(text, advice.clone())));
    }
    Ok(token)
}

/// The strategy of `--strategy`, or that of the schedule.
fn strategy(args: &ReplayArgs, token: &Token, db: DbKind) -> Result<&'static Entry, UsageError> {
    let named = args.strategy.as_ref();
    let named = named.map(|value| LocatedValue::of_flag("strategy", value));
    let value = named.unwrap_or_else(|| LocatedValue {
        text: &token.strategy,
        place: schedule(&args.token).place,
    });
    let entry = value.parse(known_strategy)?;
    check_database(&value, entry, db)?;
    Ok(entry)
}

fn schedule(text: &str) -> LocatedValue<'_> {
    LocatedValue {
        text,
        place: Place::Argument("SCHEDULE"),
    }
}
