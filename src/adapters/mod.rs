//! The connections to services, and the embedded services. A run opens only the services that its strategy needs.
//!
//! The objects of a run have its id in their names, and [`Backend::close`] removes them. No strategy is named here.
//!
//! # Layout
//!
//! - databases: [`sql`]
//! - [`redis`]: Redis, and an embedded Redis server
//! - [`kafka`]: Kafka, and an embedded cluster
//! - [`http`]: an HTTP client with measured connections
//! - [`local`], [`absent`]: ports without a service
//! - [`liveness`]: a check whether the services of a run answer
//! - [`remains`], [`run_registry`]: the objects that runs create, and the runs that are alive
//! - [`files`]: the limit of open files

pub mod absent;
mod error;
pub mod files;
pub mod http;
pub mod kafka;
pub mod liveness;
pub mod local;
mod parts;
pub mod redis;
pub mod remains;
pub mod run_registry;
pub mod sql;

pub use error::OpenError;

use std::{sync::Arc, time::Duration};

use crate::{
    input::address::{DbTarget, KafkaTarget, RedisTarget, Services},
    model::workload::Workload,
    ports::{Consumer, Event, Patience, UserId},
    strategies::{Entry, Need},
};
use kafka::Kafka;
use parts::Parts;
use redis::Redis;
use run_registry::{RunEnd, RunRecord, RunRegistration};
use sql::{Database, Schema};

/// How long the first response of a service may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// The kind and the version of a service.
#[derive(Debug, Clone)]
pub struct ServiceInfo {
    /// `sqlite`, `postgres`, `mysql`, `mariadb`, `redis`, `kafka`.
    pub kind: &'static str,
    /// The version, as the service reports it.
    pub version: String,
    /// Whether the service runs in this process.
    pub embedded: bool,
}

/// The role of this process for the objects of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Creates, uses and removes the objects.
    Owner,
    /// Creates and removes the objects. Other processes use them.
    Host,
    /// Uses the objects that a host has created.
    Guest,
}

/// The addresses of the services of a host, for its guests. With passwords.
pub struct Addresses {
    /// The value for `--db`.
    pub db: String,
    /// The value for `--redis`.
    pub redis: String,
    /// The value for `--kafka`.
    pub kafka: String,
}

/// The services of one run.
pub struct Backend {
    /// The database, which every run needs for the ledger.
    pub database: Database,
    /// Redis, if the strategy needs it.
    pub redis: Option<Redis>,
    /// Kafka, if the strategy needs it.
    pub kafka: Option<Kafka>,
    /// The entry that shows that the run is alive. `None` in a guest.
    registration: Option<RunRegistration>,
}

/// The demands of a run on its services.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// The addresses of the services.
    pub services: &'a Services,
    /// The workload.
    pub workload: &'a Workload,
    /// The number of processes that share the users, at least 1.
    pub instances: u32,
    /// Whether the database also needs the tables of the bystander.
    pub orders: bool,
}

impl Backend {
    /// Opens the services that `entry` needs, concurrently, and warms them up if the workload asks for it.
    ///
    /// # Errors
    /// A service cannot be used. The objects that were created on the others are removed.
    pub async fn open(
        demand: &Demand<'_>,
        entry: &Entry,
        run_id: &str,
        role: Role,
    ) -> Result<Self, OpenError> {
        let (services, workload) = (demand.services, demand.workload);
        let records = workload.limit.min(workload.total_attempts());
        let schema = Schema {
            unique_user: entry.needs(Need::UniqueUser),
            prefilled: if entry.needs(Need::Prefilled) {
                workload.limit
            } else {
                0
            },
            orders: demand.orders,
        };
        // Before any object is created, so that every object belongs to a registered run.
        let registration = (role != Role::Guest)
            .then(|| RunRegistration::enter(record(services, entry, run_id, schema)));
        let (database, redis, kafka) = tokio::join!(
            Database::open(services, run_id, schema, role, workload.timeout),
            async {
                if !entry.needs(Need::Redis) {
                    return Ok(None);
                }
                Redis::open(services, run_id, role, workload.timeout)
                    .await
                    .map(Some)
            },
            async {
                if !entry.needs(Need::Kafka) {
                    return Ok(None);
                }
                Kafka::open(demand, run_id, records, role).await.map(Some)
            },
        );
        let opened = Parts {
            database,
            redis,
            kafka,
            registration,
        };
        let backend = opened.all_or_nothing().await?;
        if workload.warmup
            && role != Role::Host
            && let Err(error) = backend.warm_up().await
        {
            let (_, left) = backend.close(false).await;
            return Err(error.and(&left));
        }
        Ok(backend)
    }

