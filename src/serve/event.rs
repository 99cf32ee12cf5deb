//! One event on its databases and brokers, from its creation to its removal.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use tokio::sync::watch;

use super::{
    ServeSettings,
    claims::{DecisionCounts, EventClaims},
};
use crate::{
    adapters::{
        Backend, OpenError, Role, kafka::Kafka, liveness::Liveness, redis::Redis,
        remains::new_run_id,
    },
    engine::run::{Consumers, DrainResult, Pipeline},
};

/// The pause between two checks whether all claims have ended.
const PAUSE: Duration = Duration::from_millis(1);

/// An open event.
pub(super) struct ServedEvent {
    backend: Backend,
    consumers: Consumers,
    current: Arc<EventClaims>,
}

/// The ledger of an event, and whether more coupons can follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// The name of the strategy.
    pub strategy: &'static str,
    /// The number of coupons.
    pub limit: u64,
    /// The number of rows.
    pub issued: u64,
    /// The users of the rows, sorted. A user with two rows is listed twice.
    pub users: Vec<u64>,
    /// Whether all work was done when the rows were read: no claim in progress, no unsent record, and no record that the consumers
    /// have not committed.
    pub drained: bool,
    /// The number of records that the consumers had not committed. 0 without a topic, `None` if the cluster did not answer.
    pub lag: Option<u64>,
    /// The number of claims with the response `issued`.
    pub told_issued: u64,
}

/// The result of an event that has ended.
pub(super) struct Finished {
    pub told: DecisionCounts,
    pub ledger: Result<Ledger, String>,
    pub drained: DrainResult,
    pub kept: Vec<String>,
    pub left_behind: Vec<String>,
}

impl ServedEvent {
    pub async fn open(settings: &ServeSettings) -> Result<Self, OpenError> {
        let backend = Backend::open(
            &settings.scenario.demand(),
            settings.entry,
            &new_run_id(),
            Role::Owner,
        )
        .await?;
        let strategy = (settings.entry.build)(&backend.event(settings.limit()));
        let consumers = Consumers::start(&strategy, &backend, None);
        Ok(Self {
            current: Arc::new(EventClaims::new(strategy, Liveness::of(&backend))),
            backend,
            consumers,
        })
    }

    pub fn current(&self) -> Arc<EventClaims> {
        Arc::clone(&self.current)
    }

    /// The names and versions of the services.
    pub fn backends(&self) -> String {
        let database = Some(self.backend.database.info());
        let redis = self.backend.redis.as_ref().map(Redis::info);
        let kafka = self.backend.kafka.as_ref().map(Kafka::info);
        let all = [database, redis, kafka].into_iter().flatten();
        let named: Vec<_> = all
            .map(|info| {
                let embedded = if info.embedded { " (embedded)" } else { "" };
                format!("{} {}{embedded}", info.kind, info.version)
            })
            .collect();
        named.join(" · ")
    }

    /// The number of records that the consumers have not committed. 0 without a topic.
    pub async fn lag(&self) -> Result<u64, String> {
        match &self.backend.kafka {
            None => Ok(0),
            Some(kafka) => kafka.lag().await,
        }
    }

    /// Reads the rows. The remaining work is read before them, so that no row can be added between the two unnoticed.
    pub async fn ledger(&mut self, settings: &ServeSettings) -> Result<Ledger, String> {
        let kafka = self.backend.kafka.as_ref();
        let idle = self.current.in_flight() == 0;
        let sent = kafka.is_none_or(|kafka| kafka.deliveries().pending() == 0);
        let lag = self.lag().await;
        if let Err(problem) = &lag {
            tracing::warn!("failed to ask for the consumer lag: {problem}");
        }
        let rows = self.backend.rows().await?;
        let mut users: Vec<_> = rows.into_iter().map(|user| user.0).collect();
        users.sort_unstable();
        Ok(Ledger {
            strategy: settings.entry.name,
            limit: settings.limit(),
            issued: users.len() as u64,
            users,
            drained: idle && sent && lag == Ok(0),
            lag: lag.ok(),
            told_issued: self.current.told().issued,
        })
    }

    /// Waits until all work is done, then removes or keeps the event. No new claim may begin.
    pub async fn finish(mut self, settings: &ServeSettings) -> Finished {
        // A signal stops the server, and never this drain.
        let (_hold, stop) = watch::channel(false);
        let pipeline = Pipeline {
            kafka: self.backend.kafka.as_ref(),
            consumers: Some(&self.consumers),
            patience: settings.scenario.drain_patience(),
        };
        let drained = pipeline
            .drain(all_ended(Arc::clone(&self.current)), stop)
            .await;
        let ledger = self.ledger(settings).await;
        let told = self.current.told();
        let (kept, left_behind) = self.remove(settings.scenario.keep).await;
        Finished {
            told,
            ledger,
            drained,
            kept,
            left_behind,
        }
    }

    /// Removes the event as soon as no claim is in progress. Returns the objects that could not be removed. No new claim may begin.
    pub async fn discard(self, settings: &ServeSettings) -> Vec<String> {
        let ended = all_ended(Arc::clone(&self.current));
        if tokio::time::timeout(settings.timeout(), ended)
            .await
            .is_err()
        {
            tracing::warn!(
                "claims of the last event are still in progress; their tables are removed"
            );
        }
        self.remove(false).await.1
    }

    /// The clients close when their last owner is dropped. That has to happen before their servers end.
    async fn remove(mut self, keep: bool) -> (Vec<String>, Vec<String>) {
        self.consumers.shutdown().await;
        drop(self.current);
        self.backend.close(keep).await
    }
}

/// Waits until only the event and this function hold a reference, so that no claim does.
async fn all_ended(current: Arc<EventClaims>) {
    while Arc::strong_count(&current) > 2 {
        tokio::time::sleep(PAUSE).await;
    }
}
