//! Consumer lag as the cluster says it: the end of every partition, less what the group has committed.

use std::{sync::Arc, time::Duration};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaResult,
};

use super::{CONNECT_TIMEOUT, Clients, PARTITIONS};

/// Asks for the group's offsets without being a member of it.
pub struct Lag {
    client: BaseConsumer,
    topic: String,
}

impl Lag {
    pub(super) fn new(clients: &Clients) -> KafkaResult<Self> {
        let client = clients.config().set("group.id", &clients.group).create()?;
        Ok(Self {
            client,
            topic: clients.topic.clone(),
        })
    }

    /// Whether a broker answers within `patience`.
    pub async fn ping(self: &Arc<Self>, patience: Duration) -> Result<(), String> {
        let this = Arc::clone(self);
        let ask = move || {
            this.client
                .fetch_metadata(Some(&this.topic), patience)
                .map(drop)
        };
        // The client's questions block.
        let asked = tokio::task::spawn_blocking(ask).await;
        let asked = asked.map_err(|error| error.to_string())?;
        asked.map_err(|error| error.to_string())
    }

    /// Records between the group's committed offsets and the ends of the topic. Blocks.
    pub fn ask(&self) -> KafkaResult<u64> {
        let mut partitions = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            partitions.add_partition(&self.topic, partition);
        }
        let committed = self.client.committed_offsets(partitions, CONNECT_TIMEOUT)?;
        let mut lag = 0;
        for element in committed.elements() {
            let (_, end) =
                self.client
                    .fetch_watermarks(&self.topic, element.partition(), CONNECT_TIMEOUT)?;
            let done = match element.offset() {
                Offset::Offset(offset) => offset,
                // Nothing was committed yet.
                _ => 0,
            };
            lag += u64::try_from(end - done).unwrap_or(0);
        }
        Ok(lag)
    }
}
