//! How the end of a service's work is recognized: the conditions of `[drain]`, and the wait for them after the load.
//!
//! A condition proves that no work is left: a queue is empty, a consumer group has no lag, or the service reports it. An unchanged
//! ledger proves nothing, because it also stays unchanged while a slow worker works. [`wait`] compares conditions and ledger with
//! the promised coupons.

mod http;
mod kafka;
mod rabbitmq;
mod redis;
mod sql;
pub mod wait;

use std::time::Duration;

pub use http::HttpCondition;
pub use kafka::KafkaLag;
pub use rabbitmq::{COLLECTED_EVERY, RabbitQueue};
pub use redis::{RedisBacklog, RedisWork};
pub use sql::SqlZero;
pub use wait::{DrainOutcome, promised};

use super::EventValues;
use crate::adapters::http::Client;

/// How the end of the service's work is recognized.
#[derive(Debug)]
pub enum Drain {
    /// The service answers a claim after its coupon is durable, so no work is left once all claims are answered.
    Synchronous,
    /// The service continues to work after its responses.
    Watched(Watched),
}

/// What has to become true after the load.
#[derive(Debug)]
pub struct Watched {
    /// All conditions have to hold. Without a condition, nothing proves that no work is left.
    pub conditions: Vec<Condition>,
    /// How long the ledger has to be unchanged, in addition to the conditions.
    pub unchanged_for: Option<Duration>,
    /// How long to wait after the last change. `None`: as long as the timeout of an attempt.
    pub timeout: Option<Duration>,
}

impl Watched {
    /// Whether there is a condition or an `unchanged_for`, and not only a timeout.
    pub fn has_criterion(&self) -> bool {
        !self.conditions.is_empty() || self.unchanged_for.is_some()
    }
}

/// A condition that holds only if no work is left.
#[derive(Debug)]
pub enum Condition {
    /// A response of the service has this value.
    Http(Box<HttpCondition>),
    /// A Kafka consumer group has no lag.
    Kafka(KafkaLag),
    /// Lists, a stream's consumer group or a key in Redis have no work.
    Redis(RedisBacklog),
    /// A RabbitMQ queue is empty.
    Rabbit(RabbitQueue),
    /// A query returns 0.
    Sql(SqlZero),
}

/// The remaining work of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The amount. 0: no work is left. `None`: unknown.
    pub left: Option<u64>,
    /// The observation in words.
    pub words: String,
}

impl Backlog {
    /// Whether no work is left.
    pub fn is_empty(&self) -> bool {
        self.left == Some(0)
    }
}

/// A condition that is connected to the service, the broker or the database that it depends on.
pub enum Probe {
    /// Over HTTP.
    Http(Box<http::HttpProbe>),
    /// From a Kafka cluster.
    Kafka(kafka::KafkaProbe),
    /// From Redis.
    Redis(redis::RedisProbe),
    /// From RabbitMQ.
    Rabbit(rabbitmq::RabbitProbe),
    /// From a database.
    Sql(sql::SqlProbe),
}

impl Probe {
    /// Connects `condition`. It is not checked yet.
    ///
    /// # Errors
    /// The connection failed.
    pub async fn open(
        condition: &Condition,
        client: &Client,
        event: &EventValues,
    ) -> Result<Self, String> {
        Ok(match condition {
            Condition::Http(http) => Self::Http(Box::new(http.open(client, event))),
            Condition::Kafka(lag) => Self::Kafka(lag.open(event).await?),
            Condition::Redis(backlog) => Self::Redis(backlog.open(event).await?),
            Condition::Rabbit(queue) => Self::Rabbit(queue.open(event).await?),
            Condition::Sql(query) => Self::Sql(query.open(event).await?),
        })
    }

    /// Reads the remaining work.
    ///
    /// # Errors
    /// The service, the broker or the database could not be asked.
    pub async fn ask(&mut self) -> Result<Backlog, String> {
        match self {
            Self::Http(http) => http.ask().await,
            Self::Kafka(group) => group.ask().await,
            Self::Redis(work) => work.ask().await,
            Self::Rabbit(queue) => queue.ask().await,
            Self::Sql(count) => count.ask().await,
        }
    }
}
