//! The run of a strategy of the catalogue, on services that the run opens.

use std::{sync::Arc, time::Duration};

use super::{
    bystander::Bystander,
    consumers::Consumers,
    drain::{DrainResult, Pipeline},
    instances::AssignedSubject,
    judge::Evidence,
    measure,
    measurements::{Measurements, Reached},
    subject::{Clients, Closed, RunSubject},
    trial::{Recording, RunContext, ServicesUsed},
};
use crate::{
    adapters::{
        Backend, Demand, OpenError, Role,
        kafka::{Deliveries, Kafka},
    },
    config::scenario::Scenario,
    engine::load::{Load, Recorder, Schedule},
    instrument::{metered::Meter, stepped::around, traced::Trace},
    judge::ledger::{self, Ledger, Rules},
    model::{trace::RunTrace, workload::Workload},
    ports::UserId,
    strategies::Entry,
};

/// The pause between two looks at records that the broker has not answered yet.
const PAUSE: Duration = Duration::from_millis(1);

/// A strategy, and the services that it runs on.
pub struct StrategyRun {
    entry: &'static Entry,
    backend: Backend,
    /// Whether the steps are recorded.
    trace: bool,
}

/// The users of this process, and the consumers beside them.
pub struct StrategyClients {
    load: Load,
    meter: Arc<Meter>,
    trace: Option<Trace>,
    consumers: Consumers,
}

impl StrategyRun {
    /// Opens the services that the strategy needs.
    pub async fn open(run: &RunContext<'_>, entry: &'static Entry) -> Result<Self, OpenError> {
        let scenario = run.scenario;
        let role = if scenario.instances > 1 {
            Role::Host
        } else {
            Role::Owner
        };
        let backend = Backend::open(&scenario.demand(), entry, &run.run_id, role).await?;
        tracing::info!(db = ?backend.database.info(), "services are open");
        Ok(Self {
            entry,
            backend,
            trace: scenario.trace,
        })
    }

    /// Joins the services that another process has opened for the run `run_id`.
    pub async fn join(
        demand: &Demand<'_>,
        entry: &'static Entry,
        run_id: &str,
    ) -> Result<Self, OpenError> {
        Ok(Self {
            entry,
            backend: Backend::open(demand, entry, run_id, Role::Guest).await?,
            trace: false,
        })
    }

    /// The rows of the coupon table, or why they could not be read within `timeout`.
    async fn rows(&self, timeout: Duration) -> Result<Vec<UserId>, String> {
        match tokio::time::timeout(timeout, self.backend.rows()).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => Err(format!("the ledger could not be read: {error}")),
            Err(_) => Err("the ledger could not be read in time".to_owned()),
        }
    }
}

impl RunSubject for StrategyRun {
    type Clients = StrategyClients;

    const LONGEST_LOAD: Option<Duration> = None;
    const INSTANCES_CONSUME: bool = true;
    const NOT_SETTLED: &'static str = "records were still on their way";

    fn interrupted(&self) -> Option<OpenError> {
        None
    }

    async fn bystander(&self, scenario: &Scenario) -> Result<Bystander, OpenError> {
        Bystander::start(scenario, &self.backend).await
    }

    async fn connect(
        &mut self,
        workload: &Workload,
        schedule: Schedule,
    ) -> Result<StrategyClients, OpenError> {
        let recorder = Arc::new(Recorder::new(schedule, workload.timeout));
        let meter = Meter::new(workload.users, Arc::clone(&recorder.counters.inserted));
        let trace = self.trace.then(Trace::default);
        let event = meter.around(self.backend.event(workload.limit));
        let strategy = match &trace {
            None => (self.entry.build)(&event),
            Some(trace) => trace.attempts_of((self.entry.build)(&around(trace, event))),
        };
        Ok(StrategyClients {
            consumers: Consumers::start(&strategy, &self.backend, trace.as_ref()),
            load: Load {
                strategy,
                recorder,
                patience: workload.timeout,
            },
            meter,
            trace,
        })
    }

    fn assigned(&self, scenario: &Scenario) -> Result<AssignedSubject, OpenError> {
        let assigned = AssignedSubject::of_strategy(&scenario.services, self.entry, &self.backend);
        assigned.map_err(|error| {
            let instances = scenario.instances.to_string();
            OpenError::new("--instances", instances, error.to_string())
        })
    }

    fn take_in(&mut self, _: &Workload, _: &Measurements) -> Result<(), String> {
        Ok(())
    }

    async fn drain(
        &mut self,
        clients: Option<&StrategyClients>,
        settled: impl Future<Output = ()>,
        run: &RunContext<'_>,
    ) -> DrainResult {
        let pipeline = Pipeline {
            kafka: self.backend.kafka.as_ref(),
            consumers: clients.map(|clients| &clients.consumers),
            patience: run.scenario.drain_patience(),
        };
        pipeline.drain(settled, run.stop.clone()).await
    }

    async fn delivered(&self) {
        let Some(kafka) = &self.backend.kafka else {
            return;
        };
        while kafka.deliveries().pending() > 0 {
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn measure(&mut self, clients: &StrategyClients, cpu: Duration) -> Measurements {
        let (recorder, meter) = (&clients.load.recorder, &clients.meter);
        let released = recorder.released().into_std();
        let kafka = self.backend.kafka.as_ref();
        Measurements {
            attempts: recorder.attempts(),
            failures: recorder.failures(),
            peak_in_flight: recorder.peak_in_flight(),
            totals: meter.totals(),
            durable_ns: meter.durable_since(released).collect(),
            further_rows_ns: meter.further_rows_since(released),
            pool_wait: self.backend.database.pool_waits(),
            deliveries: kafka.map_or_else(Deliveries::default, Kafka::deliveries),
            consumed: kafka.map_or(0, Kafka::consumed),
            reached: Reached::default(),
            cpu,
        }
    }

    async fn notes(&self, clients: Option<&StrategyClients>) -> Vec<String> {
        let mut notes = self.backend.notes().await;
        notes.extend(clients.and_then(|clients| clients.consumers.note()));
        notes
    }

    async fn evidence(&mut self, run: &RunContext<'_>, recording: &Recording) -> Evidence {
        let workload = &run.scenario.workload;
        let rules = Rules {
            limit: workload.limit,
            one_per_user: self.entry.one_per_user,
        };
        match self.rows(workload.timeout).await {
            Ok(rows) => {
                let attempts = &recording.measurements.attempts;
                let reconciled = ledger::reconcile(attempts, &rows, rules);
                Evidence {
                    ledger: Some(Ledger::from(reconciled)),
                    rows: Some(rows),
                    ..Evidence::default()
                }
            }
            Err(trouble) => Evidence {
                trouble: Some(trouble),
                ..Evidence::default()
            },
        }
    }

    fn services(&self, _: &Recording, _: &Evidence) -> ServicesUsed {
        ServicesUsed {
            backends: measure::backends(&self.backend),
            topic: self.backend.kafka.is_some(),
            target: None,
        }
    }

    fn outstanding(&self, _: &DrainResult) -> Option<String> {
        None
    }

    async fn close(self, keep: bool) -> Closed {
        let (kept, problems) = self.backend.close(keep).await;
        Closed { kept, problems }
    }
}

impl Clients for StrategyClients {
    fn load(&self) -> &Load {
        &self.load
    }

    async fn make_ready(&self) {}

    async fn shutdown(&mut self) {
        self.consumers.shutdown().await;
    }

    fn traced(&self) -> Option<RunTrace> {
        self.trace.as_ref().map(Trace::take)
    }
}
