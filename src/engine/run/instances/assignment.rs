//! What each child is told to do.

use super::message::{Assignment, StrategyWork, TargetWork, Work};
use crate::{
    adapters::{Backend, http::Remote},
    config::scenario::Scenario,
    model::workload::Arrivals,
    service::Target,
    strategies::Entry,
};

/// The share of child `index` of `of`.
pub fn assignment(
    scenario: &Scenario,
    run_id: &str,
    work: &Work,
    (index, of): (usize, usize),
) -> Assignment {
    let workload = &scenario.workload;
    Assignment {
        share: (index, of),
        work: work.clone(),
        run_id: run_id.to_owned(),
        users: workload.users,
        limit: workload.limit,
        attempts: workload.attempts,
        arrivals: part_of(workload.arrivals, (index as u64, of as u64)),
        seed: workload.seed,
        timeout_ms: u64::try_from(workload.timeout.as_millis()).unwrap_or(u64::MAX),
        warmup: workload.warmup,
    }
}

impl Work {
    /// A strategy on the services that the parent has opened.
    pub fn of_strategy(scenario: &Scenario, entry: &Entry, backend: &Backend) -> Self {
        let (services, addresses) = (&scenario.services, backend.addresses());
        Self::Strategy(Box::new(StrategyWork {
            strategy: entry.name.to_owned(),
            db: addresses.db,
            db_pool: services.db_pool,
            db_connection: services.db_connection,
            redis: addresses.redis,
            redis_connections: services.redis_connections,
            kafka: addresses.kafka,
            consumers: services.consumers,
            consumer_batch: services.consumer_batch,
            consumer_rate: services.consumer_rate,
            tls_ca: services.tls_ca.clone(),
        }))
    }

    /// A service that the parent has set up.
    pub fn of_target(target: &Target, given: Vec<Option<String>>) -> Self {
        Self::Target(Box::new(TargetWork {
            path: target.path.clone(),
            text: target.text.clone(),
            connections: target.reach.connections,
            allow_remote: target.reach.remote == Remote::Allowed,
            given,
        }))
    }
}

/// A closed loop's places are shared out as evenly as it goes, with nobody left without one.
fn part_of(arrivals: Arrivals, (index, of): (u64, u64)) -> Arrivals {
    match arrivals {
        Arrivals::ClosedLoop { in_flight } => Arrivals::ClosedLoop {
            in_flight: (in_flight / of + u64::from(index < in_flight % of)).max(1),
        },
        arrivals => arrivals,
    }
}
