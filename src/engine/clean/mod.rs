//! `coupon-bench clean`: finds and removes the objects of runs that were killed.
//!
//! A run of this machine that is not over has a locked file ([`run_registry`]), and its objects are not touched. A file without a
//! lock belongs to a run that was killed. An object without a file belongs to a run on another machine, which may be alive, so
//! its age decides. Objects that `--keep` has left are removed only where the settings ask for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use serde::Serialize;

use crate::{
    adapters::{
        kafka, redis,
        remains::{self, Kind, Object},
        run_registry::{self, Registered},
        sql,
    },
    input::address::{DbTarget, KafkaTarget, RedisTarget, Services},
    judge::exit,
    text::redact,
};

/// The settings of a cleanup.
#[derive(Debug, Clone)]
pub struct CleanSettings {
    /// The services to look at.
    pub services: Services,
    /// Whether objects are removed.
    pub remove: bool,
    /// Whether objects that `--keep` has left are removed too.
    pub kept: bool,
    /// From this age on, a run without a file on this machine counts as ended.
    pub older_than: Option<Duration>,
}

/// The state of a run that has objects on the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// The process of the run is alive.
    Alive,
    /// The run was killed, or could not remove all of its objects.
    Ended,
    /// The run has kept its objects as asked.
    Kept,
    /// The run has no file on this machine.
    Unknown,
}

/// A run and its objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunObjects {
    /// The id of the run.
    pub run_id: String,
    /// Seconds since the run began; `None` where its id holds no time.
    pub age_s: Option<u64>,
    /// The state of the run.
    pub state: RunState,
    /// The objects of the run on the services that were looked at.
    pub objects: Vec<Object>,
    /// Services that the run has used and that were not looked at.
    pub elsewhere: Vec<String>,
    /// Whether the objects are removed now.
    pub removed: bool,
}

/// The result of a cleanup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CleanResult {
    /// The runs, the oldest first.
    pub runs: Vec<RunObjects>,
    /// Why a service could not be looked at, or an object not be removed.
    pub problems: Vec<String>,
}

impl CleanResult {
    /// The exit code: 0, or 5 where a service failed.
    pub fn exit_code(&self) -> u8 {
        if self.problems.is_empty() {
            exit::OK
        } else {
            exit::SERVICE
        }
    }
}

/// Finds the objects of runs, and removes them if the settings ask for it.
pub async fn clean(settings: &CleanSettings) -> CleanResult {
    let mut cleaned = CleanResult::default();
    let objects = look(&settings.services, &mut cleaned.problems).await;
    // Read after the services: a run that has created an object in the meantime has a file by now.
    let registered = run_registry::registered();
    let unreached = cleaned.problems.clone();
    cleaned.runs = by_run(settings, objects, &registered, SystemTime::now());
    if settings.remove {
        for left in &mut cleaned.runs {
            if !is_removable(settings, left) {
                continue;
            }
            let problems = remove(&settings.services, &left.objects).await;
            left.removed = problems.is_empty();
            if left.removed && left.elsewhere.is_empty() && unreached.is_empty() {
                // A run without a file has no file to remove.
                let _ = run_registry::forget(&left.run_id);
            }
            cleaned.problems.extend(problems);
        }
    }
    cleaned
}

async fn look(services: &Services, problems: &mut Vec<String>) -> Vec<Object> {
    let (tables, keys, topics) = tokio::join!(
        sql::remains::tables(services),
        redis::remains::keys(services),
        kafka::remains::topics_and_groups(services),
    );
    let mut objects = remains::folders();
    for (flag, target, found) in [
        ("--db", services.db.to_string(), tables),
        ("--redis", services.redis.to_string(), keys),
        ("--kafka", services.kafka.to_string(), topics),
    ] {
        match found {
            Ok(found) => objects.extend(found),
            Err(why) => {
                let why = redact::foreign(&why);
                problems.push(format!("failed to look at {target} ({flag}): {why}"));
            }
        }
    }
    objects
}

