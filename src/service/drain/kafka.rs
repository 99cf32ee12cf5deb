//! The lag of a Kafka consumer group: records that were produced and that the group has not committed.

use std::sync::Arc;

use super::Backlog;
use crate::{
    adapters::kafka::{GroupLag, Lag},
    service::{AttemptValues, EventValues, Template},
};

/// A consumer group, and the topics that it has to have consumed.
#[derive(Debug)]
pub struct KafkaLag {
    /// The brokers as `HOST:PORT`, separated by commas.
    pub brokers: String,
    /// The name of the group.
    pub group: Template,
    /// The names of the topics.
    pub topics: Vec<Template>,
}

/// The condition on a connection.
pub struct KafkaProbe {
    lag: Arc<Lag>,
    name: String,
    topics: String,
}

impl KafkaLag {
    pub(super) async fn open(&self, event: &EventValues) -> Result<KafkaProbe, String> {
        let name = self.group.fill(event, AttemptValues::NONE);
        let topics = self.topics.iter();
        let topics: Vec<_> = topics
            .map(|topic| topic.fill(event, AttemptValues::NONE))
            .collect();
        let (brokers, group) = (self.brokers.clone(), name.clone());
        let shown = topics.join(" + ");
        // The calls of librdkafka block.
        let connected =
            tokio::task::spawn_blocking(move || Lag::connect(&brokers, group, topics)).await;
        let lag = connected
            .map_err(|error| error.to_string())?
            .map_err(|why| format!("failed to use Kafka at {}: {why}", self.brokers))?;
        Ok(KafkaProbe {
            lag: Arc::new(lag),
            name,
            topics: shown,
        })
    }
}

impl KafkaProbe {
    pub(super) async fn ask(&self) -> Result<Backlog, String> {
        let lag = Arc::clone(&self.lag);
        let asked = tokio::task::spawn_blocking(move || lag.of_any_topics()).await;
        let found = asked.map_err(|error| error.to_string())?;
        let found =
            found.map_err(|error| format!("failed to ask Kafka for the consumer lag: {error}"))?;
        Ok(match found {
            GroupLag::NoTopic(topic) => Backlog {
                left: None,
                words: format!("there is no Kafka topic {topic}"),
            },
            GroupLag::Records { count, no_members } => Backlog {
                left: Some(count),
                words: self.words(count, no_members),
            },
        })
    }

    fn words(&self, count: u64, no_members: bool) -> String {
        let Self { name, topics, .. } = self;
        let members = if no_members {
            ", and it has no members: is the consumer running?"
        } else {
            ""
        };
        format!("the Kafka group {name} has a lag of {count} on {topics}{members}")
    }
}
