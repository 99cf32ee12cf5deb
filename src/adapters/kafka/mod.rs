//! Kafka: any cluster by its brokers, or librdkafka's mock cluster in this process.
//!
//! A run has a topic of its own with [`PARTITIONS`] partitions, one idempotent producer and one consumer group.

mod admin;
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
    admin::Admin, consumer::Reading, embedded::EmbeddedKafka, pace::Pace, producer::Producer,
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

/// Of the run's topic.
pub const PARTITIONS: i32 = 3;

/// How long the clients of an embedded cluster may hold up the end of a run.
const EMBEDDED_CLOSE: Duration = Duration::from_millis(500);

/// How long a consumer group may take to hand out its partitions.
const ASSIGNMENT_TIMEOUT: Duration = Duration::from_secs(20);

fn topic_name(run_id: &str) -> String {
    format!("coupon_bench.{run_id}.coupon_create")
}

fn group_name(run_id: &str) -> String {
    format!("coupon_bench.{run_id}")
}

/// What a run creates on a cluster, for people.
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
    /// Members in all processes together.
    group_size: u32,
    lag: Arc<Lag>,
    brokers: String,
    /// Tells the members that the run is over.
    stop: watch::Sender<bool>,
    /// `None` where the cluster is embedded and goes with the process.
    admin: Option<Admin>,
    /// Stops when this is dropped; after the clients, which would complain.
    embedded: Option<EmbeddedKafka>,
}

impl Kafka {
    /// Creates the topic, the producer and the group's members. At most `records` will be produced: where the embedded cluster
    /// could not keep them all, the run is refused.
    pub async fn open(
        demand: &Demand<'_>,
        run_id: &str,
        records: u64,
        role: Role,
    ) -> Result<Self, OpenError> {
        let (services, timeout) = (demand.services, demand.workload.timeout);
        let target = services.kafka.to_string();
        let ca = services.tls_ca.as_ref();
        let fail = |message: String| OpenError::new("--kafka", &target, message);
        let (topic, group) = (topic_name(run_id), group_name(run_id));

        let (brokers, embedded, admin, version) = match &services.kafka {
            KafkaTarget::Embedded => {
                let cluster = EmbeddedKafka::start(&topic, records).map_err(fail)?;
                (
                    cluster.brokers(),
                    Some(cluster),
                    None,
                    EmbeddedKafka::version(),
                )
            }
            KafkaTarget::Brokers(brokers) if role == Role::Guest => {
                (brokers.clone(), None, None, String::new())
            }
            KafkaTarget::Brokers(brokers) => {
                let (admin, version) = Admin::connect(brokers, ca).await.map_err(fail)?;
                admin.create_topic(&topic).await.map_err(fail)?;
                (brokers.clone(), None, Some(admin), version)
            }
        };
        let clients = Clients {
            brokers,
            topic: topic.clone(),
            group: group.clone(),
            ca: ca.cloned(),
        };
        let (stop, stopped) = watch::channel(false);
        let capacity = embedded.as_ref().map(|_| embedded::CAPACITY);
        let producer = Producer::new(&clients, capacity, timeout).map_err(|e| fail(words(&e)))?;
        tracing::info!(topic, kafka = %services.kafka, "kafka clients created");
        // A host that joined the group would take partitions that nobody works off.
        let members = if role == Role::Host {
            0
        } else {
            services.consumers
        };
        let reading = Arc::new(Reading {
            batch: services.consumer_batch as usize,
            pace: services
                .consumer_rate
                .map(|rate| Pace::new(rate.shared_by(demand.instances))),
        });
        let members: Result<Vec<_>, KafkaError> = (0..members)
            .map(|_| Member::new(&clients, &reading, stopped.clone()).map(Arc::new))
            .collect();
        Ok(Self {
            topic,
            group,
            producer: Arc::new(producer),
            members: members.map_err(|error| fail(words(&error)))?,
            lag: Arc::new(Lag::new(&clients).map_err(|error| fail(words(&error)))?),
            info: ServiceInfo {
                kind: "kafka",
                version,
                embedded: embedded.is_some(),
            },
            group_size: services.consumers.saturating_mul(demand.instances),
            brokers: clients.brokers,
            target,
            stop,
            admin,
            embedded,
        })
    }

    /// Connects once and asks what it is; creates nothing.
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

    /// Waits until every partition has its consumer, where there are any, and the producer its id.
    pub async fn warm_up(&self) -> Result<(), OpenError> {
        let fail = |message: String| OpenError::new("--kafka", &self.target, message);
        let settled = group::settle(&self.members, self.group_size);
        let warm = async { tokio::try_join!(settled, self.producer.warm_up()).map(drop) };
        tokio::time::timeout(ASSIGNMENT_TIMEOUT, warm)
            .await
            .map_err(|_| fail("the consumer group was not assigned its partitions in time".into()))?
            .map_err(fail)
    }

    /// The port.
    pub fn topic(&self) -> Arc<dyn Topic> {
        Arc::clone(&self.producer) as Arc<dyn Topic>
    }

    /// The port, its records filled up to values of so many bytes.
    pub fn topic_of(&self, bytes: usize) -> Arc<dyn Topic> {
        Arc::new(self.producer.filled_up_to(bytes))
    }

    /// The members of the group.
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

    /// Lets the members read on from what the group has committed, as after a restart.
    pub async fn rewind(&self) -> Result<(), String> {
        for member in &self.members {
            member.read_on().await?;
        }
        Ok(())
    }

    /// What it is.
    pub fn info(&self) -> &ServiceInfo {
        &self.info
    }

    /// What became of the records so far.
    pub fn deliveries(&self) -> Deliveries {
        self.producer.deliveries()
    }

    /// Records read by the members so far, redeliveries included.
    pub fn consumed(&self) -> u64 {
        self.members.iter().map(|member| member.consumed()).sum()
    }

    /// Records that the group has not committed yet, as the cluster says it.
    pub async fn lag(&self) -> Result<u64, String> {
        let lag = Arc::clone(&self.lag);
        // The client's questions block.
        let asked = tokio::task::spawn_blocking(move || lag.ask()).await;
        let lag = asked.map_err(|error| error.to_string())?;
        lag.map_err(|error| words(&error))
    }

    /// The client that asks the cluster, for whoever asks whether it is there.
    pub fn lag_client(&self) -> Arc<Lag> {
        Arc::clone(&self.lag)
    }

    /// Where others find it.
    pub fn address(&self) -> String {
        self.brokers.clone()
    }

    /// Ends the consumers, then removes topic and group, or leaves them: their names.
    pub async fn close(self, keep: bool) -> Result<Vec<String>, String> {
        // Nobody may be listening any more.
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
        // Closing a client waits for its threads, and for a consumer to leave its group.
        let closed = tokio::task::spawn_blocking(move || {
            drop(members);
            drop(lag);
            drop(producer);
            drop(embedded);
        });
        // A real group is only removed once its members have left; of an embedded one nothing has to be removed.
        let patience = if admin.is_some() {
            2 * CONNECT_TIMEOUT
        } else {
            EMBEDDED_CLOSE
        };
        if tokio::time::timeout(patience, closed).await.is_err() {
            tracing::info!("the kafka clients go on closing behind the scenes");
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

/// What the run's clients have in common.
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
            // The clients' own view of broker trouble is reported as outcomes, not as log lines.
            .set("log_level", "2");
        config
    }
}

/// The library's words on one line, without secrets.
fn words(error: &KafkaError) -> String {
    redact::foreign(&error.to_string())
}
