//! The server on embedded services: requests without a network, and the network without a client's good manners.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connections;
mod guard;
mod openapi;
mod requests;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use super::{Listen, Plan, service::Service};
use crate::{
    config::scenario::Scenario,
    input::address::{DbTarget, KafkaTarget, RedisTarget, Services},
    model::workload::{Arrivals, DbConnection, Workload},
    strategies::Entry,
};

/// A server of this strategy on embedded services.
pub(super) fn plan(entry: &'static Entry, limit: u64) -> Plan {
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
    Plan {
        entry,
        scenario: Scenario::of_strategy(entry, workload, services),
        listen: Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 0))),
        allow_hosts: Vec::new(),
        max_connections: 100,
    }
}

/// One of the catalogue.
pub(super) fn named(name: &str) -> &'static Entry {
    crate::strategies::find(name).unwrap()
}

async fn open(entry: &'static Entry, limit: u64) -> Arc<Service> {
    Arc::new(Service::open(plan(entry, limit)).await.unwrap())
}
