//! The Kafka topic as the strategies use it: produce with an acknowledgement, consume with a commit.

use async_trait::async_trait;
use futures::future::BoxFuture;

use super::{Result, UserId};

/// The producing side.
#[async_trait]
pub trait Topic: Send + Sync {
    /// Hands a record with the user as its key to the producer. The record is delivered when the returned [`Acknowledgement`]
    /// ends without an error. A strategy that drops the acknowledgement does "fire and forget".
    ///
    /// # Errors
    ///
    /// If the producer refuses the record, for example because its queue is full.
    async fn produce(&self, user: UserId) -> Result<Acknowledgement>;
}

/// The pending answer of the broker to a record.
#[must_use = "a record is not delivered until this is awaited; drop it on purpose to fire and forget"]
pub struct Acknowledgement(BoxFuture<'static, Result<()>>);

impl Acknowledgement {
    /// Wraps the future that ends with the broker's answer.
    pub fn new(delivery: impl Future<Output = Result<()>> + Send + 'static) -> Self {
        Self(Box::pin(delivery))
    }

    /// Waits until all in-sync replicas have the record.
    ///
    /// # Errors
    ///
    /// If the broker refuses the record, or its answer does not come in time.
    pub async fn delivered(self) -> Result<()> {
        self.0.await
    }
}

/// A record that a consumer has read and not yet committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// The user whose claim the record is.
    pub user: UserId,
    /// The partition it was read from.
    pub partition: i32,
    /// The offset of the record in the partition.
    pub offset: i64,
}

/// Records that a consumer has read in one poll and not yet committed, in the order of reading. A batch is never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch(Vec<Delivery>);

impl Batch {
    /// A batch of these records; `None` without records.
    pub fn new(deliveries: Vec<Delivery>) -> Option<Self> {
        (!deliveries.is_empty()).then_some(Self(deliveries))
    }

    /// The users whose claims the records are.
    pub fn users(&self) -> Vec<UserId> {
        self.0.iter().map(|delivery| delivery.user).collect()
    }

    /// The records.
    pub fn deliveries(&self) -> &[Delivery] {
        &self.0
    }
}

/// One member of the run's consumer group.
///
/// # Errors
///
/// Both calls return a [`PortError`](super::PortError) if the broker refuses them or does not answer.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// The next records, at most as many as `--consumer-batch`. A poll waits for the first record and takes the others that are
    /// available. `None` after the end of the run, when no record will follow.
    async fn poll(&self) -> Result<Option<Batch>>;

    /// Commits the offsets after `batch`, so that the batch is not delivered to this group again.
    async fn commit(&self, batch: &Batch) -> Result<()>;
}
