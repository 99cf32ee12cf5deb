//! How the end of a service's work is seen: what the target file says about it, and the questions that are asked after the load.
//!
//! A condition proves that nothing is under way: a queue is empty, a consumer group has no lag, the service says so itself. A
//! ledger that stands still proves nothing, as a slow worker looks the same. [`super::stage`] holds both against what users were
//! promised.

mod answer;
mod kafka;
mod rabbitmq;
mod redis;
mod sql;

use std::time::Duration;

pub use answer::Answer;
pub use kafka::KafkaLag;
pub use rabbitmq::{COLLECTED_EVERY, RabbitQueue};
pub use redis::{RedisBacklog, RedisWork};
pub use sql::SqlZero;

use super::Event;
use crate::adapters::http::Client;

/// How the end of the work is seen.
#[derive(Debug)]
pub enum Drain {
    /// A claim is answered after its coupon is durable, so no work is left once all claims are answered.
    Synchronous,
    /// The service works on after its answers.
    Watched(Watched),
}

/// What is watched after the load.
#[derive(Debug)]
pub struct Watched {
    /// Each of them has to hold. Without any, nothing can prove that no work is under way.
    pub conditions: Vec<Condition>,
    /// How long the ledger has to stand still besides.
    pub unchanged_for: Option<Duration>,
    /// How long to wait after something last moved; `None` is as long as for an attempt.
    pub timeout: Option<Duration>,
}

impl Watched {
    /// Whether it says how the end of the work is seen, and not only how long to wait.
    pub fn says_how(&self) -> bool {
        !self.conditions.is_empty() || self.unchanged_for.is_some()
    }
}

/// Something that holds only if no work is under way.
#[derive(Debug)]
pub enum Condition {
    /// The service answers a question so.
    Answer(Box<Answer>),
    /// A Kafka consumer group has no lag.
    Kafka(KafkaLag),
    /// Lists, a stream's group or a key in Redis are empty.
    Redis(RedisBacklog),
    /// A RabbitMQ queue is empty.
    Rabbit(RabbitQueue),
    /// A query returns 0.
    Sql(SqlZero),
}

/// Work that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// How much, where that is a number; 0 is none.
    pub left: Option<u64>,
    /// What was seen, in words.
    pub words: String,
}

impl Backlog {
    /// Whether no work is under way.
    pub fn is_empty(&self) -> bool {
        self.left == Some(0)
    }
}

/// A condition that is connected to whatever tells whether it holds.
pub enum Probe {
    /// Over HTTP.
    Answer(Box<answer::Question>),
    /// From a Kafka cluster.
    Kafka(kafka::Group),
    /// From Redis.
    Redis(redis::Work),
    /// From RabbitMQ.
    Rabbit(rabbitmq::Queue),
    /// From a database.
    Sql(sql::Count),
}

impl Probe {
    /// Connects `condition`. Nothing is asked of it yet.
    pub async fn open(
        condition: &Condition,
        client: &Client,
        event: &Event,
    ) -> Result<Self, String> {
        Ok(match condition {
            Condition::Answer(answer) => Self::Answer(Box::new(answer.open(client, event))),
            Condition::Kafka(lag) => Self::Kafka(lag.open(event).await?),
            Condition::Redis(backlog) => Self::Redis(backlog.open(event).await?),
            Condition::Rabbit(queue) => Self::Rabbit(queue.open(event).await?),
            Condition::Sql(query) => Self::Sql(query.open(event).await?),
        })
    }

    /// What is under way now.
    pub async fn ask(&mut self) -> Result<Backlog, String> {
        match self {
            Self::Answer(question) => question.ask().await,
            Self::Kafka(group) => group.ask().await,
            Self::Redis(work) => work.ask().await,
            Self::Rabbit(queue) => queue.ask().await,
            Self::Sql(count) => count.ask().await,
        }
    }
}
