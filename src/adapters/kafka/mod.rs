//! Kafka: any cluster by its brokers, or the mock cluster of librdkafka in this process.
//!
//! A run has its own topic with [`PARTITIONS`] partitions, one idempotent producer and one consumer group.

mod admin;
mod cluster;
mod consumer;
mod embedded;
mod group;
mod lag;
mod pace;
mod producer;
pub mod remains;
mod security;

use std::{sync::Arc, time::Duration};

use rdkafka::{ClientConfig, error::KafkaError};
use tokio::sync::watch;

use self::{
    admin::Admin, cluster::Cluster, consumer::Reading, embedded::EmbeddedKafka, pace::Pace,
    producer::Producer,
};
use super::{CONNECT_TIMEOUT, Demand, OpenError, Role, ServiceInfo};
use crate::{
    input::address::{KafkaTarget, TlsCa},
    ports::{Consumer, Topic},
    text::redact,
};

pub use consumer::Member;
pub use embedded::CAPACITY;
pub use lag::{GroupLag, Lag};
pub use producer::Deliveries;

/// The number of partitions of the run's topic.
pub const PARTITIONS: i32 = 3;

/// How long the clients of an embedded cluster may delay the end of a run.
const EMBEDDED_CLOSE: Duration = Duration::from_millis(500);

/// How long the assignment of the partitions to the consumer group may take.
const ASSIGNMENT_TIMEOUT: Duration = Duration::from_secs(20);

fn topic_name(run_id: &str) -> String {
    format!("coupon_bench.{run_id}.coupon_create")
}

fn group_name(run_id: &str) -> String {
    format!("coupon_bench.{run_id}")
}

/// The objects that a run creates on a cluster, for messages.
pub fn object_names(run_id: &str) -> [String; 2] {
    [
        format!("kafka topic {}", topic_name(run_id)),
        format!("kafka consumer group {}", group_name(run_id)),
    ]
}

/// The Kafka of one run.
pub struct Kafka {
    topic: String,
    group: String,
    target: String,
    info: ServiceInfo,
    producer: Arc<Producer>,
    members: Vec<Arc<Member>>,
    /// The number of members in all processes.
    group_size: u32,
    lag: Arc<Lag>,
    brokers: String,
    /// Stops the members.
    stop: watch::Sender<bool>,
    /// `None` for an embedded cluster, which ends with the process, and in a guest.
    admin: Option<Admin>,
    /// Stops when this is dropped. The clients have to be dropped first, because they would report errors.
    embedded: Option<EmbeddedKafka>,
}

impl Kafka {
    /// Creates the topic, the producer and the members of the group. `records` is the maximum number of records of the run.
    ///
    /// # Errors
    /// The cluster cannot be used, or the embedded cluster cannot keep `records` records.
    pub async fn open(
        demand: &Demand<'_>,
        run_id: &str,
        records: u64,
        role: Role,
    ) -> Result<Self, OpenError> {
        let (services, timeout) = (demand.services, demand.workload.timeout);
        let target = services.kafka.to_string();
        let fail = |message: String| OpenError::new("--kafka", &target, message);
        let failed = |error: KafkaError| fail(words(&error));
        let (topic, group) = (topic_name(run_id), group_name(run_id));
        let cluster = Cluster::open(services, &topic, records, role);
        let cluster = cluster.await.map_err(fail)?;
        let clients = Clients {
            brokers: cluster.brokers,
            topic: topic.clone(),
            group: group.clone(),
            ca: services.tls_ca.clone(),
        };
        let capacity = cluster.embedded.as_ref().map(|_| embedded::CAPACITY);
        let producer = Producer::new(&clients, capacity, timeout).map_err(failed)?;
        tracing::info!(topic, kafka = %services.kafka, "kafka clients created");
        let (stop, stopped) = watch::channel(false);
        let members = members(&clients, demand, role, &stopped).map_err(failed)?;
        Ok(Self {
            topic,
            group,
            producer: Arc::new(producer),
            members,
            lag: Arc::new(Lag::new(&clients).map_err(failed)?),
            info: ServiceInfo {
                kind: "kafka",
                version: cluster.version,
                embedded: cluster.embedded.is_some(),
            },
            group_size: services.consumers.saturating_mul(demand.instances),
            brokers: clients.brokers,
            target,
            stop,
            admin: cluster.admin,
            embedded: cluster.embedded,
        })
    }

