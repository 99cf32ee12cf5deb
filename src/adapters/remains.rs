//! The objects that runs create on services and in the folder for temporary files, recognized by their names.
//!
//! A name is recognized only if a run can have made exactly this name: the prefix, the id of a run, and the name of an object.
//! Objects with similar names belong to other programs.

use std::{
    fmt, fs,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

/// The prefix of every name.
const PREFIX: &str = "coupon_bench";

/// The tables of a run.
const TABLES: [&str; 4] = ["coupon", "event", "orders", "stock"];

/// The hexadecimal digits of an id: seconds since the Unix epoch, and a random number.
const TIME_DIGITS: usize = 8;
const ALL_DIGITS: usize = 16;

/// The kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A table of a database.
    Table,
    /// A key of Redis.
    RedisKey,
    /// A topic of Kafka.
    KafkaTopic,
    /// A consumer group of Kafka.
    KafkaConsumerGroup,
    /// A folder for temporary files.
    Folder,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Table => "table",
            Self::RedisKey => "redis key",
            Self::KafkaTopic => "kafka topic",
            Self::KafkaConsumerGroup => "kafka consumer group",
            Self::Folder => "folder",
        })
    }
}

/// An object that a run has created.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Object {
    /// The kind.
    pub kind: Kind,
    /// The full name. A folder has its path.
    pub name: String,
}

impl Object {
    /// The object of this name. `None` if no run can have created it.
    pub fn of(kind: Kind, name: &str) -> Option<Self> {
        let object = Self {
            kind,
            name: name.to_owned(),
        };
        object.run_id().is_some().then_some(object)
    }

    /// The id of the run that has created it.
    pub fn run_id(&self) -> Option<&str> {
        let rest = self.file_name()?.strip_prefix(PREFIX)?;
        let id = match self.kind {
            Kind::Table => {
                let (id, table) = rest.strip_prefix('_')?.split_once('_')?;
                TABLES.contains(&table).then_some(id)?
            }
            Kind::RedisKey => {
                let (id, key) = rest.strip_prefix(':')?.split_once(':')?;
                let keys = super::redis::EVENT_KEYS;
                let braced = id.strip_prefix('{').and_then(|id| id.strip_suffix('}'));
                keys.contains(&key).then(|| braced.unwrap_or(id))?
            }
            Kind::KafkaTopic => rest.strip_prefix('.')?.strip_suffix(".coupon_create")?,
            Kind::KafkaConsumerGroup => rest.strip_prefix('.')?,
            Kind::Folder => rest.strip_prefix('_')?.split_once('_')?.0,
        };
        is_run_id(id).then_some(id)
    }

    /// The name, without the path of a folder.
    fn file_name(&self) -> Option<&str> {
        match self.kind {
            Kind::Folder => self.name.rsplit('/').next(),
            _ => Some(&self.name),
        }
    }
}

/// A new, unique id of a run: its start time and a random number. Objects that the run leaves behind have an age by their names.
pub fn new_run_id() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.unwrap_or_default().as_secs();
    format!("{seconds:08x}{:08x}", rand::random::<u32>())
}

/// Whether the text has the form of a run id. Ids of 8 digits are of earlier versions, without a time.
pub fn is_run_id(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    matches!(text.len(), TIME_DIGITS | ALL_DIGITS) && text.bytes().all(is_digit)
}

/// The time since the start of a run. `None` if its id has no time.
pub fn age(run_id: &str, now: SystemTime) -> Option<Duration> {
    let time = run_id
        .get(..TIME_DIGITS)
        .filter(|_| run_id.len() == ALL_DIGITS)?;
    let began = UNIX_EPOCH + Duration::from_secs(u64::from_str_radix(time, 16).ok()?);
    now.duration_since(began).ok()
}

/// The folders of runs in the folder for temporary files.
pub fn folders() -> Vec<Object> {
    let folder = std::env::temp_dir();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders
        .filter_map(|entry| Object::of(Kind::Folder, entry.path().to_str()?))
        .collect()
}

/// Removes folders of runs.
///
/// # Errors
/// The first folder that cannot be removed.
pub fn remove_folders(objects: &[Object]) -> Result<(), String> {
    for object in objects {
        let removed = fs::remove_dir_all(PathBuf::from(&object.name));
        removed.map_err(|error| format!("failed to remove {}: {error}", object.name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn run_of(kind: Kind, name: &str) -> Option<String> {
        Some(Object::of(kind, name)?.run_id()?.to_owned())
    }

    #[test]
    fn the_names_of_a_run_are_recognized() {
        let id = new_run_id();
        for (kind, name) in [
            (Kind::Table, format!("coupon_bench_{id}_coupon")),
            (Kind::Table, format!("coupon_bench_{id}_stock")),
            (Kind::RedisKey, format!("coupon_bench:{id}:coupon_count")),
            (
                Kind::RedisKey,
                format!("coupon_bench:{{{id}}}:applied_user"),
            ),
            (Kind::KafkaTopic, format!("coupon_bench.{id}.coupon_create")),
            (Kind::KafkaConsumerGroup, format!("coupon_bench.{id}")),
            (Kind::Folder, format!("/tmp/coupon_bench_{id}_aB3x")),
        ] {
            assert_eq!(run_of(kind, &name).as_deref(), Some(&*id), "{name}");
        }
        assert!(run_of(Kind::Table, "coupon_bench_0a1b2c3d_event").is_some());
    }

    #[test]
    fn similar_names_are_not_recognized() {
        let id = new_run_id();
        for (kind, name) in [
            (Kind::Table, format!("coupon_bench_{id}_coupons")),
            (Kind::Table, format!("coupon_bench_{id}")),
            (Kind::Table, format!("my_coupon_bench_{id}_coupon")),
            (Kind::Table, "coupon_bench_history_coupon".to_owned()),
            (Kind::Table, format!("coupon_bench_{id}_coupon; drop")),
            (Kind::RedisKey, format!("coupon_bench:{id}:mine")),
            (
                Kind::RedisKey,
                "coupon_bench:config:coupon_count".to_owned(),
            ),
            (Kind::KafkaTopic, format!("coupon_bench.{id}.other")),
            (
                Kind::KafkaConsumerGroup,
                format!("coupon_bench.{id}.reader"),
            ),
            (Kind::KafkaConsumerGroup, "coupon_bench.reports".to_owned()),
            (Kind::Folder, "/tmp/coupon_bench_runs".to_owned()),
            (
                Kind::Folder,
                format!("/tmp/coupon_bench_{}_x", id.to_uppercase() + "F"),
            ),
        ] {
            assert_eq!(run_of(kind, &name), None, "{name}");
        }
    }

    #[test]
    fn an_id_has_the_start_time_of_its_run() {
        let age = age(&new_run_id(), SystemTime::now() + Duration::from_mins(5)).unwrap();
        assert!((299..=302).contains(&age.as_secs()), "{age:?}");
        assert_eq!(super::age("0a1b2c3d", SystemTime::now()), None);
    }
}
