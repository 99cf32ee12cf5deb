//! Consumer lag as the cluster says it: the end of every partition, less what the group has committed.

use std::{sync::Arc, time::Duration};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaResult,
};

use super::{CONNECT_TIMEOUT, Clients, PARTITIONS, words};

/// Asks for a group's offsets without being a member of it.
pub struct Lag {
    client: BaseConsumer,
    group: String,
    topics: Vec<String>,
}

/// What a cluster tells of a group that somebody else made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupLag {
    /// The group has so many records before it.
    Records {
        /// Between the committed offsets and the ends of the topics.
        count: u64,
        /// The cluster knows the group, and it has no members.
        no_members: bool,
    },
    /// A topic that does not exist.
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

    /// Of any group on any topics. Connects to the cluster. Blocks.
    pub fn connect(brokers: &str, group: String, topics: Vec<String>) -> Result<Self, String> {
        let clients = Clients {
            brokers: brokers.to_owned(),
            topic: String::new(),
            group,
            ca: None,
        };
        let lag = Self::new(&clients).map(|lag| Self { topics, ..lag });
        let lag = lag.map_err(|error| words(&error))?;
        // Its answer is not needed: a group that is asked for too early would wait for the brokers without saying so.
        let asked = lag
            .client
            .fetch_metadata(lag.topics.first().map(String::as_str), CONNECT_TIMEOUT);
        asked.map(|_| lag).map_err(|error| {
            let patience = CONNECT_TIMEOUT.as_secs();
            format!("no broker answered within {patience} s: {}", words(&error))
        })
    }

    /// Whether a broker answers within `patience`.
    pub async fn ping(self: &Arc<Self>, patience: Duration) -> Result<(), String> {
        let this = Arc::clone(self);
        let ask = move || {
            let topic = this.topics.first().map(String::as_str);
            this.client.fetch_metadata(topic, patience).map(drop)
        };
        // The client's questions block.
        let asked = tokio::task::spawn_blocking(ask).await;
        let asked = asked.map_err(|error| error.to_string())?;
        asked.map_err(|error| error.to_string())
    }

    /// Records between the group's committed offsets and the ends of the run's own topic. Blocks.
    pub fn ask(&self) -> KafkaResult<u64> {
        let mut partitions = TopicPartitionList::new();
        for topic in &self.topics {
            for partition in 0..PARTITIONS {
                partitions.add_partition(topic, partition);
            }
        }
        self.behind(partitions)
    }

    /// The same for topics of any number of partitions, which may not exist yet. Blocks.
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
                // Records that the topic does not keep any more cannot be read either.
                Offset::Offset(offset) => offset.max(start),
                // Nothing was committed yet.
                _ => start,
            };
            lag += u64::try_from(end - done).unwrap_or(0);
        }
        Ok(lag)
    }

    /// Only of groups of the classic protocol: this request does not know others.
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
