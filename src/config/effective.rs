//! What was typed becomes what is meant: the one place where a setting gets its default and its bounds.
//!
//! Everything after it relies on a [`Scenario`] being sound and checks nothing again.

use std::{sync::Arc, time::Duration};

use super::{
    arrivals::arrivals,
    layers::{Found, Layers},
    output::{Output, output},
    settings::{RunArgs, ServiceArgs},
    strategies::{self, Chosen},
    targets,
    tls_ca::tls_ca,
};
use crate::input::Env;
use crate::{
    config::scenario::{Scenario, Subject},
    input::address::{DbTarget, KafkaTarget, RedisTarget, Services},
    judge::assertion::Assertion,
    model::{
        report::RefusedStrategy,
        workload::{DbConnection, MAX_ATTEMPTS, MAX_UNDECIDED, Rate, Workload},
    },
    service::Target,
};
use crate::{
    input::{error::UsageError, services},
    text::{problem::Problem, quote::quoted, values},
};

/// Each is a process with its own pools.
const MAX_INSTANCES: u32 = 64;

/// More coupons than attempts are allowed, as "no limit"; databases and Redis count in signed 64 bits.
const MAX_LIMIT: u64 = i64::MAX as u64;
/// Generous: it only keeps a slip of the finger from opening a million sockets.
const MAX_CONNECTIONS: u32 = 10_000;
const MAX_CONSUMERS: u32 = 1_000;
/// A batch is one INSERT with a parameter a row, of which SQLite allows 32,766 and the others 65,535.
const MAX_CONSUMER_BATCH: u32 = 10_000;
const MAX_TRIALS: u32 = 1_000_000;

/// What `run` is to do.
#[derive(Debug, Clone)]
pub struct Effective {
    /// What to run.
    pub scenario: Scenario,
    /// What to tell, and where.
    pub output: Output,
}

/// Turns the flags of `run`, its scenario file and the environment into what is to be done.
pub fn effective(args: &RunArgs, env: Env<'_>) -> Result<Effective, UsageError> {
    with_trials(args, env, 1)
}

/// The same where a strategy is run so often unless it is said.
pub(crate) fn with_trials(
    args: &RunArgs,
    env: Env<'_>,
    usual: u32,
) -> Result<Effective, UsageError> {
    let layers = Layers::of_run(args, env)?;
    let workload = workload(&layers)?;
    let trials = layers
        .value("trials", |s| &s.trials, values::positive(MAX_TRIALS))?
        .unwrap_or(usual);
    let (what, mut title) = match targets::target(&layers, env)? {
        Some(target) => {
            targets::check_users(&layers, &target, &workload)?;
            targets::check_trials(&layers, &target, trials)?;
            let title = target.title.clone();
            (What::of_target(target)?, title)
        }
        None => (What::of_strategies(&layers, &workload)?, None),
    };
    if let Some(said) = layers.title() {
        title = Some(said.parse(values::one_line)?);
    }
    let assertions = assertions(&layers, &what.subjects)?;
    let instances = layers
        .value(
            "instances",
            |s| &s.instances,
            values::positive(MAX_INSTANCES),
        )?
        .unwrap_or(1);
    let scenario = Scenario {
        title,
        subjects: what.subjects,
        refused: what.refused,
        workload,
        trials,
        instances,
        services: what.services,
        bystander_rate: layers
            .value(
                "bystander_rate",
                |s| &s.bystander_rate,
                rate_or("off", 1e4, "10k"),
            )?
            .flatten(),
        trace: layers
            .value("trace", |s| &s.trace, |text| trace(text, instances))?
            .unwrap_or(false),
        keep: layers
            .value("keep", |s| &s.keep, values::switch)?
            .unwrap_or(false),
        max_undecided: layers
            .value("max_undecided", |s| &s.max_undecided, values::share)?
            .unwrap_or(MAX_UNDECIDED),
        assertions,
    };
    let output = output(&layers, env)?;
    Ok(Effective { scenario, output })
}

/// What is put to the test, and on what.
struct What {
    subjects: Vec<Subject>,
    refused: Vec<RefusedStrategy>,
    services: Services,
}

impl What {
    fn of_strategies(layers: &Layers, workload: &Workload) -> Result<Self, UsageError> {
        let services = service_settings(layers)?;
        let Chosen {
            strategies,
            refused,
        } = strategies::chosen(layers, services.db.kind())?;
        strategies::check_capacity(layers, &strategies, workload, &services.kafka)?;
        Ok(Self {
            subjects: strategies.into_iter().map(Subject::Strategy).collect(),
            refused,
            services,
        })
    }

    /// None of our services has a part in it.
    fn of_target(target: Target) -> Result<Self, UsageError> {
        Ok(Self {
            subjects: vec![Subject::Target(Arc::new(target))],
            refused: Vec::new(),
            services: service_settings(&Layers::silent())?,
        })
    }
}

/// The services that `doctor` looks at; settings that it has no flag for have their defaults.
pub fn doctor_services(args: &ServiceArgs, env: Env<'_>) -> Result<Services, UsageError> {
    service_settings(&Layers::of_services(args, env)?)
}

