//! Whether the services of a run answer now.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{Backend, kafka::Lag, redis::Redis};
use crate::adapters::redis::Client;
use crate::adapters::sql::Ping;

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks each service with as little as possible, beside the connections of the run, which may be busy.
pub struct Pulse {
    database: (&'static str, Ping),
    redis: Option<Arc<Client>>,
    kafka: Option<Arc<Lag>>,
}

impl Pulse {
    /// Of these services.
    pub fn of(backend: &Backend) -> Self {
        Self {
            database: (backend.database.info().kind, backend.database.ping()),
            redis: backend.redis.as_ref().map(Redis::client),
            kafka: backend.kafka.as_ref().map(super::kafka::Kafka::lag_client),
        }
    }

    /// What does not answer, each with its name; empty where all do.
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
    // A little longer than a client that watches the time itself.
    let answer = timeout(PATIENCE + PATIENCE / 10, asked).await;
    answer.unwrap_or_else(|_| Err(silent()))
}
