//! The addresses of services. `Display` and `Debug` of an address mask its password.

mod sentinel;
mod tls_ca;
pub(crate) mod with_password;

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};
use url::Url;

pub use sentinel::SentinelUrl;
pub use tls_ca::TlsCa;

use crate::{
    model::workload::{DbConnection, Rate},
    strategies::{Entry, Need},
    text::redact::names,
};

/// The services of a run, and how the run uses them.
///
/// Serialized with the passwords: the one use is the message to a process of `--instances`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Services {
    /// The database.
    #[serde(with = "with_password")]
    pub db: DbTarget,
    /// Connections in the database's pool, at least 1.
    pub db_pool: u32,
    /// How long a claim keeps a database connection.
    pub db_connection: DbConnection,
    /// Redis.
    #[serde(with = "with_password")]
    pub redis: RedisTarget,
    /// Multiplexed connections to Redis, at least 1.
    pub redis_connections: u32,
    /// Kafka.
    #[serde(with = "with_password")]
    pub kafka: KafkaTarget,
    /// Members of the consumer group; 0 only in `ceiling`, which produces records that are not consumed.
    pub consumers: u32,
    /// The most records in one batch of a consumer, at least 1.
    pub consumer_batch: u32,
    /// The most records a second of all consumers together; `None` is no limit.
    pub consumer_rate: Option<Rate>,
    /// The certificate authority of services with TLS; `None` is the public authorities.
    pub tls_ca: Option<TlsCa>,
}

/// The address of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DbTarget {
    /// SQLite in a private file of the run, removed at its end.
    PrivateSqlite,
    /// SQLite in a file of the user.
    Sqlite(PathBuf),
    /// A server of this kind.
    Server(DbKind, ServiceUrl),
}

/// The kind of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DbKind {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
}

/// The protocol of a database, and with it the driver and the form of the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// A file.
    Sqlite,
    /// The protocol of PostgreSQL.
    Postgres,
    /// The protocol of MySQL.
    Mysql,
}

impl DbKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];

    /// The name of the kind, its driver, and the schemes of its URLs.
    const fn description(self) -> (&'static str, Driver, &'static [&'static str]) {
        match self {
            Self::Sqlite => ("sqlite", Driver::Sqlite, &["sqlite"]),
            Self::Postgres => ("postgres", Driver::Postgres, &["postgres", "postgresql"]),
            Self::Mysql => ("mysql", Driver::Mysql, &["mysql", "mariadb"]),
        }
    }

    /// The name, which is also the canonical scheme of a URL.
    pub const fn name(self) -> &'static str {
        self.description().0
    }

    /// The driver that connects to it.
    pub const fn driver(self) -> Driver {
        self.description().1
    }

    /// The kind whose URLs have this scheme; `None` where no database has it.
    pub fn of_scheme(scheme: &str) -> Option<Self> {
        let has = |kind: &Self| kind.description().2.contains(&scheme);
        Self::ALL.into_iter().find(has)
    }

    /// Why this kind of database cannot run `entry`; `None` if it can.
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
        f.pad(self.name())
    }
}

impl DbTarget {
    /// The kind of the database.
    pub fn kind(&self) -> DbKind {
        match self {
            Self::PrivateSqlite | Self::Sqlite(_) => DbKind::Sqlite,
            Self::Server(kind, _) => *kind,
        }
    }
}

/// The address of a Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedisTarget {
    /// The embedded Redis of this process.
    Embedded,
    /// A server, or any node of a cluster: `redis://` or `rediss://`.
    Url(ServiceUrl),
    /// The master that the sentinels name.
    Sentinel(SentinelUrl),
}

/// The address of a Kafka cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KafkaTarget {
    /// librdkafka's mock cluster in this process.
    Embedded,
    /// The brokers of a cluster: `host:port`, separated by commas.
    Brokers(String),
}

/// A URL whose `Display` and `Debug` mask the password.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceUrl(Url);

impl ServiceUrl {
    /// Wraps a parsed URL.
    pub fn new(url: Url) -> Self {
        Self(url)
    }

    /// The URL with its password, for the driver only.
    pub fn with_password(&self) -> &str {
        self.0.as_str()
    }

    /// The parsed URL.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&names::url(&self.0))
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
            Self::Server(_, url) => url.fmt(f),
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
