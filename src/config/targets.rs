//! `--target`: a service of the user's own in place of strategies, and which settings make no sense beside it.

use std::path::{Path, PathBuf};

use super::{
    layers::{Found, Layers},
    settings::RunSettings,
};
use crate::input::Env;
use crate::model::workload::MAX_ATTEMPTS;
use crate::{adapters::http::Remote, model::workload::Workload, service::Target};
use crate::{
    input::{
        error::{Place, UsageError},
        typed::Typed,
    },
    text::{problem::Problem, quote::quoted, values},
};

/// Far more than tells whether a service races; a slip of the finger must not bring somebody's site down.
const MAX_REMOTE_ATTEMPTS: u64 = 100_000;

/// As many as there are ports on one address, nearly.
const MAX_CONNECTIONS: u32 = 50_000;

type Get = for<'a> fn(&'a RunSettings) -> &'a Option<Typed>;

/// Settings that are about services of ours, or about our own code, and why they say nothing to somebody else's.
const OURS: [(&str, Get, &str); 13] = [
    ("db", |s| &s.services.db, ITS_OWN),
    ("db_pool", |s| &s.db_pool, ITS_OWN),
    ("db_connection", |s| &s.db_connection, ITS_OWN),
    ("redis", |s| &s.services.redis, ITS_OWN),
    ("redis_connections", |s| &s.redis_connections, ITS_OWN),
    ("kafka", |s| &s.services.kafka, ITS_OWN),
    (
        "tls_ca",
        |s| &s.services.tls_ca,
        "write ca_file in the target file",
    ),
    ("consumers", |s| &s.consumers, ITS_OWN),
    ("consumer_batch", |s| &s.consumer_batch, ITS_OWN),
    ("consumer_rate", |s| &s.consumer_rate, ITS_OWN),
    ("bystander_rate", |s| &s.bystander_rate, ITS_OWN),
    (
        "trace",
        |s| &s.trace,
        "what a service does inside cannot be seen from here",
    ),
    (
        "keep",
        |s| &s.keep,
        "a run creates nothing but what the service itself creates",
    ),
];

const ITS_OWN: &str = "the service has its own, and the target file says where its ledger is";

/// The target, if one is named by whoever has the last word.
pub(crate) fn target(layers: &Layers, env: Env<'_>) -> Result<Option<Target>, UsageError> {
    let layer = layers.first_that_says(|said| said.target.is_some() || !said.strategy.is_empty());
    let Some(named) = layer.find("target", |s| &s.target) else {
        return only_with_a_target(layers).map(|()| None);
    };
    if !layer.find_all("strategy", |s| &s.strategy).is_empty() {
        return named.parse(|_| {
            let advice = "one of them is run: leave the other out";
            Err(Problem::new("a target beside a strategy", advice))
        });
    }
    for (name, get, advice) in OURS {
        match layers.find(name, get) {
            // Of the environment nobody thinks while typing.
            None
            | Some(Found {
                place: Place::Variable(_),
                ..
            }) => {}
            Some(found) => {
                return found.parse(|_| Err(Problem::new("no setting for a target", advice)));
            }
        }
    }
    let mut target = Target::read(&path(&named)?, env)?;
    target.reach.connections = connections(layers)?;
    target.reach.remote = layers.remote();
    Ok(Some(target))
}

/// A path in a file is relative to that file.
fn path(named: &Found<'_>) -> Result<PathBuf, UsageError> {
    let text = named.parse(|text| match text {
        "" => Err(Problem::invalid(
            text,
            "name a file, or write one with coupon-bench target new",
        )),
        text => Ok(text.to_owned()),
    })?;
    Ok(match &named.place {
        Place::Key { file, .. } => file.parent().unwrap_or(Path::new("")).join(text),
        _ => PathBuf::from(text),
    })
}

fn connections(layers: &Layers) -> Result<Option<usize>, UsageError> {
    let named = layers.value(
        "http_connections",
        |s| &s.http_connections,
        values::positive(MAX_CONNECTIONS),
    )?;
    Ok(named.and_then(|number| usize::try_from(number).ok()))
}

fn only_with_a_target(layers: &Layers) -> Result<(), UsageError> {
    match layers.find("http_connections", |s| &s.http_connections) {
        None => Ok(()),
        Some(found) => found.parse(|_| {
            Err(Problem::new(
                "connections without a target",
                "strategies are not asked over HTTP: name a --target",
            ))
        }),
    }
}

/// A second trial of an event that is not reset would find it used up. A claim that names the run has an event for each.
pub(crate) fn check_trials(
    layers: &Layers,
    target: &Target,
    trials: u32,
) -> Result<(), UsageError> {
    if trials <= 1 || !target.setup.is_empty() || target.claim.has_run() {
        return Ok(());
    }
    let said = layers.find("trials", |s| &s.trials);
    Err(UsageError::Setting {
        place: said.map_or(Place::Flag("trials"), |found| found.place),
        problem: Problem::new(
            format!("{trials} trials of an event that nothing resets"),
            "the second would find the coupons of the first: reset the event in [[setup]], or claim from an event of each run's \
             own, with {{run}}",
        ),
    })
}

/// Every user needs a line in the table of users, and strangers' services a bound.
pub(crate) fn check_users(
    layers: &Layers,
    target: &Target,
    workload: &Workload,
) -> Result<(), UsageError> {
    let users = layers.find("users", |s| &s.users);
    let place = users.map_or(Place::Flag("users"), |found| found.place);
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
        let what = format!("{} users", workload.users);
        return wrong(
            what,
            format!("{file} has {} lines, and every user needs one", table.len()),
        );
    }
    let most = match target.reach.remote {
        Remote::Refused => MAX_ATTEMPTS,
        Remote::Allowed => MAX_REMOTE_ATTEMPTS,
    };
    if workload.total_attempts() > most {
        let what = format!("{} attempts", workload.total_attempts());
        return wrong(
            what,
            format!("with --allow-remote there are at most {most}"),
        );
    }
    Ok(())
}
