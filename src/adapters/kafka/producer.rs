//! The idempotent producer of the run. It counts the result of every record, also if no caller waits for it.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use rdkafka::{
    ClientContext, Message,
    error::{KafkaError, KafkaResult},
    message::DeliveryResult,
    producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer},
    types::RDKafkaErrorCode,
};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{CONNECT_TIMEOUT, Clients, words};
use crate::ports::{Acknowledgement, Effect, PortError, Result, Topic, UserId};

const STEP: &str = "produce coupon_create";

/// The results of the records that were passed to the producer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliveries {
    /// The number of records that were passed to the producer.
    pub produced: u64,
    /// The number of records that all in-sync replicas have acknowledged.
    pub delivered: u64,
    /// The number of records that failed.
    pub failed: u64,
}

impl Deliveries {
    /// Adds the results of another producer.
    pub fn add(&mut self, other: Self) {
        self.produced += other.produced;
        self.delivered += other.delivered;
        self.failed += other.failed;
    }

    /// The number of records without a result.
    pub fn pending(&self) -> u64 {
        self.produced.saturating_sub(self.delivered + self.failed)
    }
}

type DeliveryReport = std::result::Result<(), (Effect, String)>;

#[derive(Default)]
pub struct Context {
    produced: AtomicU64,
    delivered: AtomicU64,
    failed: AtomicU64,
}

impl ClientContext for Context {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::info!(%error, reason, "kafka producer");
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<oneshot::Sender<DeliveryReport>>;

    fn delivery(&self, result: &DeliveryResult<'_>, waiting: Self::DeliveryOpaque) {
        let answer = match result {
            Ok(_) => {
                self.delivered.fetch_add(1, Ordering::Release);
                Ok(())
            }
            Err((error, record)) => {
                self.failed.fetch_add(1, Ordering::Release);
                tracing::info!(%error, key = ?record.key_view::<str>(), "a record was not delivered");
                Err((effect(error), words(error)))
            }
        };
        // A caller that does not wait has dropped the receiver. The counters are updated in any case.
        let _ = waiting.send(answer);
    }
}

/// Whether the broker can have the record. Only a refusal proves that it has not. After a timeout it can have the record, and only
/// the acknowledgement was lost.
fn effect(error: &KafkaError) -> Effect {
    use RDKafkaErrorCode as Code;
    match error.rdkafka_error_code() {
        Some(
            Code::MessageSizeTooLarge
            | Code::InvalidMessage
            | Code::InvalidRecord
            | Code::InvalidTopic
            | Code::NotEnoughReplicas
            | Code::PolicyViolation
            | Code::PurgeQueue
            | Code::TopicAuthorizationFailed
            | Code::UnknownTopicOrPartition,
        ) => Effect::None,
        _ => Effect::Unknown,
    }
}

/// [`Topic`] on a cluster.
pub struct Producer {
    client: Arc<ThreadedProducer<Context>>,
    topic: String,
    capacity: Option<u64>,
    /// The minimum size of a value in bytes. Shorter numbers are padded with zeros.
    width: usize,
}

impl Producer {
    /// `capacity`: the maximum number of records.
    pub(super) fn new(
        clients: &Clients,
        capacity: Option<u64>,
        timeout: Duration,
    ) -> KafkaResult<Self> {
        let client = clients
            .config()
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("message.timeout.ms", timeout.as_millis().max(1).to_string())
            .set("queue.buffering.max.messages", "10000000")
            .create_with_context(Context::default())?;
        Ok(Self {
            client: Arc::new(client),
            topic: clients.topic.clone(),
            capacity,
            width: 0,
        })
    }

    /// The same producer, for records with values of at least `bytes` bytes.
    pub fn filled_up_to(&self, bytes: usize) -> Self {
        Self {
            client: Arc::clone(&self.client),
            topic: self.topic.clone(),
            capacity: self.capacity,
            width: bytes,
        }
    }

    /// Fetches the leaders of the topic. The client fetches the id of the producer at the same time, on its own thread.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn warm_up(&self) -> std::result::Result<(), String> {
        let (client, topic) = (Arc::clone(&self.client), self.topic.clone());
        let fetched = tokio::task::spawn_blocking(move || {
            client
                .client()
                .fetch_metadata(Some(&topic), CONNECT_TIMEOUT)
                .map(drop)
        });
        match fetched.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(words(&error)),
            Err(error) => Err(error.to_string()),
        }
    }

    pub fn deliveries(&self) -> Deliveries {
        // Reads the results first: a delivered record has already been counted as produced.
        let context = self.client.context();
        let delivered = context.delivered.load(Ordering::Acquire);
        let failed = context.failed.load(Ordering::Acquire);
        Deliveries {
            produced: context.produced.load(Ordering::Acquire),
            delivered,
            failed,
        }
    }
}

#[async_trait]
impl Topic for Producer {
    async fn produce(&self, user: UserId) -> Result<Acknowledgement> {
        let refuse = |message: String| PortError::new(STEP, Effect::None, message);
        let context = self.client.context();
        let number = context.produced.fetch_add(1, Ordering::AcqRel);
        if self.capacity.is_some_and(|capacity| number >= capacity) {
            context.produced.fetch_sub(1, Ordering::AcqRel);
            return Err(refuse(
                "the embedded cluster cannot keep more records".into(),
            ));
        }
        let key = user.to_string();
        let value = match self.width {
            width if width > key.len() => Cow::Owned("0".repeat(width - key.len()) + &key),
            _ => Cow::Borrowed(&key),
        };
        let (waiting, answer) = oneshot::channel();
        let record = BaseRecord::with_opaque_to(&self.topic, Box::new(waiting))
            .key(&key)
            .payload(value.as_ref());
        if let Err((error, _)) = self.client.send(record) {
            context.produced.fetch_sub(1, Ordering::AcqRel);
            return Err(refuse(words(&error)));
        }
        Ok(Acknowledgement::new(async move {
            match answer.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err((effect, message))) => Err(PortError::new(STEP, effect, message)),
                Err(_) => Err(PortError::new(
                    STEP,
                    Effect::Unknown,
                    "the producer was closed",
                )),
            }
        }))
    }
}
