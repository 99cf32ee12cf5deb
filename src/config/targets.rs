//! `--target`: a service of the user's own in place of strategies, and the settings that do not apply to one.

use std::path::{Path, PathBuf};

use super::{
    layers::{Layers, LocatedValue},
    settings::Field,
};
use crate::{
    adapters::http::Remote,
    input::{
        Env,
        error::{Place, UsageError},
    },
    model::workload::{MAX_ATTEMPTS, Workload},
    service::Target,
    text::{problem::Problem, quote::quoted, values},
};

/// Enough attempts to show a race. A typing mistake must not overload a service on another machine.
const MAX_REMOTE_ATTEMPTS: u64 = 100_000;

/// One address has about 65,000 ports.
const MAX_CONNECTIONS: u32 = 50_000;

/// Settings of the built-in strategies and their services, and why they do not apply to a target.
const STRATEGY_ONLY: [(&str, Field, &str); 13] = [
    ("db", |s| &s.services.db, OWN_SERVICES),
    ("db_pool", |s| &s.connections.db_pool, OWN_SERVICES),
    (
        "db_connection",
        |s| &s.connections.db_connection,
        OWN_SERVICES,
    ),
    ("redis", |s| &s.services.redis, OWN_SERVICES),
    (
        "redis_connections",
        |s| &s.connections.redis_connections,
        OWN_SERVICES,
    ),
    ("kafka", |s| &s.services.kafka, OWN_SERVICES),
    (
        "tls_ca",
        |s| &s.services.tls_ca,
        "write ca_file in the target file",
    ),
    ("consumers", |s| &s.consumption.consumers, OWN_SERVICES),
    (
        "consumer_batch",
        |s| &s.consumption.consumer_batch,
        OWN_SERVICES,
    ),
    (
        "consumer_rate",
        |s| &s.consumption.consumer_rate,
        OWN_SERVICES,
    ),
    ("bystander_rate", |s| &s.bystander_rate, OWN_SERVICES),
    (
        "trace",
        |s| &s.trace,
        "the steps inside a service cannot be observed",
    ),
    (
        "keep",
        |s| &s.keep,
        "a run of a target creates no objects of its own",
    ),
];

const OWN_SERVICES: &str = "the service has its own database, Redis and Kafka, and the target file says where its ledger is";

/// The target of the settings; `None` where strategies are run.
pub(crate) fn target(layers: &Layers, env: Env<'_>) -> Result<Option<Target>, UsageError> {
    let layer = layers.first_matching(|s| s.target.is_some() || !s.strategy.is_empty());
    let Some(file) = layer.find("target", |s| &s.target) else {
        return check_no_target_settings(layers).map(|()| None);
    };
    if !layer.find_all("strategy", |s| &s.strategy).is_empty() {
        return file.parse(|_| {
            let advice =
                "a run tests a target or strategies, so leave out --target or leave out --strategy";
            Err(Problem::new("a target together with a strategy", advice))
        });
    }
    for (name, field, advice) in STRATEGY_ONLY {
        match layers.find(name, field) {
            // A variable may be set for other runs.
            None
            | Some(LocatedValue {
                place: Place::Variable(_),
                ..
            }) => {}
            Some(value) => {
                let what = "a setting that does not apply to a target";
                return value.parse(|_| Err(Problem::new(what, advice)));
            }
        }
    }
    let mut target = Target::read(&path(&file)?, env)?;
    target.reach.connections = connections(layers)?;
    target.reach.remote = layers.remote();
    Ok(Some(target))
}

/// A path in a scenario file is relative to that file.
fn path(file: &LocatedValue<'_>) -> Result<PathBuf, UsageError> {
    let text = file.parse(|text| match text {
        "" => Err(Problem::invalid(
            text,
            "name a file, or create one with coupon-bench target new",
        )),
        text => Ok(text.to_owned()),
    })?;
    Ok(match &file.place {
        Place::Key { file, .. } => file.parent().unwrap_or(Path::new("")).join(text),
        _ => PathBuf::from(text),
    })
}

fn connections(layers: &Layers) -> Result<Option<usize>, UsageError> {
    let number = layers.value(
        "http_connections",
        |s| &s.http_connections,
        values::positive(MAX_CONNECTIONS),
    )?;
    Ok(number.and_then(|number| usize::try_from(number).ok()))
}

fn check_no_target_settings(layers: &Layers) -> Result<(), UsageError> {
    match layers.find("http_connections", |s| &s.http_connections) {
        None => Ok(()),
        Some(value) => value.parse(|_| {
            let advice =
                "strategies use no HTTP, so add a --target, or leave out --http-connections";
            Err(Problem::new("HTTP connections without a target", advice))
        }),
    }
}

/// A second trial needs a fresh event: one that the setup resets, or one for each run by `{{run}}` in the claim.
pub(crate) fn check_trials(
    layers: &Layers,
    target: &Target,
    trials: u32,
) -> Result<(), UsageError> {
    if trials <= 1 || !target.setup.is_empty() || target.claim.has_run() {
        return Ok(());
    }
    let value = layers.find("trials", |s| &s.trials);
    Err(UsageError::Setting {
        place: value.map_or(Place::Flag("trials"), |value| value.place),
        problem: Problem::new(
            format!("{trials} trials of an event that no setup resets"),
            "the second trial would find the coupons of the first: reset the event in [[setup]], or use {{run}} in the claim \
             for one event a run",
        ),
    })
}

/// Every user needs a line in the table of users, and a service on another machine gets a limited number of attempts.
pub(crate) fn check_users(
    layers: &Layers,
    target: &Target,
    workload: &Workload,
) -> Result<(), UsageError> {
    let users = layers.find("users", |s| &s.users);
    let place = users.map_or(Place::Flag("users"), |value| value.place);
    let wrong = |what: String, advice: String| {
        Err(UsageError::Setting {
            place: place.clone(),
            problem: Problem::new(what, advice),
        })
    };
    if let Some(table) = &target.users
        && table.len() < workload.users
    {
        let file = quoted(&table.path().to_string_lossy());
        let lines = table.len();
        return wrong(
            format!("{} users", workload.users),
            format!("{file} has {lines} lines, and every user needs one"),
        );
    }
    let most = match target.reach.remote {
        Remote::Refused => MAX_ATTEMPTS,
        Remote::Allowed => MAX_REMOTE_ATTEMPTS,
    };
    if workload.total_attempts() > most {
        return wrong(
            format!("{} attempts", workload.total_attempts()),
            format!("with --allow-remote there are at most {most}"),
        );
    }
    Ok(())
}