/// The objects by run, with the state of each run.
fn by_run(
    settings: &CleanSettings,
    objects: Vec<Object>,
    registered: &[Registered],
    now: SystemTime,
) -> Vec<RunObjects> {
    let mut runs: BTreeMap<String, BTreeSet<Object>> = BTreeMap::new();
    for run in registered {
        runs.entry(run.record.run_id.clone()).or_default();
    }
    for object in objects {
        if let Some(id) = object.run_id() {
            runs.entry(id.to_owned()).or_default().insert(object);
        }
    }
    let looked_at = looked_at(&settings.services);
    let left = runs.into_iter().map(|(run_id, objects)| {
        let known = registered.iter().find(|run| run.record.run_id == run_id);
        let elsewhere = known.map_or(Vec::new(), |run| elsewhere(run, &looked_at));
        RunObjects {
            age_s: remains::age(&run_id, now).map(|age| age.as_secs()),
            state: known.map_or(RunState::Unknown, state),
            objects: objects.into_iter().collect(),
            elsewhere,
            removed: false,
            run_id,
        }
    });
    // A run of another process may have no object on these services.
    left.filter(|left| left.state != RunState::Alive || !left.objects.is_empty())
        .collect()
}

fn state(run: &Registered) -> RunState {
    match run {
        Registered { alive: true, .. } => RunState::Alive,
        Registered { record, .. } if record.kept => RunState::Kept,
        Registered { .. } => RunState::Ended,
    }
}

/// The services that a run has used and that are not among the services that were looked at.
fn elsewhere(run: &Registered, looked_at: &[String]) -> Vec<String> {
    let services = run.record.services.iter();
    services
        .filter(|(_, target)| !looked_at.contains(target))
        .map(|(flag, target)| format!("{flag} {target}"))
        .collect()
}

/// The services outside of this process that the settings name.
pub fn looked_at(services: &Services) -> Vec<String> {
    let db = match &services.db {
        DbTarget::PrivateSqlite => None,
        db => Some(db.to_string()),
    };
    let redis = match &services.redis {
        RedisTarget::Embedded => None,
        redis => Some(redis.to_string()),
    };
    let kafka = match &services.kafka {
        KafkaTarget::Embedded => None,
        kafka @ KafkaTarget::Brokers(_) => Some(kafka.to_string()),
    };
    db.into_iter().chain(redis).chain(kafka).collect()
}

/// Whether the run is over, as far as this machine knows, and its objects may be removed.
pub(crate) fn is_removable(settings: &CleanSettings, left: &RunObjects) -> bool {
    match left.state {
        RunState::Alive => false,
        RunState::Ended => true,
        RunState::Kept => settings.kept,
        RunState::Unknown => match (settings.older_than, left.age_s) {
            (Some(limit), Some(age)) => Duration::from_secs(age) >= limit,
            _ => false,
        },
    }
}

/// Removes the objects, and returns an error for each object that could not be removed.
async fn remove(services: &Services, objects: &[Object]) -> Vec<String> {
    let of = |kinds: &[Kind]| -> Vec<Object> {
        let objects = objects.iter().filter(|object| kinds.contains(&object.kind));
        objects.cloned().collect()
    };
    let tables = of(&[Kind::Table]);
    let keys = of(&[Kind::RedisKey]);
    let topics = of(&[Kind::KafkaTopic, Kind::KafkaConsumerGroup]);
    let removed = [
        ("--db", sql::remains::drop_tables(services, &tables).await),
        ("--redis", redis::remains::remove(services, &keys).await),
        ("--kafka", kafka::remains::remove(services, &topics).await),
        (
            "temporary files",
            remains::remove_folders(&of(&[Kind::Folder])),
        ),
    ];
    let problems = removed.into_iter().filter_map(|(place, removed)| {
        let why = redact::foreign(&removed.err()?);
        Some(format!("failed to remove something ({place}): {why}"))
    });
    problems.collect()
}

#[cfg(test)]
mod tests;
