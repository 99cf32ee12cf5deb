//! A member of the run's consumer group.
//!
//! An offset can be sent to the cluster only after the strategy has committed it. The client sends these offsets every few
//! milliseconds. One request for each record would wait for the request before it: 7 ms each on Kafka 4.1.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::FutureExt;
use rdkafka::{
    ClientContext, Message, Offset, TopicPartitionList,
    consumer::{
        BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance, StreamConsumer,
    },
    error::{KafkaError, KafkaResult},
    message::BorrowedMessage,
    types::RDKafkaErrorCode,
};
use tokio::sync::watch;

use super::{CONNECT_TIMEOUT, Clients, PARTITIONS, pace::Pace, words};
use crate::ports::{Batch, Consumer, Delivery, Effect, PortError, Result, UserId};

const POLL: &str = "poll coupon_create";

/// The interval of commits to the cluster, in milliseconds.
const COMMIT_INTERVAL_MS: &str = "10";

/// The pause after an error of a broker.
const RECEIVE_PAUSE: Duration = Duration::from_millis(50);

/// How long a member may wait between two polls without losing its partitions: one day, the maximum of the client.
const LONGEST_PAUSE_MS: &str = "86400000";

/// Receives the events of the client.
pub(super) struct Context {
    /// The number of assigned partitions.
    pub(super) partitions: watch::Sender<i32>,
    /// The fatal error of the client.
    pub(super) fatal: watch::Sender<Option<String>>,
}

impl ClientContext for Context {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::info!(%error, reason, "kafka consumer");
        if matches!(error, KafkaError::Global(RDKafkaErrorCode::Fatal)) {
            self.fatal.send_replace(Some(reason.to_owned()));
        }
    }
}

impl ConsumerContext for Context {
    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, _: &Rebalance<'_>) {
        let count = consumer
            .assignment()
            .map_or(0, |partitions| partitions.count());
        tracing::debug!(partitions = count, "kafka consumer assigned");
        self.partitions
            .send_replace(i32::try_from(count).unwrap_or(PARTITIONS));
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            // Not an error of the run: the lag shows records that are not committed.
            tracing::info!(%error, "an offset was not committed");
        }
    }
}

/// The settings of all members of this process.
pub struct Reading {
    /// The maximum number of records of a poll.
    pub batch: usize,
    /// The rate limit of all members together. `None`: no limit.
    pub pace: Option<Pace>,
}

/// [`Consumer`] in a group.
pub struct Member {
    pub(super) consumer: StreamConsumer<Context>,
    pub(super) topic: String,
    stopped: watch::Receiver<bool>,
    reading: Arc<Reading>,
    consumed: AtomicU64,
}

impl Member {
    pub(super) fn new(
        clients: &Clients,
        reading: &Arc<Reading>,
        stopped: watch::Receiver<bool>,
    ) -> KafkaResult<Self> {
        let context = Context {
            partitions: watch::Sender::new(0),
            fatal: watch::Sender::new(None),
        };
        let consumer: StreamConsumer<Context> = clients
            .config()
            .set("group.id", &clients.group)
            // KIP-848: the first record arrives after 0.1 s, where the classic protocol waits 3 s for its first rebalance.
            .set("group.protocol", "consumer")
            .set("enable.auto.offset.store", "false")
            .set("auto.commit.interval.ms", COMMIT_INTERVAL_MS)
            .set("auto.offset.reset", "earliest")
            .set("fetch.wait.max.ms", "10")
            // A member with a rate limit waits between two polls.
            .set("max.poll.interval.ms", LONGEST_PAUSE_MS)
            .create_with_context(context)?;
        consumer.subscribe(&[&clients.topic])?;
        Ok(Self {
            consumer,
            topic: clients.topic.clone(),
            stopped,
            reading: Arc::clone(reading),
            consumed: AtomicU64::new(0),
        })
    }

    /// Waits for the next record. After an error of a broker it tries again, as any consumer does: no record was read, so none is
    /// lost. The drain decides whether this takes too long.
    pub(super) async fn receive(&self) -> Result<BorrowedMessage<'_>> {
        loop {
            let error = match self.consumer.recv().await {
                Ok(record) => return Ok(record),
                Err(error) => error,
            };
            tracing::info!(%error, "kafka consumer");
            if let Some(reason) = self.consumer.context().fatal.borrow().clone() {
                return Err(PortError::new(POLL, Effect::None, reason));
            }
            tokio::time::sleep(RECEIVE_PAUSE).await;
        }
    }

    /// Continues at the committed offsets, as after a restart.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn read_on(self: &Arc<Self>) -> std::result::Result<(), String> {
        let member = Arc::clone(self);
        // The calls of librdkafka block.
        let rewound = tokio::task::spawn_blocking(move || member.rewind()).await;
        let rewound = rewound.map_err(|error| error.to_string())?;
        rewound.map_err(|error| words(&error))
    }

    fn rewind(&self) -> KafkaResult<()> {
        match self.consumer.commit_consumer_state(CommitMode::Sync) {
            // There is no offset to commit.
            Ok(()) | Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => {}
            Err(error) => return Err(error),
        }
        let committed = self.consumer.committed(CONNECT_TIMEOUT)?;
        for partition in committed.elements() {
            let offset = match partition.offset() {
                Offset::Offset(next) => Offset::Offset(next),
                _ => Offset::Beginning,
            };
            self.consumer
                .seek(&self.topic, partition.partition(), offset, CONNECT_TIMEOUT)?;
        }
        Ok(())
    }

    /// The number of records read, including redeliveries.
    pub fn consumed(&self) -> u64 {
        self.consumed.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Consumer for Arc<Member> {
    async fn poll(&self) -> Result<Option<Batch>> {
        let mut stopped = self.stopped.clone();
        let first = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return Ok(None),
            record = self.receive() => delivery(&record?)?,
        };
        let mut deliveries = vec![first];
        while deliveries.len() < self.reading.batch
            // Records that the client has already fetched are available without waiting.
            && let Some(record) = self.receive().now_or_never()
        {
            deliveries.push(delivery(&record?)?);
        }
        self.consumed
            .fetch_add(deliveries.len() as u64, Ordering::Relaxed);
        if let Some(pace) = &self.reading.pace {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return Ok(None),
                () = pace.turn(deliveries.len()) => {}
            }
        }
        Ok(Batch::new(deliveries))
    }

    async fn commit(&self, batch: &Batch) -> Result<()> {
        let fail =
            |error: KafkaError| PortError::new("commit offset", Effect::Unknown, words(&error));
        // The last offset of each partition: records of a partition are in order.
        let last: BTreeMap<_, _> = batch
            .deliveries()
            .iter()
            .map(|delivery| (delivery.partition, delivery.offset))
            .collect();
        for (partition, offset) in last {
            // The client adds 1, for the next offset to read.
            self.consumer
                .store_offset(&self.topic, partition, offset)
                .map_err(fail)?;
        }
        Ok(())
    }
}

fn delivery(record: &BorrowedMessage<'_>) -> Result<Delivery> {
    let text = record
        .payload_view::<str>()
        .and_then(std::result::Result::ok);
    let user = text.and_then(|text| text.parse().ok()).map(UserId);
    let user = user
        .ok_or_else(|| PortError::new(POLL, Effect::None, "a record that is not a user number"))?;
    Ok(Delivery {
        user,
        partition: record.partition(),
        offset: record.offset(),
    })
}
