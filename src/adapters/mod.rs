//! Everything that speaks to a service or embeds one. A run opens what its strategy needs, and nothing else.
//!
//! No strategy's name occurs here. Each service has a folder: [`database`], [`redis`], [`kafka`]; what needs no service
//! is in [`local`]. All objects of a run carry its id in their names and are removed by [`Backend::close`].

pub mod absent;
pub mod files;
pub mod http;
pub mod kafka;
pub mod local;
pub mod pulse;
pub mod redis;
pub mod registry;
pub mod remains;
pub mod sql;

use std::{sync::Arc, time::Duration};

use crate::{
    input::address::{DbTarget, KafkaTarget, RedisTarget, Services},
    model::workload::Workload,
    ports::{Consumer, Event, Patience, UserId},
    strategies::{Entry, Need},
    text::redact,
};
use kafka::Kafka;
use redis::Redis;
use registry::{Ended, Record, Registration};
use sql::{Database, Schema};

/// How long a service may take to answer the first time.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// A service that could not be reached, or failed while a run was set up.
#[derive(Debug, Clone, thiserror::Error)]
#[error("failed to use {target} ({flag}): {message}{}", advice(message))]
pub struct OpenError {
    /// The flag that names it.
    pub flag: &'static str,
    /// Where it should be, password masked.
    pub target: String,
    /// The service's or the system's words.
    pub message: String,
}

/// What to do where nobody answers.
fn advice(message: &str) -> &'static str {
    if message.contains("Connection refused") {
        "; is it running?"
    } else {
        ""
    }
}

impl OpenError {
    /// A failure of what `flag` names.
    pub fn new(flag: &'static str, target: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            flag,
            target: target.into(),
            message: redact::foreign(&message.into()),
        }
    }

    /// The same, with what could not be removed afterwards.
    fn and(mut self, left: &[String]) -> Self {
        for problem in left {
            self.message.push_str("; ");
            self.message.push_str(problem);
        }
        self
    }
}

/// What a service says it is.
#[derive(Debug, Clone)]
pub struct ServiceInfo {
    /// `sqlite`, `postgres`, `mysql`, `mariadb`, `redis`, `kafka`.
    pub kind: &'static str,
    /// As the service says it.
    pub version: String,
    /// Whether it runs inside this process.
    pub embedded: bool,
}

/// What this process is to a run's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Creates and removes them, and works with them.
    Owner,
    /// Creates and removes them; others work with them.
    Host,
    /// Works with what a host has created.
    Guest,
}

/// Where a guest finds the services of a host. Holds passwords.
pub struct Addresses {
    /// For `--db`.
    pub db: String,
    /// For `--redis`.
    pub redis: String,
    /// For `--kafka`.
    pub kafka: String,
}

/// The services of one run.
pub struct Backend {
    /// Always there: it holds the ledger.
    pub database: Database,
    /// Where the strategy needs it.
    pub redis: Option<Redis>,
    /// Where the strategy needs it.
    pub kafka: Option<Kafka>,
    /// Says that the run is alive, unless this process is only a guest of it.
    registration: Option<Registration>,
}

/// What a run asks of its services.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// Where they are.
    pub services: &'a Services,
    /// How much is to be done.
    pub workload: &'a Workload,
    /// Processes that share the users, at least 1.
    pub instances: u32,
    /// Whether the database also holds the table of the bystander.
    pub orders: bool,
}

impl Backend {
    /// Opens what `entry` needs, all at once, and makes it ready if the workload asks for that.
    /// What was created is removed again if something else cannot be opened.
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
        // Before anything is created: what is found later belongs to a run that is known.
        let registration = (role != Role::Guest)
            .then(|| Registration::enter(record(services, entry, run_id, schema)));
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

    /// Where a guest finds these services.
    pub fn addresses(&self) -> Addresses {
        let embedded = || "embedded".to_owned();
        Addresses {
            db: self.database.address(),
            redis: self.redis.as_ref().map_or_else(embedded, Redis::address),
            kafka: self.kafka.as_ref().map_or_else(embedded, Kafka::address),
        }
    }

    /// The ports, for a strategy to be built on.
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

    /// The members of the consumer group; none where there is no topic.
    pub fn consumers(&self) -> Vec<Box<dyn Consumer>> {
        self.kafka
            .as_ref()
            .map(Kafka::consumers)
            .unwrap_or_default()
    }

    /// What has happened to the services so far that explains a ledger.
    pub async fn notes(&self) -> Vec<String> {
        match &self.redis {
            Some(redis) => redis.notes().await,
            None => Vec::new(),
        }
    }

    /// The ledger: the user of every coupon, in the order of the rows.
    pub async fn rows(&self) -> Result<Vec<UserId>, String> {
        self.database.rows().await
    }

    /// Removes everything the run created, or leaves it and says what it is called.
    /// The second list holds what could not be removed.
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
                (false, _) => Ended::LeftBehind,
                (true, false) => Ended::Kept,
                (true, true) => Ended::Removed,
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

/// What a run says of itself before it creates anything.
fn record(services: &Services, entry: &Entry, run_id: &str, schema: Schema) -> Record {
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
    Record {
        run_id: run_id.to_owned(),
        process: std::process::id(),
        services: outside
            .map(|(flag, target, _)| (flag.to_owned(), target))
            .collect(),
        objects,
        kept: false,
    }
}

/// Services as they came up, some of them perhaps not.
struct Parts {
    database: Result<Database, OpenError>,
    redis: Result<Option<Redis>, OpenError>,
    kafka: Result<Option<Kafka>, OpenError>,
    registration: Option<Registration>,
}

impl Parts {
    async fn all_or_nothing(self) -> Result<Backend, OpenError> {
        match self {
            Self {
                database: Ok(database),
                redis: Ok(redis),
                kafka: Ok(kafka),
                registration,
            } => Ok(Backend {
                database,
                redis,
                kafka,
                registration,
            }),
            Self {
                database,
                redis,
                kafka,
                registration,
            } => {
                let (mut errors, mut left) = (Vec::new(), Vec::new());
                match database {
                    Ok(database) => left.extend(database.remove().await.err()),
                    Err(error) => errors.push(error),
                }
                match redis {
                    Ok(Some(redis)) => left.extend(redis.close(false).await.err()),
                    Ok(None) => {}
                    Err(error) => errors.push(error),
                }
                match kafka {
                    Ok(Some(kafka)) => left.extend(kafka.close(false).await.err()),
                    Ok(None) => {}
                    Err(error) => errors.push(error),
                }
                if let Some(registration) = registration.filter(|_| left.is_empty()) {
                    registration.end(Ended::Removed);
                }
                Err(errors.swap_remove(0).and(&left))
            }
        }
    }
}
