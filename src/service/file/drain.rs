//! `[drain]` as typed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use crate::input::raw_value::{RawValue, one_or_many};

/// How the end of the service's work is recognized.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drain {
    pub synchronous: Option<bool>,
    pub http: Option<Spanned<DrainHttp>>,
    pub kafka: Option<DrainKafka>,
    pub redis: Option<Spanned<DrainRedis>>,
    pub rabbitmq: Option<DrainRabbitMq>,
    pub sql: Option<RawValue>,
    pub db: Option<RawValue>,
    pub unchanged_for: Option<RawValue>,
    pub timeout: Option<RawValue>,
}

/// A condition on a response of the service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrainHttp {
    pub method: Option<RawValue>,
    pub url: RawValue,
    #[serde(default)]
    pub headers: BTreeMap<String, RawValue>,
    pub pointer: RawValue,
    pub equals: Option<Value>,
    pub contains: Option<Value>,
    pub matches: Option<RawValue>,
    pub exists: Option<bool>,
}

/// A Kafka consumer group without lag.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrainKafka {
    pub brokers: RawValue,
    pub group: RawValue,
    #[serde(deserialize_with = "one_or_many")]
    pub topic: Vec<RawValue>,
}

/// Lists, a stream with its consumer group, or a key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrainRedis {
    pub url: RawValue,
    #[serde(default, deserialize_with = "one_or_many")]
    pub list: Vec<RawValue>,
    pub stream: Option<RawValue>,
    pub group: Option<RawValue>,
    pub key: Option<RawValue>,
}

/// A RabbitMQ queue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrainRabbitMq {
    pub url: RawValue,
    pub vhost: Option<RawValue>,
    pub queue: RawValue,
    pub collected_every: Option<RawValue>,
}

impl Drain {
    /// Whether the table has a condition, `unchanged_for` or `synchronous`, and not only a timeout.
    pub fn has_criterion(&self) -> bool {
        self.synchronous == Some(true) || self.waits()
    }

    /// Whether the table has a condition or `unchanged_for`.
    pub fn waits(&self) -> bool {
        self.http.is_some()
            || self.kafka.is_some()
            || self.redis.is_some()
            || self.rabbitmq.is_some()
            || self.sql.is_some()
            || self.unchanged_for.is_some()
    }
}
