//! The resources that a command needs, estimated from its settings.

use super::{Files, Memory};
use crate::{
    adapters::sql::ORDER_CONNECTIONS,
    config::scenario::{Scenario, Subject},
    input::address::{Driver, KafkaTarget, RedisTarget, Services},
    model::workload::{Arrivals, Workload},
    strategies::{Entry, Need},
};

/// Open files of the standard streams, the runtimes of the program and the outputs.
const PROGRAM: u64 = 16;
/// Open files of the pipes to one process of `--instances`.
const PIPES: u64 = 3;
/// Open files of the embedded Redis without its connections. Both ends of such a connection are in this process.
const EMBEDDED_REDIS: u64 = 4;
/// Open files of a producer and its brokers, without consumers.
const PRODUCER: u64 = 14;
const EMBEDDED_KAFKA: u64 = 27;
const CONSUMER: u64 = 10;

/// The resources that a command needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// Open files, with the reason for each part.
    pub files: Files,
    /// Attempts, which need memory.
    pub memory: Memory,
}

impl Needs {
    /// The needs of the program without any service.
    pub fn of_the_program() -> Self {
        let mut needs = Self::default();
        needs.files.add("the program itself", PROGRAM);
        needs
    }

    /// The needs of a run. Strategies run one after the other, so the strategy with the largest needs counts.
    pub fn of_run(scenario: &Scenario) -> Self {
        let mut needs = scenario
            .subjects
            .iter()
            .map(|subject| match subject {
                Subject::Strategy(entry) => Self::of_strategy(entry, scenario),
                Subject::Target(target) => {
                    let mut needs = Self::of_the_program();
                    let connections = target.connections(&scenario.workload) as u64;
                    needs.files.add("connections to the service", connections);
                    needs
                }
            })
            .max_by_key(|needs| needs.files.total())
            .unwrap_or_else(Self::of_the_program);
        needs.memory = memory(&scenario.workload);
        needs
    }

    /// The needs of a strategy on its services.
    pub fn of_strategy(entry: &Entry, scenario: &Scenario) -> Self {
        let mut needs = Self::of_services(&scenario.services, |need| entry.needs(need));
        if scenario.bystander_rate.is_some() {
            let connections = u64::from(ORDER_CONNECTIONS) * each(&scenario.services);
            needs.files.add("the bystander's connections", connections);
        }
        if scenario.instances > 1 {
            needs.files.add(
                "the processes of --instances",
                u64::from(scenario.instances) * PIPES,
            );
        }
        needs
    }

    /// The needs of the services. `needed` tells which services are used besides the database.
    pub fn of_services(services: &Services, needed: impl Fn(Need) -> bool) -> Self {
        let mut needs = Self::of_the_program();
        let files = &mut needs.files;
        files.add(
            "the database's pool",
            u64::from(services.db_pool) * each(services),
        );
        if needed(Need::Redis) {
            let connections = u64::from(services.redis_connections);
            files.add(
                "Redis",
                match services.redis {
                    RedisTarget::Embedded => EMBEDDED_REDIS + 2 * connections,
                    _ => connections,
                },
            );
        }
        if needed(Need::Kafka) {
            let clients = match services.kafka {
                KafkaTarget::Embedded => EMBEDDED_KAFKA,
                KafkaTarget::Brokers(_) => PRODUCER,
            };
            files.add("Kafka", clients + CONSUMER * u64::from(services.consumers));
        }
        needs
    }
}

/// Open files of a connection to the database. SQLite has one file for the database and one for its log.
fn each(services: &Services) -> u64 {
    match services.db.kind().driver() {
        Driver::Sqlite => 2,
        Driver::Postgres | Driver::Mysql => 1,
    }
}

fn memory(workload: &Workload) -> Memory {
    let attempts = workload.total_attempts();
    let at_once = match workload.arrivals {
        Arrivals::Burst => attempts,
        Arrivals::ClosedLoop { in_flight } => in_flight,
        // The number of waiting connections depends on the service and is not known before the run.
        Arrivals::OpenLoop { .. } => 0,
    };
    Memory { attempts, at_once }
}
