//! The server on embedded services: requests without a network, and connections of clients that misbehave.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connections;
mod guard;
mod openapi;
mod requests;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use super::{Listen, ServeSettings, service::Service};
use crate::{
    config::scenario::Scenario,
    input::address::{DbTarget, KafkaTarget, RedisTarget, Services},
    model::workload::{Arrivals, DbConnection, Workload},
    strategies::Entry,
};

/// The settings of a server of this strategy on embedded services.
pub(super) fn settings(entry: &'static Entry, limit: u64) -> ServeSettings {
    let workload = Workload {
        users: 1_000,
        limit,
        attempts: 1,
        arrivals: Arrivals::Burst,
        seed: 0,
        timeout: Duration::from_secs(10),
        warmup: true,
    };
    let services = Services {
        db: DbTarget::PrivateSqlite,
        db_pool: 4,
        db_connection: DbConnection::Statement,
        redis: RedisTarget::Embedded,
        redis_connections: 1,
        kafka: KafkaTarget::Embedded,
        consumers: 1,
        consumer_batch: 1,
        consumer_rate: None,
        tls_ca: None,
    };
    ServeSettings {
        entry,
        scenario: Scenario::of_strategy(entry, workload, services),
        listen: Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 0))),
        allow_hosts: Vec::new(),
        max_connections: 100,
    }
}

/// A strategy of the catalogue.
pub(super) fn named(name: &str) -> &'static Entry {
    crate::strategies::find(name).unwrap()
}

async fn open(entry: &'static Entry, limit: u64) -> Arc<Service> {
    Arc::new(Service::open(settings(entry, limit)).await.unwrap())
}
