//! The lag of a Kafka consumer group: records that were produced and that the group has not committed.

use std::sync::Arc;

use super::Backlog;
use crate::{
    adapters::kafka::{GroupLag, Lag},
    service::{Event, Template, Who},
};

/// A consumer group, and the topics that it has to have worked off.
#[derive(Debug)]
pub struct KafkaLag {
    /// `HOST:PORT`, separated by commas.
    pub brokers: String,
    /// The group.
    pub group: Template,
    /// The topics.
    pub topics: Vec<Template>,
}

/// The group on a connection.
pub struct Group {
    lag: Arc<Lag>,
    name: String,
    topics: String,
}

impl KafkaLag {
    pub(super) async fn open(&self, event: &Event) -> Result<Group, String> {
        let name = self.group.fill(event, Who::NOBODY);
        let topics = self.topics.iter();
        let topics: Vec<_> = topics.map(|topic| topic.fill(event, Who::NOBODY)).collect();
        let (brokers, group) = (self.brokers.clone(), name.clone());
        let shown = topics.join(" + ");
        // The library's questions block.
        let connected =
            tokio::task::spawn_blocking(move || Lag::connect(&brokers, group, topics)).await;
        let lag = connected
            .map_err(|error| error.to_string())?
            .map_err(|why| format!("failed to use Kafka at {}: {why}", self.brokers))?;
        Ok(Group {
            lag: Arc::new(lag),
            name,
            topics: shown,
        })
    }
}

impl Group {
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
