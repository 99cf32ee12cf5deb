//! A check whether the services of a run answer.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{Backend, kafka::Lag, redis::Redis};
use crate::adapters::{redis::Client, sql::Ping};

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Pings each service on a connection of its own, because the connections of the run can be busy.
pub struct Liveness {
    database: (&'static str, Ping),
    redis: Option<Arc<Client>>,
    kafka: Option<Arc<Lag>>,
}

impl Liveness {
    /// The check of these services.
    pub fn of(backend: &Backend) -> Self {
        Self {
            database: (backend.database.info().kind, backend.database.ping()),
            redis: backend.redis.as_ref().map(Redis::client),
            kafka: backend.kafka.as_ref().map(super::kafka::Kafka::lag_client),
        }
    }

    /// The services that do not answer, each with its name and the reason. Empty if all answer.
    pub async fn problems(&self) -> Vec<String> {
        let (kind, ping) = &self.database;
        let redis = async {
            match &self.redis {
                Some(client) => client.ping().await,
                None => Ok(()),
            }
        };
        let kafka = async {
            match &self.kafka {
                Some(lag) => lag.ping(PATIENCE).await,
                None => Ok(()),
            }
        };
        let (database, redis, kafka) =
            tokio::join!(in_time(ping.ask()), in_time(redis), in_time(kafka));
        let answers = [(*kind, database), ("redis", redis), ("kafka", kafka)];
        let problem = |(name, answer): (&str, Result<(), String>)| {
            answer.err().map(|why| format!("{name} is down: {why}"))
        };
        answers.into_iter().filter_map(problem).collect()
    }
}

async fn in_time(asked: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let silent = || format!("no answer within {} s", PATIENCE.as_secs());
    // A little longer, so that a client with a timeout of its own reports its own error.
    let answer = timeout(PATIENCE + PATIENCE / 10, asked).await;
    answer.unwrap_or_else(|_| Err(silent()))
}
