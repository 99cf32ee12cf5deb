//! Waiting until nothing is under way any more: late attempts, records on their way to the broker, records that the consumers
//! have not committed. The cluster is asked; nothing is assumed after a sleep.

use std::time::{Duration, Instant};

use tokio::{sync::watch, task::JoinSet};

use crate::{backend::kafka::Kafka, ports};

/// Between two questions, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// How the drain went.
#[derive(Debug, Clone, Default)]
pub struct Drained {
    /// Whether nothing was under way any more.
    pub complete: bool,
    /// How long it took.
    pub took: Duration,
    /// Records that the consumers had not committed at the last look.
    pub lag: Option<u64>,
    /// What kept it from draining.
    pub trouble: Option<String>,
}

/// Waits until `settled` ends and the topic, where there is one, is empty; for at most `timeout`, and not at all once `stop`
/// is true.
pub async fn drain(
    settled: impl Future<Output = ()>,
    kafka: Option<&Kafka>,
    consumers: &mut JoinSet<ports::Result<()>>,
    timeout: Duration,
    mut stop: watch::Receiver<bool>,
) -> Drained {
    let begin = Instant::now();
    let mut state = Drained::default();
    let all = async {
        settled.await;
        match kafka {
            None => state.complete = true,
            Some(kafka) => pipeline(kafka, consumers, &mut state).await,
        }
    };
    tokio::select! {
        _ = tokio::time::timeout(timeout, all) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    state.took = begin.elapsed();
    state
}

/// Waits until the topic is empty, or will never be.
async fn pipeline(kafka: &Kafka, consumers: &mut JoinSet<ports::Result<()>>, state: &mut Drained) {
    let (mut pause, longest) = PAUSE;
    loop {
        let deliveries = kafka.deliveries();
        // Nothing was produced and nothing is pending: no need to ask the cluster about an empty topic.
        if deliveries.pending() == 0 {
            match kafka.lag().await {
                Ok(lag) => state.lag = Some(lag),
                Err(error) => {
                    state.trouble = Some(format!("failed to ask for the consumer lag: {error}"));
                }
            }
            if state.lag == Some(0) {
                (state.complete, state.trouble) = (true, None);
                return;
            }
        }
        // A consumer ends before the run does only with an error; what it has not committed stays where it is.
        if let Some(ended) = consumers.try_join_next() {
            state.trouble = Some(match ended {
                Ok(Err(error)) => format!("a consumer ended: {error}"),
                Ok(Ok(())) => "a consumer ended".to_owned(),
                Err(error) => format!("a consumer ended: {error}"),
            });
            if consumers.is_empty() {
                return;
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}
