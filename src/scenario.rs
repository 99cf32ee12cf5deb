//! What is to be run, validated: the flags and the file as meant, not as typed.
//!
//! [`crate::cli`] turns flags and a TOML file into a [`Scenario`]; everything after it relies on these types and
//! checks nothing again. No I/O is here.

mod arrivals;
mod rate;
mod sentinel;
mod tls_ca;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

pub use arrivals::{Arrivals, Phase, Profile, Spacing};
pub use rate::Rate;
pub use sentinel::SentinelUrl;
pub use tls_ca::TlsCa;

use crate::{
    assertion::Assertion,
    redact::meaning,
    strategy::{Entry, Need, Promise},
    target::Target,
};

/// The largest share of attempts that may stay undecided, where nobody says.
pub const MAX_UNDECIDED: f64 = 0.05;

/// Everything that decides what a run does.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// A name for people, from the scenario file.
    pub title: Option<String>,
    /// What is put to the test, at least one.
    pub subjects: Vec<Subject>,
    /// Those of `all` that the database cannot run.
    pub refused: Vec<Refused>,
    /// Who asks, how often and how fast.
    pub workload: Workload,
    /// How often each strategy is run, at least once; trials of several strategies are interleaved.
    pub trials: u32,
    /// Processes that share the users, at least 1.
    pub instances: u32,
    /// Where it runs.
    pub services: Services,
    /// Orders a second of the bystander; `None` is none.
    pub bystander_rate: Option<Rate>,
    /// Whether every step is written down.
    pub trace: bool,
    /// Whether the run's objects are left behind.
    pub keep: bool,
    /// The largest share of attempts, 0 to 1, that may fail or stay without an answer before a run is inconclusive.
    pub max_undecided: f64,
    /// What must be true of every run, besides the promises.
    pub assertions: Vec<Assertion>,
}

impl Scenario {
    /// How long the drain may stand still: the timeout, and what paced consumers wait from one batch to the next.
    pub fn drain_patience(&self) -> Duration {
        let pause = self.services.consumer_rate.map(|rate| {
            let period = rate.shared_by(self.instances).period();
            period.saturating_mul(self.services.consumer_batch)
        });
        self.workload
            .timeout
            .saturating_add(pause.unwrap_or_default())
    }
}

/// What is asked for coupons.
#[derive(Debug, Clone)]
pub enum Subject {
    /// One of the catalogue, on services of ours.
    Strategy(&'static Entry),
    /// A service of the user's own.
    Target(Arc<Target>),
}

impl Subject {
    /// What it is called: a target by its title, where it has one.
    pub fn name(&self) -> &str {
        match self {
            Self::Strategy(entry) => entry.name,
            Self::Target(target) => target.title.as_deref().unwrap_or(&target.name),
        }
    }

    /// Whether somebody calls it so: a target by its file's name as well.
    pub fn is_called(&self, name: &str) -> bool {
        match self {
            Self::Strategy(entry) => entry.name == name,
            Self::Target(target) => target.name == name || self.name() == name,
        }
    }

    /// What it is held to.
    pub fn promise(&self) -> Promise {
        match self {
            Self::Strategy(entry) => entry.promise,
            Self::Target(target) => target.promise,
        }
    }

    /// Whether a user who asks twice gets at most one coupon.
    pub fn one_per_user(&self) -> bool {
        match self {
            Self::Strategy(entry) => entry.one_per_user,
            Self::Target(target) => target.one_per_user,
        }
    }
}

/// A strategy that the database cannot run.
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    /// Which.
    pub entry: &'static Entry,
    /// Why.
    pub reason: &'static str,
}

/// Who asks, how often and how fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Workload {
    /// Distinct users, at least 1.
    pub users: u64,
    /// Coupons, at least 1.
    pub limit: u64,
    /// Attempts each user makes, at least 1.
    pub attempts: u32,
    /// How they are spread over time.
    pub arrivals: Arrivals,
    /// Decides everything of the input that is drawn: the order in which users arrive, and a Poisson process.
    pub seed: u64,
    /// For one attempt, and for a drain that stands still.
    pub timeout: Duration,
    /// Whether connections, producer and consumer are made ready before the clock starts.
    pub warmup: bool,
}

