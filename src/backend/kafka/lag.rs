//! Consumer lag as the cluster says it: the end of every partition, less what the group has committed.

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
