//! The mock cluster of librdkafka: a broker in this process, over loopback TCP, with limited memory.

use std::{sync::mpsc, thread::JoinHandle};

use rdkafka::{mocking::MockCluster, producer::DefaultProducerContext, util::get_rdkafka_version};

use super::PARTITIONS;

/// The maximum number of records of a run. The mock cluster keeps at most 100,000 records and 5 MiB in a partition and drops older
/// records silently. With about 100 bytes a record and all users in one partition, this number is always kept.
pub const CAPACITY: u64 = 50_000;

/// A cluster of one broker, on a thread of its own, because the handle of the library cannot be moved to another thread.
pub struct EmbeddedKafka {
    brokers: String,
    /// Dropping this stops the thread.
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedKafka {
    /// Starts the cluster with `topic`.
    ///
    /// # Errors
    /// The cluster could lose some of `records`, or cannot be started.
    pub fn start(topic: &str, records: u64) -> Result<Self, String> {
        if records > CAPACITY {
            return Err(format!(
                "the run may produce {records} records, but the embedded cluster can only be trusted to keep \
                 {CAPACITY}: lower --limit, or name a real cluster with --kafka"
            ));
        }
        let (stop, stopped) = mpsc::channel::<()>();
        let (started, brokers) = mpsc::channel();
        let topic = topic.to_owned();
        let thread = std::thread::Builder::new()
            .name("embedded-kafka".to_owned())
            .spawn(move || {
                let cluster = cluster(&topic);
                let _ = started.send(
                    cluster
                        .as_ref()
                        .map(MockCluster::bootstrap_servers)
                        .map_err(Clone::clone),
                );
                // Ends when the sender is dropped.
                let _ = stopped.recv();
            })
            .map_err(|error| error.to_string())?;
        let brokers = brokers.recv().map_err(|error| error.to_string())??;
        Ok(Self {
            brokers,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The addresses of the brokers.
    pub fn brokers(&self) -> String {
        self.brokers.clone()
    }

    /// The version of the library.
    pub fn version() -> String {
        format!("librdkafka {} mock", get_rdkafka_version().1)
    }
}

impl Drop for EmbeddedKafka {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread needs no further handling.
            let _ = thread.join();
        }
    }
}

fn cluster(topic: &str) -> Result<MockCluster<'static, DefaultProducerContext>, String> {
    let cluster = MockCluster::new(1).map_err(|error| error.to_string())?;
    cluster
        .create_topic(topic, PARTITIONS, 1)
        .map_err(|error| error.to_string())?;
    Ok(cluster)
}
