//! Everything that speaks to a service or embeds one. A run opens what its strategy needs, and nothing else.
//!
//! No strategy's name occurs here. Each service has a folder: [`database`], [`redis`], [`kafka`]; what needs no service
//! is in [`local`]. All objects of a run carry its id in their names and are removed by [`Backend::close`].

pub mod absent;
pub mod database;
pub mod kafka;
pub mod local;
pub mod redis;

use std::{sync::Arc, time::Duration};

use crate::{
    ports::{Consumer, Event, UserId},
    scenario::Scenario,
    strategy::Entry,
};
use database::{Database, Schema};
use kafka::Kafka;
use redis::Redis;

/// How long a service may take to answer the first time.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// A service that could not be reached, or failed while a run was set up.
#[derive(Debug, Clone, thiserror::Error)]
#[error("failed to use {target} ({flag}): {message}")]
pub struct OpenError {
    /// The flag that names it.
    pub flag: &'static str,
    /// Where it should be, password masked.
    pub target: String,
    /// The service's or the system's words.
    pub message: String,
}

impl OpenError {
    /// A failure of what `flag` names.
    pub fn new(flag: &'static str, target: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            flag,
            target: target.into(),
            message: message.into(),
        }
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

/// The services of one run.
pub struct Backend {
    /// Always there: it holds the ledger.
    pub database: Database,
    /// Where the strategy needs it.
    pub redis: Option<Redis>,
    /// Where the strategy needs it.
    pub kafka: Option<Kafka>,
}

impl Backend {
    /// Opens what `entry` needs, all at once, and makes it ready if the workload asks for that.
    /// What was created is removed again if something else cannot be opened.
    pub async fn open(scenario: &Scenario, entry: &Entry, run_id: &str) -> Result<Self, OpenError> {
        let (services, workload) = (&scenario.services, &scenario.workload);
        let records = workload.limit.min(workload.total_attempts());
        let schema = Schema {
            unique_user: entry.needs.unique_user,
            prefilled: if entry.needs.prefilled {
                workload.limit
            } else {
                0
            },
        };
        let (database, redis, kafka) = tokio::join!(
            Database::open(services, run_id, schema, workload.timeout),
            async {
                if !entry.needs.cache {
                    return Ok(None);
                }
                Redis::open(services, run_id).await.map(Some)
            },
            async {
                if !entry.needs.topic {
                    return Ok(None);
                }
                let kafka = Kafka::open(services, run_id, records, workload.timeout);
                kafka.await.map(Some)
            },
        );
        let opened = Parts {
            database,
            redis,
            kafka,
        };
        let backend = opened.all_or_nothing().await?;
        if workload.warmup
            && let Err(error) = backend.warm_up().await
        {
            backend.close(false).await;
            return Err(error);
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
        }
    }

    /// The members of the consumer group; none where there is no topic.
    pub fn consumers(&self) -> Vec<Box<dyn Consumer>> {
        self.kafka
            .as_ref()
            .map(Kafka::consumers)
            .unwrap_or_default()
    }

    /// The ledger: the user of every coupon, in the order of the rows.
    pub async fn rows(&self) -> Result<Vec<UserId>, String> {
        self.database.rows().await
    }

    /// Removes everything the run created, or leaves it and says what it is called.
    /// The second list holds what could not be removed.
    pub async fn close(self, keep: bool) -> (Vec<String>, Vec<String>) {
        let (mut kept, mut problems) = (Vec::new(), Vec::new());
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

/// Services as they came up, some of them perhaps not.
struct Parts {
    database: Result<Database, OpenError>,
    redis: Result<Option<Redis>, OpenError>,
    kafka: Result<Option<Kafka>, OpenError>,
}

impl Parts {
    async fn all_or_nothing(self) -> Result<Backend, OpenError> {
        match self {
            Self {
                database: Ok(database),
                redis: Ok(redis),
                kafka: Ok(kafka),
            } => Ok(Backend {
                database,
                redis,
                kafka,
            }),
            Self {
                database,
                redis,
                kafka,
            } => {
                let mut errors = Vec::new();
                match database {
                    Ok(database) => drop(database.remove().await),
                    Err(error) => errors.push(error),
                }
                match redis {
                    Ok(Some(redis)) => drop(redis.close(false).await),
                    Ok(None) => {}
                    Err(error) => errors.push(error),
                }
                match kafka {
                    Ok(Some(kafka)) => drop(kafka.close(false).await),
                    Ok(None) => {}
                    Err(error) => errors.push(error),
                }
                Err(errors.swap_remove(0))
            }
        }
    }
}
