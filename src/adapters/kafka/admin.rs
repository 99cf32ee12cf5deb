//! The administration of a real cluster: creates the topic of a run, and removes its topic and group.

use std::time::Duration;

use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication},
    client::DefaultClientContext,
    error::KafkaResult,
    metadata::{Metadata, MetadataBroker},
    types::RDKafkaErrorCode,
};

use super::{CONNECT_TIMEOUT, PARTITIONS, security, words};
use crate::input::address::TlsCa;

/// The number of attempts to remove a group. A group is empty only some time after its last member has left.
const GROUP_REMOVAL_TRIES: u32 = 20;

/// An admin client.
pub struct Admin(AdminClient<DefaultClientContext>);

impl Admin {
    /// Connects, and reads the version.
    pub async fn connect(brokers: &str, ca: Option<&TlsCa>) -> Result<(Self, String), String> {
        let mut config = ClientConfig::new();
        security::connect(&mut config, brokers, ca);
        let client: AdminClient<_> = config
            .set("log_level", "2")
            .create()
            .map_err(|error| words(&error))?;
        let asked = tokio::task::spawn_blocking(move || {
            let metadata = client.inner().fetch_metadata(None, CONNECT_TIMEOUT);
            let broker =
                |metadata: &Metadata| metadata.brokers().first().map_or(0, MetadataBroker::id);
            metadata.map(|metadata| (client, broker(&metadata)))
        });
        let (client, broker) =
            asked
                .await
                .map_err(|error| error.to_string())?
                .map_err(|error| {
                    let patience = CONNECT_TIMEOUT.as_secs();
                    format!("no broker answered within {patience} s: {}", words(&error))
                })?;
        let admin = Self(client);
        let version = admin.version(broker).await;
        Ok((admin, version))
    }

    /// Kafka does not report its version to clients. A setting of the brokers has a similar version. Kafka 4.0 has removed the setting.
    async fn version(&self, broker: i32) -> String {
        let described = self
            .0
            .describe_configs([&ResourceSpecifier::Broker(broker)], &options())
            .await;
        let resource = described.ok().and_then(|mut resources| resources.pop());
        let settings = resource.and_then(Result::ok);
        let Some(settings) = settings else {
            return "unknown".to_owned();
        };
        settings
            .get("inter.broker.protocol.version")
            .and_then(|entry| entry.value.clone())
            .unwrap_or_else(|| "4.0 or later".to_owned())
    }

    pub async fn create_topic(&self, topic: &str) -> Result<(), String> {
        // -1: the default number of replicas of the cluster (KIP-464).
        let new = NewTopic::new(topic, PARTITIONS, TopicReplication::Fixed(-1));
        let created = self.0.create_topics([&new], &options()).await;
        let results = created.map_err(|error| words(&error))?;
        match results.into_iter().find_map(Result::err) {
            Some((name, error)) => Err(format!("failed to create topic {name}: {error}")),
            None => Ok(()),
        }
    }

    /// The names of all topics, and of all consumer groups. Blocks.
    pub fn list(&self) -> KafkaResult<(Vec<String>, Vec<String>)> {
        let client = self.0.inner();
        let metadata = client.fetch_metadata(None, CONNECT_TIMEOUT)?;
        let topics = metadata
            .topics()
            .iter()
            .map(|topic| topic.name().to_owned());
        let groups = client.fetch_group_list(None, CONNECT_TIMEOUT)?;
        let groups = groups.groups().iter().map(|group| group.name().to_owned());
        Ok((topics.collect(), groups.collect()))
    }

    /// Removes a topic. Returns the reason if that fails.
    pub async fn remove_topic(&self, topic: &str) -> Option<String> {
        first_problem(self.0.delete_topics(&[topic], &options()).await)
    }

    pub async fn remove(&self, topic: &str, group: &str) -> Result<(), String> {
        let topic_problem = self.remove_topic(topic).await;
        let group_problem = self.remove_group(group).await;
        match topic_problem.or(group_problem) {
            Some(problem) => Err(problem),
            None => Ok(()),
        }
    }

    /// Removes a consumer group. Returns the reason if that fails.
    pub async fn remove_group(&self, group: &str) -> Option<String> {
        let mut problem = None;
        for _ in 0..GROUP_REMOVAL_TRIES {
            problem = first_problem(self.0.delete_groups(&[group], &options()).await);
            match &problem {
                Some(text) if is_not_empty(text) => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                _ => break,
            }
        }
        problem
    }
}

/// Whether a group could not be removed because it has members.
pub fn is_not_empty(problem: &str) -> bool {
    problem.contains("NonEmptyGroup") || problem.contains("not empty")
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(CONNECT_TIMEOUT))
        .operation_timeout(Some(CONNECT_TIMEOUT))
}

type Removed = Result<Vec<Result<String, (String, RDKafkaErrorCode)>>, rdkafka::error::KafkaError>;

/// The first object that was not removed. An object that does not exist is not a problem.
fn first_problem(removed: Removed) -> Option<String> {
    match removed {
        Err(error) => Some(words(&error)),
        Ok(results) => results.into_iter().find_map(|result| match result {
            Ok(_)
            | Err((
                _,
                RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::GroupIdNotFound,
            )) => None,
            Err((name, error)) => Some(format!("{name}: {error}")),
        }),
    }
}
