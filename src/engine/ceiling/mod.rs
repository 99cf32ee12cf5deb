//! The throughput of the services without a strategy, measured through the ports, the engine and the recorder of a run: the upper
//! bound for every strategy.
//!
//! [`primitives`] holds the operations. There is no ledger and no verdict.

mod primitives;

use std::{future::ready, sync::Arc, time::Duration};

use futures::future::try_join_all;
use tokio::sync::watch;

use crate::{
    adapters::{
        Backend, Demand, OpenError, Role,
        kafka::{self, Kafka},
        redis::Redis,
        remains::new_run_id,
        sql,
    },
    engine::{
        limits::{Memory, Needs},
        load::{self, End, Load, Recorder, Schedule},
        run::distribution,
    },
    input::address::{DbTarget, KafkaTarget, Services},
    instrument::metered::Meter,
    judge::exit,
    model::{
        ceiling::{self, Ceiling, OperationResult, SCHEMA_VERSION},
        environment::{environment, tool},
        outcome::{Attempt, Outcome},
        report::{self, Failure},
        workload::{Arrivals, Workload},
    },
    ports::Event,
    strategies::{Entry, Need},
};

/// An operation that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `INCR` on Redis.
    Incr,
    /// A row into the coupon table.
    Insert,
    /// A record, until all in-sync replicas have it.
    Produce,
}

impl Operation {
    /// All operations, in the order in which they are measured.
    pub const ALL: [Self; 3] = [Self::Incr, Self::Insert, Self::Produce];

    /// The value of `--only`.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    fn entry(self) -> &'static Entry {
        match self {
            Self::Incr => &primitives::INCR,
            Self::Insert => &primitives::INSERT,
            Self::Produce => &primitives::PRODUCE,
        }
    }
}

/// The validated settings of a measurement.
#[derive(Debug, Clone)]
pub struct CeilingSettings {
    /// At least one operation.
    pub operations: Vec<Operation>,
    /// The number of calls of each operation, at least 1.
    pub count: u64,
    /// The number of calls under way at the same time, at least 1.
    pub in_flight: u64,
    /// Bytes of a record's value; `None` is the user's number, as in a run.
    pub payload: Option<usize>,
    /// The services. There are no consumers.
    pub services: Services,
    /// The timeout of one call.
    pub timeout: Duration,
}

impl CeilingSettings {
    /// The resources that the measurement needs. Calls are recorded like the attempts of a closed loop.
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::of_services(&self.services, |need| match need {
            Need::Redis => self.operations.contains(&Operation::Incr),
            Need::Kafka => self.operations.contains(&Operation::Produce),
            _ => false,
        });
        needs.memory = Memory {
            attempts: self.count,
            at_once: self.in_flight,
        };
        needs
    }

    /// The services of `operation`. A database that the operation does not need is a private file.
    fn services(&self, operation: Operation) -> Services {
        let mut services = self.services.clone();
        if operation != Operation::Insert {
            services.db = DbTarget::PrivateSqlite;
            services.db_pool = 1;
        }
        services
    }

    fn workload(&self, operation: Operation) -> Workload {
        let users = self.count_of(operation);
        Workload {
            users,
            limit: users,
            attempts: 1,
            arrivals: Arrivals::ClosedLoop {
                in_flight: self.in_flight,
            },
            seed: 0,
            timeout: self.timeout,
            warmup: true,
        }
    }

    fn count_of(&self, operation: Operation) -> u64 {
        match (operation, &self.services.kafka) {
            (Operation::Produce, KafkaTarget::Embedded) => self.count.min(kafka::CAPACITY),
            _ => self.count,
        }
    }

    fn reported(&self) -> ceiling::Settings {
        let services = &self.services;
        ceiling::Settings {
            operations: self.count,
            in_flight: self.in_flight,
            payload: self.payload,
            db: services.db.to_string(),
            db_pool: services.db_pool,
            redis: services.redis.to_string(),
            redis_connections: services.redis_connections,
            kafka: services.kafka.to_string(),
            timeout_ns: distribution::nanoseconds(self.timeout),
        }
    }
}

/// The result of a measurement.
pub struct CeilingResult {
    /// The figures.
    pub ceiling: Ceiling,
    /// The error of a service that could not be opened, and was not measured.
    pub error: Option<OpenError>,
    /// One error for each object that could not be removed.
    pub left_behind: Vec<String>,
}

