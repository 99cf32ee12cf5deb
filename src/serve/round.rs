//! One event on its services, from its creation to its removal.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use tokio::sync::watch;

use super::{
    Plan,
    claims::{Current, Told},
};
use crate::{
    adapters::{
        Backend, OpenError, Role, kafka::Kafka, pulse::Pulse, redis::Redis, remains::new_run_id,
    },
    engine::run::{Consumers, DrainResult, Pipeline},
};

/// Between two looks at whether all claims have ended.
const PAUSE: Duration = Duration::from_millis(1);

/// An event that is open.
pub(super) struct Round {
    backend: Backend,
    consumers: Consumers,
    current: Arc<Current>,
}

/// What the database holds, and whether more may come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Which strategy.
    pub strategy: &'static str,
    /// Coupons.
    pub limit: u64,
    /// Rows.
    pub issued: u64,
    /// Their users, sorted; a user with two rows twice.
    pub users: Vec<u64>,
    /// Whether nothing was under way any more when the rows were read: no claim, no record on its way to the broker, none that
    /// the consumers have not committed.
    pub drained: bool,
    /// Records that the consumers had not committed; 0 where there is no topic, `None` where the cluster did not say.
    pub lag: Option<u64>,
    /// Claims that were told that the coupon is theirs.
    pub told_issued: u64,
}

/// What is left of an event.
pub(super) struct Finished {
    pub told: Told,
    pub ledger: Result<Ledger, String>,
    pub drained: DrainResult,
    pub kept: Vec<String>,
    pub left_behind: Vec<String>,
}

impl Round {
    pub async fn open(plan: &Plan) -> Result<Self, OpenError> {
        let backend = Backend::open(
            &plan.scenario.demand(),
            plan.entry,
            &new_run_id(),
            Role::Owner,
        )
        .await?;
        let strategy = (plan.entry.build)(&backend.event(plan.limit()));
        let consumers = Consumers::start(&strategy, &backend, None);
        Ok(Self {
            current: Arc::new(Current::new(strategy, Pulse::of(&backend))),
            backend,
            consumers,
        })
    }

    pub fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current)
    }

    /// The services, as they say what they are.
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

    /// Records that the consumers have not committed; 0 where there is no topic.
    pub async fn lag(&self) -> Result<u64, String> {
        match &self.backend.kafka {
            None => Ok(0),
            Some(kafka) => kafka.lag().await,
        }
    }

    /// Reads the rows. What may still come is asked first: afterwards, it might have come in between.
    pub async fn ledger(&mut self, plan: &Plan) -> Result<Ledger, String> {
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
            strategy: plan.entry.name,
            limit: plan.limit(),
            issued: users.len() as u64,
            users,
            drained: idle && sent && lag == Ok(0),
            lag: lag.ok(),
            told_issued: self.current.told().issued,
        })
    }

    /// Lets everything come to its end, then removes the event or leaves it behind. Nobody may claim any more.
    pub async fn finish(mut self, plan: &Plan) -> Finished {
        // What is interrupted here is the program, not a drain.
        let (_hold, stop) = watch::channel(false);
        let pipeline = Pipeline {
            kafka: self.backend.kafka.as_ref(),
            consumers: Some(&self.consumers),
            patience: plan.scenario.drain_patience(),
        };
        let drained = pipeline
            .drain(all_ended(Arc::clone(&self.current)), stop)
            .await;
        let ledger = self.ledger(plan).await;
        let told = self.current.told();
        let (kept, left_behind) = self.remove(plan.scenario.keep).await;
        Finished {
            told,
            ledger,
            drained,
            kept,
            left_behind,
        }
    }

    /// Throws the event away as soon as no claim is under way: what could not be removed. Nobody may claim any more.
    pub async fn discard(self, plan: &Plan) -> Vec<String> {
        let ended = all_ended(Arc::clone(&self.current));
        if tokio::time::timeout(plan.timeout(), ended).await.is_err() {
            tracing::warn!(
                "claims of the last event are still under way; their tables are removed"
            );
        }
        self.remove(false).await.1
    }

    /// The clients close once their last user is gone, and have to do so while their servers are still there.
    async fn remove(mut self, keep: bool) -> (Vec<String>, Vec<String>) {
        self.consumers.shutdown().await;
        drop(self.current);
        self.backend.close(keep).await
    }
}

/// Until only the event itself and whoever waits here know of it.
async fn all_ended(current: Arc<Current>) {
    while Arc::strong_count(&current) > 2 {
        tokio::time::sleep(PAUSE).await;
    }
}
