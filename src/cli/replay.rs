//! The flags of `replay`, and what they mean.

use std::time::Duration;

use clap::Args;

use super::ceiling::flag;
use crate::{
    config::{
        effective::service_settings,
        layers::{Found, Layers},
        output::{DocumentArgs, Documents},
        settings::{RunSettings, SERVICES, ServiceArgs, WORKLOAD},
        strategies::{known_strategy, refuse},
    },
    input::{
        Env,
        error::{Place, UsageError},
        typed::Typed,
    },
    text::{
        problem::Problem,
        values::{self, span},
    },
};
use crate::{
    engine::{
        explore::MAX_INSTANCES,
        replay::{Patience, ReplaySettings},
    },
    input::address::{DbKind, Services},
    model::interleaving::Token,
    strategies::Entry,
};

/// As many as a talk, or a proof, may ask for.
const MAX_TRIALS: u32 = 100_000;

/// Flags of `replay`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench replay naive:u2:l1:ABBA
  coupon-bench replay naive:u2:l1:ABBA --db postgres://bench@localhost/bench --trials 100
  coupon-bench replay naive:u2:l1:ABBA --strategy db-pessimistic
  coupon-bench replay redis-kafka:u1:l1:AAAn --kafka localhost:9092

A schedule is STRATEGY:uUSERS:lLIMIT:MOVES, as explore prints it. A to H are the attempts and K is the consumer: each letter is
the next call that it makes. A small letter after it says what goes wrong with the call (r refused, n no answer, l the answer is
lost, f given up by the broker, d delivered again, x it crashes); L ends all leases, R restarts Redis, empty.
Exit codes: 3 the promise broke without a fault, 4 it proves nothing.")]
pub struct ReplayArgs {
    /// The schedule, as explore prints it
    #[arg(value_name = "SCHEDULE")]
    pub token: String,

    /// Play it with this strategy instead of its own
    #[arg(short, long, value_name = "NAME", help_heading = WORKLOAD)]
    pub strategy: Option<Typed>,

    /// How often it is played [default: 1]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub trials: Option<Typed>,

    /// After so long without an answer, a call is said to wait for somebody, and the schedule goes on [default: 300ms]
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub wait: Option<Typed>,

    /// After so long, whoever still waits gets no answer any more [default: 30s]
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub timeout: Option<Typed>,

    /// Which services.
    #[command(flatten)]
    pub services: ServiceArgs,

    /// Leave the last trial's table, keys and topic behind and print their names
    #[arg(long, help_heading = SERVICES)]
    pub keep: bool,

    /// What is written.
    #[command(flatten)]
    pub documents: DocumentArgs,
}

/// What `replay` is to do.
#[derive(Debug)]
pub struct Replaying {
    /// What is played.
    pub plan: ReplaySettings,
    /// What is written.
    pub documents: Documents,
}

/// What was typed becomes what is meant.
pub fn replaying(args: &ReplayArgs, env: Env<'_>) -> Result<Replaying, UsageError> {
    let token = token(&args.token)?;
    let services = service_settings(&Layers::of_flags(shared(args), env)?)?;
    let entry = strategy(args, &token, services.db.kind())?;
    let batch = u32::from(token.batch);
    let plan = ReplaySettings {
        entry,
        services: Services {
            consumers: 1,
            consumer_batch: batch,
            ..services
        },
        patience: Patience {
            step: flag("wait", args.wait.as_ref(), span)?.unwrap_or(Duration::from_millis(300)),
            end: flag("timeout", args.timeout.as_ref(), span)?.unwrap_or(Duration::from_secs(30)),
        },
        trials: flag("trials", args.trials.as_ref(), values::positive(MAX_TRIALS))?.unwrap_or(1),
        keep: args.keep,
        token,
    };
    let documents = Documents::of(&args.documents)?;
    Ok(Replaying { plan, documents })
}

/// Read by itself, as its errors point into it.
fn token(text: &str) -> Result<Token, UsageError> {
    let token: Token = text.trim().parse()?;
    if token.instances as usize > MAX_INSTANCES {
        let advice = format!("at most {MAX_INSTANCES} instances are possible");
        return schedule(text).parse(|text| Err(Problem::invalid(text, advice.clone())));
    }
    Ok(token)
}

/// The one that is named, or the schedule's own.
fn strategy(args: &ReplayArgs, token: &Token, db: DbKind) -> Result<&'static Entry, UsageError> {
    let named = args.strategy.as_ref().map(|typed| Found {
        text: &typed.text,
        place: Place::Flag("strategy"),
    });
    let found = named.unwrap_or_else(|| Found {
        text: &token.strategy,
        place: schedule(&args.token).place,
    });
    let entry = found.parse(known_strategy)?;
    refuse(&found, entry, db)?;
    Ok(entry)
}

/// Those that mean the same in a run.
fn shared(args: &ReplayArgs) -> RunSettings {
    RunSettings {
        services: args.services.clone(),
        ..RunSettings::default()
    }
}

fn schedule(text: &str) -> Found<'_> {
    Found {
        text,
        place: Place::Argument("SCHEDULE"),
    }
}
