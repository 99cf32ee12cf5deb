//! Consumer lag as the cluster says it: the end of every partition, less what the group has committed.

use std::sync::Arc;

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{Consumer, StreamConsumer},
    error::KafkaResult,
};

use super::{
    CONNECT_TIMEOUT, PARTITIONS,
    consumer::{Context, Member},
    words,
};

/// Records between the group's committed offsets and the ends of `topic`.
pub async fn of(member: Arc<Member>, topic: String) -> Result<u64, String> {
    // The client's questions block.
    let asked = tokio::task::spawn_blocking(move || ask(member.client(), &topic));
    match asked.await {
        Ok(Ok(lag)) => Ok(lag),
        Ok(Err(error)) => Err(words(&error)),
        Err(error) => Err(error.to_string()),
    }
}

fn ask(consumer: &StreamConsumer<Context>, topic: &str) -> KafkaResult<u64> {
    let mut partitions = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        partitions.add_partition(topic, partition);
    }
    let committed = consumer.committed_offsets(partitions, CONNECT_TIMEOUT)?;
    let mut lag = 0;
    for element in committed.elements() {
        let (_, end) = consumer.fetch_watermarks(topic, element.partition(), CONNECT_TIMEOUT)?;
        let done = match element.offset() {
            Offset::Offset(offset) => offset,
            // Nothing was committed yet.
            _ => 0,
        };
        lag += u64::try_from(end - done).unwrap_or(0);
    }
    Ok(lag)
}
