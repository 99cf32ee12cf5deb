//! The run's idempotent producer. What becomes of every record is counted, whether anybody waits for it or not.

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

/// What became of the records handed to the producer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliveries {
    /// Handed over.
    pub produced: u64,
    /// Acknowledged by all in-sync replicas.
    pub delivered: u64,
    /// Given up.
    pub failed: u64,
}

impl Deliveries {
    /// Takes in those of another producer.
    pub fn add(&mut self, other: Self) {
        self.produced += other.produced;
        self.delivered += other.delivered;
        self.failed += other.failed;
    }

    /// Records whose fate is open.
    pub fn pending(&self) -> u64 {
        self.produced.saturating_sub(self.delivered + self.failed)
    }
}

type Answer = std::result::Result<(), (Effect, String)>;

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
    type DeliveryOpaque = Box<oneshot::Sender<Answer>>;

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
        // Whoever fires and forgets is not there to hear it; the counters are.
        let _ = waiting.send(answer);
    }
}

/// Whether the broker may have the record. Only a refusal says that it has not; after silence it may, with only the answer
/// lost.
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
    /// Bytes of a value, at least; shorter numbers get zeros in front.
    width: usize,
}

impl Producer {
    /// `capacity`: so many records are accepted, and not one more.
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

    /// The same producer, for records with values of so many bytes.
    pub fn filled_up_to(&self, bytes: usize) -> Self {
        Self {
            client: Arc::clone(&self.client),
            topic: self.topic.clone(),
            capacity: self.capacity,
            width: bytes,
        }
    }

    /// Fetches the topic's leaders; the producer's id comes meanwhile, on the client's own thread.
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
        // Fates first: a record that is counted as delivered has been counted as produced before.
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
                "the embedded cluster could not keep any more records".into(),
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
