//! The Kafka topic as the strategies see it: produce with an acknowledgement, consume with a commit.

use async_trait::async_trait;
use futures::future::BoxFuture;

use super::{Result, UserId};

/// The producing side.
#[async_trait]
pub trait Topic: Send + Sync {
    /// Hands a record keyed by the user to the producer. It is not delivered before the returned
    /// [`Acknowledgement`] says so; dropping that is "fire and forget".
    async fn produce(&self, user: UserId) -> Result<Acknowledgement>;
}

/// The broker's answer to a record, still on its way.
#[must_use = "a record is not delivered until this is awaited; drop it on purpose to fire and forget"]
pub struct Acknowledgement(BoxFuture<'static, Result<()>>);

impl Acknowledgement {
    /// Wraps the future that ends with the delivery.
    pub fn new(delivery: impl Future<Output = Result<()>> + Send + 'static) -> Self {
        Self(Box::pin(delivery))
    }

    /// Waits until all in-sync replicas have the record.
    pub async fn delivered(self) -> Result<()> {
        self.0.await
    }
}

/// A record that a consumer has read and not yet committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// Whose claim it is.
    pub user: UserId,
    /// The partition it was read from.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
}

/// Records that a consumer has read at once and not yet committed, in the order of reading. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch(Vec<Delivery>);

impl Batch {
    /// Of these records; `None` where there are none.
    pub fn new(deliveries: Vec<Delivery>) -> Option<Self> {
        (!deliveries.is_empty()).then_some(Self(deliveries))
    }

    /// Whose claims they are.
    pub fn users(&self) -> Vec<UserId> {
        self.0.iter().map(|delivery| delivery.user).collect()
    }

    /// The records.
    pub fn deliveries(&self) -> &[Delivery] {
        &self.0
    }
}

/// One member of the run's consumer group.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// The next records, at most as many as the run's `--consumer-batch`: those that are there, without waiting for more than the
    /// first. `None` when the run is over and nothing more will come.
    async fn poll(&self) -> Result<Option<Batch>>;

    /// Commits the offsets after `batch`: it will not be delivered again to this group.
    async fn commit(&self, batch: &Batch) -> Result<()>;
}
