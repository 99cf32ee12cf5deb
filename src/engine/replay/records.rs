//! The topic of a replay: real records in the order of a schedule.
//!
//! In a schedule, a record is in the topic from the step that produced it, and records are read in the order of their production.
//! Therefore a produce step ends with the broker's answer, and the records of several partitions are sorted.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::{
    instrument::gated,
    model::interleaving::CallFault,
    ports::{Acknowledgement, Batch, Consumer, Delivery, Result, Topic, UserId},
};

/// The records that were produced and read.
#[derive(Default)]
struct Log {
    produced: Vec<UserId>,
    /// The records that the consumer was given, at most as many as were produced.
    read: Vec<Delivery>,
    committed: usize,
    /// Records that were read from the cluster before their turn.
    early: VecDeque<Delivery>,
}

impl Log {
    /// The user of the next record.
    fn due(&self) -> Option<UserId> {
        self.produced.get(self.read.len()).copied()
    }
}

/// The log of one replay. All clones share one state.
#[derive(Clone, Default)]
pub struct Records(Arc<Mutex<Log>>);

impl Records {
    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn due(&self) -> Option<UserId> {
        self.lock().due()
    }

    /// Whether there is a record to read.
    pub fn any(&self) -> bool {
        self.due().is_some()
    }

    /// Moves back to the last commit, for a consumer that starts again.
    pub fn rewind(&self) {
        let mut log = self.lock();
        let committed = log.committed;
        log.read.truncate(committed);
        log.early.clear();
    }

    /// The topic in front of the topic of the cluster.
    pub fn topic(&self, inner: Arc<dyn Topic>) -> Arc<dyn Topic> {
        Arc::new(Settled {
            inner,
            records: self.clone(),
        })
    }

    /// The consumer in front of the consumer of the cluster. It reads at most `batch` records at once.
    pub fn consumer(&self, inner: Arc<dyn Consumer>, batch: usize) -> Box<dyn Consumer> {
        Box::new(InOrder {
            inner,
            records: self.clone(),
            batch,
        })
    }
}

struct Settled {
    inner: Arc<dyn Topic>,
    records: Records,
}

#[async_trait]
impl Topic for Settled {
    async fn produce(&self, user: UserId) -> Result<Acknowledgement> {
        let fate = self.inner.produce(user).await?.delivered().await;
        if fate.is_ok() {
            self.records.lock().produced.push(user);
        }
        Ok(Acknowledgement::new(std::future::ready(fate)))
    }
}

struct InOrder {
    inner: Arc<dyn Consumer>,
    records: Records,
    batch: usize,
}

impl InOrder {
    /// Reads from the cluster until the record of `user` has come.
    async fn of(&self, user: UserId) -> Result<Option<Delivery>> {
        loop {
            let early = {
                let mut log = self.records.lock();
                let at = log.early.iter().position(|record| record.user == user);
                at.and_then(|at| log.early.remove(at))
            };
            if early.is_some() {
                return Ok(early);
            }
            let Some(batch) = self.inner.poll().await? else {
                return Ok(None);
            };
            self.records.lock().early.extend(batch.deliveries());
        }
    }
}

#[async_trait]
impl Consumer for InOrder {
    async fn poll(&self) -> Result<Option<Batch>> {
        if gated::fault() == Some(CallFault::Repeated) {
            let last = self.records.lock().read.last().copied();
            return Ok(Batch::new(last.into_iter().collect()));
        }
        let mut batch = Vec::new();
        while batch.len() < self.batch
            && let Some(user) = self.records.due()
        {
            let Some(delivery) = self.of(user).await? else {
                return Ok(None);
            };
            self.records.lock().read.push(delivery);
            batch.push(delivery);
        }
        Ok(Batch::new(batch))
    }

    async fn commit(&self, batch: &Batch) -> Result<()> {
        self.inner.commit(batch).await?;
        let mut log = self.records.lock();
        let last = batch.deliveries().last();
        if let Some(at) = log.read.iter().rposition(|read| Some(read) == last) {
            log.committed = at + 1;
        }
        Ok(())
    }
}