pub(crate) fn workload(layers: &Layers) -> Result<Workload, UsageError> {
    let workload = Workload {
        users: layers
            .value("users", |s| &s.users, values::positive(MAX_ATTEMPTS))?
            .unwrap_or(10_000),
        limit: layers
            .value("limit", |s| &s.limit, values::positive(MAX_LIMIT))?
            .unwrap_or(100),
        attempts: layers
            .value("attempts", |s| &s.attempts, values::positive(u32::MAX))?
            .unwrap_or(1),
        arrivals: arrivals(layers)?,
        seed: layers
            .value("seed", |s| &s.seed, values::seed)?
            .unwrap_or_else(random_seed),
        timeout: layers
            .value("timeout", |s| &s.timeout, values::span)?
            .unwrap_or(Duration::from_secs(30)),
        warmup: layers
            .value("warmup", |s| &s.warmup, values::switch)?
            .unwrap_or(true),
    };
    check_attempts(layers, workload)?;
    Ok(workload)
}

/// Neither number is wrong by itself, so the error names every place that has a part in it.
fn check_attempts(layers: &Layers, workload: Workload) -> Result<(), UsageError> {
    let Workload {
        users, attempts, ..
    } = workload;
    if users
        .checked_mul(u64::from(attempts))
        .is_some_and(|total| total <= MAX_ATTEMPTS)
    {
        return Ok(());
    }
    let places: Vec<_> = [
        layers.find("users", |s| &s.users),
        layers.find("attempts", |s| &s.attempts),
    ]
    .into_iter()
    .flatten()
    .map(|found| found.place.to_string())
    .collect();
    Err(UsageError::TooManyAttempts {
        users,
        attempts,
        places: places.join(" and "),
    })
}

pub(crate) fn service_settings(layers: &Layers) -> Result<Services, UsageError> {
    Ok(Services {
        db: layers
            .value("db", |s| &s.services.db, services::db)?
            .unwrap_or(DbTarget::PrivateSqlite),
        db_pool: layers
            .value("db_pool", |s| &s.db_pool, values::positive(MAX_CONNECTIONS))?
            .unwrap_or(10),
        db_connection: layers
            .value("db_connection", |s| &s.db_connection, db_connection)?
            .unwrap_or(DbConnection::Statement),
        redis: layers
            .value("redis", |s| &s.services.redis, services::redis)?
            .unwrap_or(RedisTarget::Embedded),
        redis_connections: layers
            .value(
                "redis_connections",
                |s| &s.redis_connections,
                values::positive(MAX_CONNECTIONS),
            )?
            .unwrap_or(1),
        kafka: layers
            .value("kafka", |s| &s.services.kafka, services::kafka)?
            .unwrap_or(KafkaTarget::Embedded),
        consumers: layers
            .value(
                "consumers",
                |s| &s.consumers,
                values::positive(MAX_CONSUMERS),
            )?
            .unwrap_or(1),
        consumer_batch: layers
            .value(
                "consumer_batch",
                |s| &s.consumer_batch,
                values::positive(MAX_CONSUMER_BATCH),
            )?
            .unwrap_or(1),
        consumer_rate: layers
            .value(
                "consumer_rate",
                |s| &s.consumer_rate,
                rate_or("unlimited", 1e6, "1m"),
            )?
            .flatten(),
        tls_ca: tls_ca(layers)?,
    })
}

/// Every process has its own clock and its own trace.
fn trace(text: &str, instances: u32) -> Result<bool, Problem> {
    let trace = values::switch(text)?;
    if trace && instances > 1 {
        let advice = "the steps of one process can be put in order: leave --instances out, or see explore --instances";
        return Err(Problem::new(
            format!("a trace of {instances} instances"),
            advice,
        ));
    }
    Ok(trace)
}

fn assertions(layers: &Layers, subjects: &[Subject]) -> Result<Vec<Assertion>, UsageError> {
    let found = layers.find_all("assert", |s| &s.assert);
    found.iter().map(|item| assertion(item, subjects)).collect()
}

fn assertion(item: &Found<'_>, subjects: &[Subject]) -> Result<Assertion, UsageError> {
    let mut assertion = Assertion::parse(item.text).map_err(|error| UsageError::Assertion {
        place: item.place.clone(),
        explanation: error.to_string(),
    })?;
    let Some(name) = assertion.subject() else {
        return Ok(assertion);
    };
    if let Some(subject) = subjects.iter().find(|subject| subject.is_called(name)) {
        assertion.call_subject(subject.name());
        return Ok(assertion);
    }
    item.parse(|text| {
        let what = format!(
            "assertion {} about a strategy that is not run",
            quoted(text)
        );
        let advice = match subjects {
            [subject @ Subject::Target(_)] => {
                format!("the target is called {}", quoted(subject.name()))
            }
            _ => format!("add {name} to --strategy, or leave it out"),
        };
        Err(Problem::new(what, advice))
    })
}

/// A rate from one in a hundred seconds to `max`, which is spelled `most`; or `none`, the word for none.
fn rate_or(none: &str, max: f64, most: &str) -> impl Fn(&str) -> Result<Option<Rate>, Problem> {
    move |text| {
        if text.trim() == none {
            return Ok(None);
        }
        let per_second = values::rate(text).map_err(|problem| Problem {
            advice: format!("{}, or {none}", problem.advice),
            ..problem
        })?;
        if per_second < 0.01 {
            return Err(Problem::invalid(text, "must be at least 0.01"));
        }
        Rate::new(per_second)
            .filter(|rate| rate.per_second() <= max)
            .map(Some)
            .ok_or_else(|| Problem::invalid(text, format!("must be at most {most}")))
    }
}

fn db_connection(text: &str) -> Result<DbConnection, Problem> {
    match text.trim() {
        "statement" => Ok(DbConnection::Statement),
        "request" => Ok(DbConnection::Request),
        _ => Err(Problem::invalid(text, "say statement or request")),
    }
}

/// Short enough to be typed again, and exact in every JSON reader and as a TOML number.
fn random_seed() -> u64 {
    rand::random::<u32>().into()
}
