//! The cluster of a run: the brokers, or the embedded cluster.

use super::{admin::Admin, embedded::EmbeddedKafka};
use crate::{
    adapters::Role,
    input::address::{KafkaTarget, Services},
};

/// The cluster of a run, before the clients of the run are created.
pub(super) struct Cluster {
    pub brokers: String,
    /// Empty in a guest, which does not need it.
    pub version: String,
    pub embedded: Option<EmbeddedKafka>,
    pub admin: Option<Admin>,
}

impl Cluster {
    /// Connects to the cluster, or starts the embedded one, and creates the topic unless a host has created it.
    pub async fn open(
        services: &Services,
        topic: &str,
        records: u64,
        role: Role,
    ) -> Result<Self, String> {
        let mut cluster = Self {
            brokers: String::new(),
            version: String::new(),
            embedded: None,
            admin: None,
        };
        match &services.kafka {
            KafkaTarget::Embedded => {
                let embedded = EmbeddedKafka::start(topic, records)?;
                cluster.brokers = embedded.brokers();
                cluster.version = EmbeddedKafka::version();
                cluster.embedded = Some(embedded);
            }
            KafkaTarget::Brokers(brokers) => {
                cluster.brokers.clone_from(brokers);
                if role != Role::Guest {
                    let connect = Admin::connect(brokers, services.tls_ca.as_ref());
                    let (admin, version) = connect.await?;
                    admin.create_topic(topic).await?;
                    (cluster.admin, cluster.version) = (Some(admin), version);
                }
            }
        }
        Ok(cluster)
    }
}