/// Measures one operation after the other, so that no operation slows another down. The measurement ends early when `stop` turns
/// true.
pub async fn run(settings: &CeilingSettings, stop: watch::Receiver<bool>) -> CeilingResult {
    let environment = environment();
    let (mut measured, mut left_behind) = (Vec::new(), Vec::new());
    let mut error = reachable(settings).await.err();
    for &operation in &settings.operations {
        if error.is_some() || *stop.borrow() {
            break;
        }
        match measure(settings, operation, stop.clone()).await {
            Ok((one, left)) => {
                measured.push(one);
                left_behind.extend(left);
            }
            Err(problem) => error = Some(problem),
        }
    }
    let interrupted = *stop.borrow();
    let flawed = measured.iter().any(OperationResult::is_flawed);
    let exit_code = match () {
        () if interrupted => exit::INTERRUPTED,
        () if error.is_some() && measured.is_empty() => exit::SERVICE,
        // A service that fails during the measurement makes the figures inconclusive.
        () if flawed || error.is_some() || !left_behind.is_empty() => exit::INCONCLUSIVE,
        () => exit::OK,
    };
    let ceiling = Ceiling {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        environment,
        settings: settings.reported(),
        ceilings: measured,
        exit_code,
        interrupted,
    };
    CeilingResult {
        ceiling,
        error,
        left_behind,
    }
}

/// Contacts all services first, so that a missing Kafka is reported before minutes of inserts.
async fn reachable(settings: &CeilingSettings) -> Result<(), OpenError> {
    let services = &settings.services;
    let asked = settings.operations.iter().map(|operation| async move {
        let (flag, target, answer) = match operation {
            Operation::Incr => (
                "--redis",
                services.redis.to_string(),
                Redis::probe(services).await,
            ),
            Operation::Insert => (
                "--db",
                services.db.to_string(),
                sql::probe(&services.db, services.tls_ca.as_ref())
                    .await
                    .map(|contact| contact.info),
            ),
            Operation::Produce => (
                "--kafka",
                services.kafka.to_string(),
                Kafka::probe(&services.kafka, services.tls_ca.as_ref()).await,
            ),
        };
        answer.map_err(|message| OpenError::new(flag, target, message))
    });
    try_join_all(asked).await.map(drop)
}

/// Measures one operation on services of its own. The second list holds an error for each object that could not be removed.
async fn measure(
    settings: &CeilingSettings,
    operation: Operation,
    stop: watch::Receiver<bool>,
) -> Result<(OperationResult, Vec<String>), OpenError> {
    let workload = &settings.workload(operation);
    let demand = Demand {
        services: &settings.services(operation),
        workload,
        instances: 1,
        orders: false,
    };
    let backend = Backend::open(&demand, operation.entry(), &new_run_id(), Role::Owner).await?;
    let recorder = Arc::new(Recorder::new(Schedule::of(workload), workload.timeout));
    let meter = Meter::new(workload.users, Arc::clone(&recorder.counters.inserted));
    let load = Load {
        strategy: (operation.entry().build)(&meter.around(ports(settings, &backend))),
        recorder: Arc::clone(&recorder),
        patience: workload.timeout,
    };
    let ended = load::run(load, ready(()), stop).await;
    let measured = summary(operation, &backend, &recorder, ended.end);
    ended.abandon().await;
    let (_, left) = backend.close(false).await;
    Ok((measured, left))
}

fn ports(settings: &CeilingSettings, backend: &Backend) -> Event {
    let event = backend.event(settings.count);
    match (&backend.kafka, settings.payload) {
        (Some(kafka), Some(bytes)) => Event {
            coupon_create: kafka.topic_of(bytes),
            ..event
        },
        _ => event,
    }
}

fn summary(
    operation: Operation,
    backend: &Backend,
    recorder: &Recorder,
    end: End,
) -> OperationResult {
    let mut attempts = recorder.attempts();
    if end == End::Interrupted {
        // A call that was under way at the interruption is not an error.
        attempts.retain(|attempt| attempt.end.is_some());
    }
    let ends = attempts.iter().filter_map(|attempt| attempt.end);
    let duration = ends.max().unwrap_or_default();
    let answered = attempts
        .iter()
        .filter(|attempt| attempt.outcome == Outcome::Issued);
    let took = |attempt: &Attempt| Some(attempt.end?.saturating_sub(attempt.start));
    let latency = distribution::distribution(answered.filter_map(took));
    let operations = attempts.len() as u64;
    OperationResult {
        operation: operation.name().to_owned(),
        how: operation.entry().how.to_owned(),
        backend: described(backend, operation),
        operations,
        errors: operations - latency.count,
        duration_ns: distribution::nanoseconds(duration),
        throughput_per_s: if duration.is_zero() {
            0.0
        } else {
            latency.count as f64 / duration.as_secs_f64()
        },
        latency,
        failures: failures(recorder),
        given_up: end == End::Stalled,
    }
}

fn failures(recorder: &Recorder) -> Vec<Failure> {
    let failures = recorder.failures().into_iter();
    failures
        .map(|(message, count)| Failure { message, count })
        .collect()
}

/// The service that runs the operation.
fn described(backend: &Backend, operation: Operation) -> report::Backend {
    let info = match (operation, &backend.redis, &backend.kafka) {
        (Operation::Incr, Some(redis), _) => redis.info(),
        (Operation::Produce, _, Some(kafka)) => kafka.info(),
        _ => backend.database.info(),
    };
    report::Backend {
        kind: info.kind.to_owned(),
        version: info.version.clone(),
        embedded: info.embedded,
    }
}
