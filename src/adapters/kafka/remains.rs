//! The topics and consumer groups that runs have left on a cluster.

use super::{
    admin::{Admin, is_not_empty},
    words,
};
use crate::{
    adapters::remains::{Kind, Object},
    input::address::{KafkaTarget, Services},
};

/// The topics and groups of runs on the cluster in `services`.
///
/// # Errors
/// The cluster does not answer.
pub async fn topics_and_groups(services: &Services) -> Result<Vec<Object>, String> {
    let Some(admin) = admin(services).await? else {
        return Ok(Vec::new());
    };
    let listed = tokio::task::spawn_blocking(move || admin.list()).await;
    let listed = listed.map_err(|error| error.to_string())?;
    let (topics, groups) = listed.map_err(|error| words(&error))?;
    let topics = topics
        .iter()
        .filter_map(|name| Object::of(Kind::KafkaTopic, name));
    let groups = groups
        .iter()
        .filter_map(|name| Object::of(Kind::KafkaConsumerGroup, name));
    Ok(topics.chain(groups).collect())
}

/// Removes topics and groups of runs.
///
/// # Errors
/// All objects that could not be removed, with the reasons.
pub async fn remove(services: &Services, objects: &[Object]) -> Result<(), String> {
    if objects.is_empty() {
        return Ok(());
    }
    let Some(admin) = admin(services).await? else {
        return Ok(());
    };
    let mut problems = Vec::new();
    for object in objects {
        let problem = match object.kind {
            Kind::KafkaTopic => admin.remove_topic(&object.name).await,
            _ => admin.remove_group(&object.name).await.map(explained),
        };
        problems.extend(problem);
    }
    match problems.as_slice() {
        [] => Ok(()),
        problems => Err(problems.join("; ")),
    }
}

/// Adds the reason why a group cannot be removed soon after its run was killed.
fn explained(problem: String) -> String {
    if is_not_empty(&problem) {
        format!(
            "{problem}; the cluster removes the members of a killed run after the session timeout, 45 s by default: try again then"
        )
    } else {
        problem
    }
}

async fn admin(services: &Services) -> Result<Option<Admin>, String> {
    match &services.kafka {
        KafkaTarget::Embedded => Ok(None),
        KafkaTarget::Brokers(brokers) => {
            let (admin, _) = Admin::connect(brokers, services.tls_ca.as_ref()).await?;
            Ok(Some(admin))
        }
    }
}
