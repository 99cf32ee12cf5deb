//! The assignment of each child: its share of the workload, and the subject that it claims from.

use super::message::{AssignedStrategy, AssignedSubject, AssignedTarget, Assignment};
use crate::{
    adapters::{Backend, http::Remote},
    config::scenario::Scenario,
    input::{
        address::{Services, with_password::Address},
        error::{Place, UsageError},
    },
    model::workload::{Arrivals, Workload},
    service::Target,
    strategies::Entry,
};

/// The share of child `index` of `of`.
pub fn assignment(
    scenario: &Scenario,
    run_id: &str,
    subject: &AssignedSubject,
    (index, of): (usize, usize),
) -> Assignment {
    let workload = scenario.workload;
    Assignment {
        share: (index, of),
        run_id: run_id.to_owned(),
        workload: Workload {
            arrivals: part_of(workload.arrivals, (index as u64, of as u64)),
            ..workload
        },
        subject: subject.clone(),
    }
}

impl AssignedSubject {
    /// A strategy, on the services that the parent has opened.
    ///
    /// # Errors
    ///
    /// An address of the parent's services cannot be parsed.
    pub fn of_strategy(
        services: &Services,
        entry: &Entry,
        backend: &Backend,
    ) -> Result<Self, UsageError> {
        let addresses = backend.addresses();
        Ok(Self::Strategy(Box::new(AssignedStrategy {
            name: entry.name.to_owned(),
            services: Services {
                db: address("db", &addresses.db)?,
                redis: address("redis", &addresses.redis)?,
                kafka: address("kafka", &addresses.kafka)?,
                ..services.clone()
            },
        })))
    }

    /// A service of the user that the parent has set up. `given` are the values of the setup responses.
    pub fn of_target(target: &Target, given: Vec<Option<String>>) -> Self {
        Self::Target(Box::new(AssignedTarget {
            path: target.path.clone(),
            text: target.text.clone(),
            connections: target.reach.connections,
            allow_remote: target.reach.remote == Remote::Allowed,
            given,
        }))
    }
}

fn address<T: Address>(name: &'static str, text: &str) -> Result<T, UsageError> {
    T::parse(text).map_err(|problem| UsageError::Setting {
        place: Place::Flag(name),
        problem,
    })
}

/// The `in_flight` of a closed loop is divided evenly; every child has at least 1.
fn part_of(arrivals: Arrivals, (index, of): (u64, u64)) -> Arrivals {
    match arrivals {
        Arrivals::ClosedLoop { in_flight } => Arrivals::ClosedLoop {
            in_flight: (in_flight / of + u64::from(index < in_flight % of)).max(1),
        },
        arrivals => arrivals,
    }
}