    async fn warm_up(&self) -> Result<(), OpenError> {
        let (database, kafka) = tokio::join!(self.database.warm_up(), async {
            match &self.kafka {
                Some(kafka) => kafka.warm_up().await,
                None => Ok(()),
            }
        });
        database.and(kafka)
    }

    /// The addresses of the services, for guests.
    pub fn addresses(&self) -> Addresses {
        let embedded = || "embedded".to_owned();
        Addresses {
            db: self.database.address(),
            redis: self.redis.as_ref().map_or_else(embedded, Redis::address),
            kafka: self.kafka.as_ref().map_or_else(embedded, Kafka::address),
        }
    }

    /// The ports for a strategy.
    pub fn event(&self, limit: u64) -> Event {
        let absent = Arc::new(absent::Absent);
        Event {
            limit,
            coupons: self.database.table(),
            cache: match &self.redis {
                Some(redis) => redis.cache(),
                None => absent.clone(),
            },
            coupon_create: match &self.kafka {
                Some(kafka) => kafka.topic(),
                None => absent,
            },
            mutex: Arc::new(local::LocalMutex::default()),
            clock: Arc::new(local::SystemClock),
            patience: Patience::default(),
        }
    }

    /// The members of the consumer group. Empty without a topic.
    pub fn consumers(&self) -> Vec<Box<dyn Consumer>> {
        self.kafka
            .as_ref()
            .map(Kafka::consumers)
            .unwrap_or_default()
    }

    /// Events of the services during the run that can explain a ledger, such as a restart.
    pub async fn notes(&self) -> Vec<String> {
        match &self.redis {
            Some(redis) => redis.notes().await,
            None => Vec::new(),
        }
    }

    /// Reads the ledger: the user of every coupon, in the order of the rows.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn rows(&self) -> Result<Vec<UserId>, String> {
        self.database.rows().await
    }

    /// Removes all objects of the run, or keeps them. The first list has the objects that were kept, the second the objects that
    /// could not be removed.
    pub async fn close(self, keep: bool) -> (Vec<String>, Vec<String>) {
        let (mut kept, mut problems) = (Vec::new(), Vec::new());
        let registration = self.registration;
        if let Some(kafka) = self.kafka {
            collect(kafka.close(keep).await, &mut kept, &mut problems);
        }
        if let Some(redis) = self.redis {
            collect(redis.close(keep).await, &mut kept, &mut problems);
        }
        if keep {
            kept.extend(self.database.keep().await);
        } else {
            problems.extend(self.database.remove().await.err());
        }
        if let Some(registration) = registration {
            registration.end(match (problems.is_empty(), kept.is_empty()) {
                (false, _) => RunEnd::LeftBehind,
                (true, false) => RunEnd::Kept,
                (true, true) => RunEnd::Removed,
            });
        }
        (kept, problems)
    }
}

fn collect(
    closed: Result<Vec<String>, String>,
    kept: &mut Vec<String>,
    problems: &mut Vec<String>,
) {
    match closed {
        Ok(names) => kept.extend(names),
        Err(problem) => problems.push(problem),
    }
}

/// The entry of a run, before it creates objects.
fn record(services: &Services, entry: &Entry, run_id: &str, schema: Schema) -> RunRecord {
    let mut objects = sql::object_names(&services.db, run_id, schema);
    let mut used = vec![(
        "--db",
        services.db.to_string(),
        services.db != DbTarget::PrivateSqlite,
    )];
    if entry.needs(Need::Redis) && services.redis != RedisTarget::Embedded {
        objects.push(redis::object_names(run_id));
        used.push(("--redis", services.redis.to_string(), true));
    }
    if entry.needs(Need::Kafka) && services.kafka != KafkaTarget::Embedded {
        objects.extend(kafka::object_names(run_id));
        used.push(("--kafka", services.kafka.to_string(), true));
    }
    let outside = used.into_iter().filter(|(_, _, outside)| *outside);
    RunRecord {
        run_id: run_id.to_owned(),
        process: std::process::id(),
        services: outside
            .map(|(flag, target, _)| (flag.to_owned(), target))
            .collect(),
        objects,
        kept: false,
    }
}
