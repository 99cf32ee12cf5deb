//! The consumer lag from the cluster: the end offset of every partition minus the committed offset of the group.

use std::{sync::Arc, time::Duration};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaResult,
};

use super::{CONNECT_TIMEOUT, Clients, PARTITIONS, words};

/// Reads the offsets of a consumer group without being a member.
pub struct Lag {
    client: BaseConsumer,
    group: String,
    topics: Vec<String>,
}

/// The lag of a consumer group of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupLag {
    /// The number of records that the group has not committed.
    Records {
        /// The records between the committed offsets and the ends of the topics.
        count: u64,
        /// Whether the cluster reports that the group has no members.
        no_members: bool,
    },
    /// This topic does not exist.
    NoTopic(String),
}

impl Lag {
    pub(super) fn new(clients: &Clients) -> KafkaResult<Self> {
        Ok(Self {
            client: clients.config().set("group.id", &clients.group).create()?,
            group: clients.group.clone(),
            topics: vec![clients.topic.clone()],
        })
    }

    /// Connects to a cluster, for any group and any topics. Blocks.
    ///
    /// # Errors
    /// The brokers do not answer, or their addresses are invalid.
    pub fn connect(brokers: &str, group: String, topics: Vec<String>) -> Result<Self, String> {
        let clients = Clients {
            brokers: brokers.to_owned(),
            topic: String::new(),
            group,
            ca: None,
        };
        let lag = Self::new(&clients).map(|lag| Self { topics, ..lag });
        let lag = lag.map_err(|error| words(&error))?;
        // The metadata is not needed. Without this request, an unreachable broker would only show as a slow request for the group.
        let asked = lag
            .client
            .fetch_metadata(lag.topics.first().map(String::as_str), CONNECT_TIMEOUT);
        asked.map(|_| lag).map_err(|error| {
            let patience = CONNECT_TIMEOUT.as_secs();
            format!("no broker answered within {patience} s: {}", words(&error))
        })
    }

    /// Checks that a broker answers within `patience`.
    ///
    /// # Errors
    /// No broker answers.
    pub async fn ping(self: &Arc<Self>, patience: Duration) -> Result<(), String> {
        let this = Arc::clone(self);
        let ask = move || {
            let topic = this.topics.first().map(String::as_str);
            this.client.fetch_metadata(topic, patience).map(drop)
        };
        // The calls of librdkafka block.
        let asked = tokio::task::spawn_blocking(ask).await;
        let asked = asked.map_err(|error| error.to_string())?;
        asked.map_err(|error| error.to_string())
    }

    /// The number of records between the group's committed offsets and the ends of the run's topic. Blocks.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub fn ask(&self) -> KafkaResult<u64> {
        let mut partitions = TopicPartitionList::new();
        for topic in &self.topics {
            for partition in 0..PARTITIONS {
                partitions.add_partition(topic, partition);
            }
        }
        self.behind(partitions)
    }

    /// The same for topics with any number of partitions. The topics need not exist. Blocks.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub fn of_any_topics(&self) -> KafkaResult<GroupLag> {
        let mut partitions = TopicPartitionList::new();
        for name in &self.topics {
            let metadata = self.client.fetch_metadata(Some(name), CONNECT_TIMEOUT)?;
            let topic = metadata.topics().iter().find(|topic| topic.name() == name);
            let known = topic.map_or(&[][..], |topic| topic.partitions());
            if known.is_empty() {
                return Ok(GroupLag::NoTopic(name.clone()));
            }
            for partition in known {
                partitions.add_partition(name, partition.id());
            }
        }
        let count = self.behind(partitions)?;
        Ok(GroupLag::Records {
            count,
            no_members: count > 0 && self.has_no_members(),
        })
    }

    fn behind(&self, partitions: TopicPartitionList) -> KafkaResult<u64> {
        let committed = self.client.committed_offsets(partitions, CONNECT_TIMEOUT)?;
        let mut lag = 0;
        for element in committed.elements() {
            let (start, end) = self.client.fetch_watermarks(
                element.topic(),
                element.partition(),
                CONNECT_TIMEOUT,
            )?;
            let done = match element.offset() {
                // Records that the topic has deleted cannot be read any more.
                Offset::Offset(offset) => offset.max(start),
                // No offset is committed yet.
                _ => start,
            };
            lag += u64::try_from(end - done).unwrap_or(0);
        }
        Ok(lag)
    }

    /// Known only for groups of the classic protocol, which this request is limited to.
    fn has_no_members(&self) -> bool {
        let groups = self
            .client
            .fetch_group_list(Some(&self.group), CONNECT_TIMEOUT);
        groups.is_ok_and(|groups| {
            let mut groups = groups.groups().iter();
            groups.any(|group| group.name() == self.group && group.state() == "Empty")
        })
    }
}