impl Workload {
    /// Attempts of all users together.
    pub fn total_attempts(&self) -> u64 {
        self.users * u64::from(self.attempts)
    }
}

/// Where a run finds its services, and how it speaks to them.
#[derive(Debug, Clone)]
pub struct Services {
    /// The database.
    pub db: DbTarget,
    /// Connections in the database's pool, at least 1.
    pub db_pool: u32,
    /// How long a claim keeps a connection.
    pub db_connection: DbConnection,
    /// Redis.
    pub redis: RedisTarget,
    /// Multiplexed connections to Redis, at least 1.
    pub redis_connections: u32,
    /// Kafka.
    pub kafka: KafkaTarget,
    /// Members of the consumer group; 0 only where a strategy produces and nobody consumes.
    pub consumers: u32,
    /// The most records that a consumer takes at once, at least 1.
    pub consumer_batch: u32,
    /// Records that all consumers together take; `None` is as fast as they can.
    pub consumer_rate: Option<Rate>,
    /// Who signs the certificates of services that speak TLS; `None` trusts the public authorities.
    pub tls_ca: Option<TlsCa>,
}

/// Which database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DbTarget {
    /// SQLite in a private file of the run's own, removed at its end.
    PrivateSqlite,
    /// SQLite in a file of the user's.
    Sqlite(PathBuf),
    /// PostgreSQL.
    Postgres(ServiceUrl),
    /// MySQL or MariaDB.
    Mysql(ServiceUrl),
}

/// What kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DbKind {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
}

impl DbKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];

    /// Why `entry` cannot run on it; `None` if it can.
    pub fn refusal(self, entry: &Entry) -> Option<&'static str> {
        entry.needs.iter().find_map(|need| match (self, need) {
            (Self::Sqlite, Need::NamedLocks) => Some("SQLite has no named locks"),
            (Self::Sqlite, Need::SkipLocked) => {
                Some("SQLite locks the whole database, so there are no locked rows to skip")
            }
            _ => None,
        })
    }
}

impl fmt::Display for DbKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        })
    }
}

impl DbTarget {
    /// What kind it is.
    pub fn kind(&self) -> DbKind {
        match self {
            Self::PrivateSqlite | Self::Sqlite(_) => DbKind::Sqlite,
            Self::Postgres(_) => DbKind::Postgres,
            Self::Mysql(_) => DbKind::Mysql,
        }
    }
}

/// How long a claim keeps a database connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DbConnection {
    /// One from the pool for each statement.
    Statement,
    /// One held from a claim's first statement to its end, as with an open session in view.
    Request,
}

/// Which Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedisTarget {
    /// The one in this process.
    Embedded,
    /// A server, or any node of a cluster: `redis://` or `rediss://`.
    Url(ServiceUrl),
    /// The master that sentinels name.
    Sentinel(SentinelUrl),
}

/// Which Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KafkaTarget {
    /// librdkafka's mock cluster in this process.
    Embedded,
    /// A cluster, as a comma list of `host:port`.
    Brokers(String),
}

/// A URL that never shows its password.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceUrl(Url);

impl ServiceUrl {
    /// Wraps a parsed URL.
    pub fn new(url: Url) -> Self {
        Self(url)
    }

    /// The whole URL, password included: for the driver alone.
    pub fn with_password(&self) -> &str {
        self.0.as_str()
    }

    /// The parsed URL: for its parts.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&meaning::url(&self.0))
    }
}

impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for DbTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PrivateSqlite => f.write_str("sqlite"),
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) | Self::Mysql(url) => url.fmt(f),
        }
    }
}

impl fmt::Display for RedisTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded"),
            Self::Url(url) => url.fmt(f),
            Self::Sentinel(url) => url.fmt(f),
        }
    }
}

impl fmt::Display for KafkaTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded"),
            Self::Brokers(brokers) => f.write_str(brokers),
        }
    }
}