    /// Connects and reads the version. Creates no objects.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn probe(target: &KafkaTarget, ca: Option<&TlsCa>) -> Result<ServiceInfo, String> {
        let (version, embedded) = match target {
            KafkaTarget::Embedded => (EmbeddedKafka::version(), true),
            KafkaTarget::Brokers(brokers) => (Admin::connect(brokers, ca).await?.1, false),
        };
        Ok(ServiceInfo {
            kind: "kafka",
            version,
            embedded,
        })
    }

    /// Waits until every partition is assigned to a consumer, and the producer has its id.
    ///
    /// # Errors
    /// The assignment failed or took too long.
    pub async fn warm_up(&self) -> Result<(), OpenError> {
        let fail = |message: String| OpenError::new("--kafka", &self.target, message);
        let settled = group::settle(&self.members, self.group_size);
        let warm = async { tokio::try_join!(settled, self.producer.warm_up()).map(drop) };
        tokio::time::timeout(ASSIGNMENT_TIMEOUT, warm)
            .await
            .map_err(|_| fail("the consumer group was not assigned its partitions in time".into()))?
            .map_err(fail)
    }

    /// The topic as a port.
    pub fn topic(&self) -> Arc<dyn Topic> {
        Arc::clone(&self.producer) as Arc<dyn Topic>
    }

    /// The topic as a port, with values of at least `bytes` bytes.
    pub fn topic_of(&self, bytes: usize) -> Arc<dyn Topic> {
        Arc::new(self.producer.filled_up_to(bytes))
    }

    /// The members of the group in this process, as ports.
    pub fn consumers(&self) -> Vec<Box<dyn Consumer>> {
        self.members
            .iter()
            .map(|member| Box::new(Arc::clone(member)) as Box<dyn Consumer>)
            .collect()
    }

    /// The members of the group in this process.
    pub fn members(&self) -> &[Arc<Member>] {
        &self.members
    }

    /// Lets the members continue at the committed offsets, as after a restart.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn rewind(&self) -> Result<(), String> {
        for member in &self.members {
            member.read_on().await?;
        }
        Ok(())
    }

    /// The kind and the version of the cluster.
    pub fn info(&self) -> &ServiceInfo {
        &self.info
    }

    /// The results of the records so far.
    pub fn deliveries(&self) -> Deliveries {
        self.producer.deliveries()
    }

    /// The number of records that the members have read, including redeliveries.
    pub fn consumed(&self) -> u64 {
        self.members.iter().map(|member| member.consumed()).sum()
    }

    /// The number of records that the group has not committed, as the cluster reports it.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn lag(&self) -> Result<u64, String> {
        let lag = Arc::clone(&self.lag);
        // The calls of librdkafka block.
        let asked = tokio::task::spawn_blocking(move || lag.ask()).await;
        let lag = asked.map_err(|error| error.to_string())?;
        lag.map_err(|error| words(&error))
    }

    /// The client for the lag, for checks whether the cluster answers.
    pub fn lag_client(&self) -> Arc<Lag> {
        Arc::clone(&self.lag)
    }

    /// The address of the cluster, for guests.
    pub fn address(&self) -> String {
        self.brokers.clone()
    }

    /// Closes the clients, then removes or keeps topic and group. Returns the names of the objects that were kept.
    ///
    /// # Errors
    /// Topic or group could not be removed.
    pub async fn close(self, keep: bool) -> Result<Vec<String>, String> {
        // Fails if all members are already closed.
        let _ = self.stop.send(true);
        let Self {
            producer,
            members,
            lag,
            admin,
            topic,
            group,
            target,
            embedded,
            ..
        } = self;
        // Closing a client waits for its threads, and until a consumer has left its group.
        let closed = tokio::task::spawn_blocking(move || {
            drop(members);
            drop(lag);
            drop(producer);
            drop(embedded);
        });
        // A group can be removed only after its members have left. The objects of an embedded cluster need not be removed.
        let patience = if admin.is_some() {
            2 * CONNECT_TIMEOUT
        } else {
            EMBEDDED_CLOSE
        };
        if tokio::time::timeout(patience, closed).await.is_err() {
            tracing::info!("the kafka clients continue to close in the background");
        }
        match admin {
            None => Ok(Vec::new()),
            Some(_) if keep => Ok(vec![
                format!("kafka topic {topic}"),
                format!("kafka consumer group {group}"),
            ]),
            Some(admin) => admin
                .remove(&topic, &group)
                .await
                .map(|()| Vec::new())
                .map_err(|error| {
                    format!("failed to remove {topic} and {group} from {target}: {error}")
                }),
        }
    }
}

/// The group members of this process. A host has none: it would get partitions whose records it does not consume.
fn members(
    clients: &Clients,
    demand: &Demand<'_>,
    role: Role,
    stopped: &watch::Receiver<bool>,
) -> Result<Vec<Arc<Member>>, KafkaError> {
    let services = demand.services;
    let count = match role {
        Role::Host => 0,
        Role::Owner | Role::Guest => services.consumers,
    };
    let rate = services.consumer_rate;
    let reading = Arc::new(Reading {
        batch: services.consumer_batch as usize,
        pace: rate.map(|rate| Pace::new(rate.shared_by(demand.instances))),
    });
    (0..count)
        .map(|_| Member::new(clients, &reading, stopped.clone()).map(Arc::new))
        .collect()
}

/// The settings that the clients of a run share.
struct Clients {
    brokers: String,
    topic: String,
    group: String,
    ca: Option<TlsCa>,
}

impl Clients {
    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        security::connect(&mut config, &self.brokers, self.ca.as_ref());
        config
            .set("client.id", "coupon-bench")
            // Errors of brokers are reported as outcomes, and not as log lines of the clients.
            .set("log_level", "2");
        config
    }
}

/// The message of the library on one line, without secrets.
fn words(error: &KafkaError) -> String {
    redact::foreign(&error.to_string())
}
