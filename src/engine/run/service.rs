//! The run of a service of the user: the same load, recorder and judgement as for a strategy, and a ledger of its own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    bystander::Bystander,
    drain::{DrainResult, settle_then},
    instances::AssignedSubject,
    judge::Evidence,
    measurements::{Measurements, Reached},
    subject::{Clients, Closed, RunSubject},
    trial::{Recording, RunContext, ServicesUsed},
};
use crate::{
    adapters::OpenError,
    config::scenario::Scenario,
    engine::load::{Load, Recorder, Schedule},
    judge::ledger::{
        Ledger, Promised, Rules, reconcile, reconcile_count, reconcile_range, shared_codes,
        told_only,
    },
    model::{
        outcome::Attempt,
        report::{Backends, Strangers, TargetLoad},
        trace::RunTrace,
        verdict::Completion,
        workload::{Arrivals, Workload},
    },
    ports::UserId,
    service::{
        HttpClaim, Target,
        connected::{ConnectedService, IssuedCoupons},
        drain::promised,
        ledger::NamedRows,
    },
};

/// A service that is set up for a run.
pub struct ServiceRun {
    target: Arc<Target>,
    connected: ConnectedService,
    rules: Rules,
    /// The coupons that the answers to the instances have promised.
    promised: Promised,
}

/// The users of this process, and their connections to the service.
pub struct ServiceClients {
    load: Load,
    claim: Arc<HttpClaim>,
    arrivals: Arrivals,
}

impl ServiceRun {
    /// Sets the service up, connects the conditions of its drain, and refuses a ledger that is not empty.
    pub async fn open(run: &RunContext<'_>, target: &Arc<Target>) -> Result<Self, OpenError> {
        let workload = &run.scenario.workload;
        let connected = ConnectedService::open(target, workload, &run.run_id).await?;
        let mut service = Self::of(target, connected, workload.limit);
        let interrupted = service.interrupted();
        let connected = &mut service.connected;
        let set_up = async {
            connected.set_up().await?;
            connected.open_drain().await?;
            connected.must_be_empty().await
        };
        run.prepare(interrupted, set_up).await?;
        Ok(service)
    }

    /// A service that is open: `connected` has set it up, or has joined what another process has set up.
    pub fn of(target: &Arc<Target>, connected: ConnectedService, limit: u64) -> Self {
        Self {
            target: Arc::clone(target),
            connected,
            rules: Rules {
                limit,
                one_per_user: target.one_per_user,
            },
            promised: Promised::default(),
        }
    }
}

/// Reads the ledger and reconciles it with the outcomes of the attempts. The second part is what the ledger tells of its coupons.
pub async fn reconciled(
    connected: &mut ConnectedService,
    attempts: &[Attempt],
    rules: Rules,
) -> (Evidence, NamedRows) {
    let read = connected.read().await;
    let held = read.map(|found| found.and_then(|found| connected.issued(found)));
    let mut coupons = NamedRows::default();
    let mut evidence = Evidence::default();
    match held {
        None => evidence.ledger = Some(Ledger::ToldOnly(told_only(attempts, rules))),
        Some(Err(trouble)) => evidence.trouble = Some(trouble),
        Some(Ok(IssuedCoupons::Count(count))) => {
            let counted = reconcile_count(attempts, count, rules);
            evidence.ledger = Some(Ledger::ByCount(counted));
        }
        Some(Ok(IssuedCoupons::Between(range))) => {
            let counted = reconcile_range(attempts, &range, rules);
            evidence.ledger = Some(Ledger::ByCount(counted));
        }
        Some(Ok(IssuedCoupons::Users(named))) => {
            coupons = named;
            evidence.ledger = Some(reconcile(attempts, &coupons.rows, rules).into());
            evidence.rows = Some(std::mem::take(&mut coupons.rows));
        }
    }
    (evidence, coupons)
}

/// The connections that the attempts of `schedule` need at once.
pub fn connections(target: &Target, schedule: &Schedule, workload: &Workload) -> usize {
    target.connections(&Workload {
        users: schedule.len() as u64,
        attempts: 1,
        ..*workload
    })
}

impl RunSubject for ServiceRun {
    type Clients = ServiceClients;

    /// A service of the user is not loaded for longer, however slowly its answers come.
    const LONGEST_LOAD: Option<Duration> = Some(Duration::from_hours(24));
    const INSTANCES_CONSUME: bool = false;
    const NOT_SETTLED: &'static str = "requests were still under way";

    fn interrupted(&self) -> Option<OpenError> {
        Some(OpenError::new(
            "--target",
            self.target.path.display().to_string(),
            "interrupted before the load",
        ))
    }

    async fn bystander(&self, _: &Scenario) -> Result<Bystander, OpenError> {
        Ok(Bystander::none())
    }

    async fn connect(
        &mut self,
        workload: &Workload,
        schedule: Schedule,
    ) -> Result<ServiceClients, OpenError> {
        let connections = connections(&self.target, &schedule, workload);
        let claim = self.connected.claim(connections, workload.users).await?;
        Ok(ServiceClients {
            load: Load {
                strategy: claim.clone(),
                recorder: Arc::new(Recorder::new(schedule, workload.timeout)),
                patience: claim.patience(workload.timeout),
            },
            claim,
            arrivals: workload.arrivals,
        })
    }

    fn assigned(&self, _: &Scenario) -> Result<AssignedSubject, OpenError> {
        let given = self.connected.given();
        Ok(AssignedSubject::of_target(&self.target, given))
    }

    fn take_in(&mut self, workload: &Workload, measurements: &Measurements) -> Result<(), String> {
        self.promised = Promised::of(&measurements.attempts, self.rules);
        let spelled = &measurements.reached.spelled;
        self.connected.spell(workload.users, spelled)
    }

    async fn drain(
        &mut self,
        clients: Option<&ServiceClients>,
        settled: impl Future<Output = ()>,
        run: &RunContext<'_>,
    ) -> DrainResult {
        let begin = Instant::now();
        let patience = run.scenario.workload.timeout;
        let Self {
            connected,
            rules,
            promised,
            ..
        } = self;
        let work = async {
            if let Some(clients) = clients {
                *promised = Promised::of(&clients.load.recorder.attempts(), *rules);
            }
            connected.drain(promised, patience).await
        };
        let waited = settle_then(settled, work, patience, run.stop.clone()).await;
        let Some(waited) = waited else {
            return DrainResult {
                completion: Completion::Pending,
                took: begin.elapsed(),
                ..DrainResult::default()
            };
        };
        DrainResult {
            completion: waited.completion,
            took: waited.moved.saturating_duration_since(begin),
            lag: None,
            owed: waited.owed,
            trouble: waited.trouble,
        }
    }

    async fn delivered(&self) {}

    fn measure(&mut self, clients: &ServiceClients, cpu: Duration) -> Measurements {
        let (recorder, claim) = (&clients.load.recorder, &clients.claim);
        Measurements {
            attempts: recorder.attempts(),
            failures: recorder.failures(),
            peak_in_flight: recorder.peak_in_flight(),
            reached: Reached {
                tally: claim.client().tally(),
                held: claim.held(),
                unclassified: claim.unclassified(),
                spelled: self.connected.spelled(),
                codes: claim.codes(),
            },
            cpu,
            ..Measurements::default()
        }
    }

    async fn notes(&self, _: Option<&ServiceClients>) -> Vec<String> {
        Vec::new()
    }

    async fn evidence(&mut self, _: &RunContext<'_>, recording: &Recording) -> Evidence {
        let attempts = &recording.measurements.attempts;
        let (mut evidence, mut coupons) =
            reconciled(&mut self.connected, attempts, self.rules).await;
        let told = recording.measurements.reached.codes.iter().cloned();
        coupons.codes.extend(told);
        let codes = shared_codes(&coupons.codes);
        evidence.ledger = evidence.ledger.map(|ledger| ledger.with_codes(codes));
        evidence.strangers = Strangers {
            count: coupons.strangers,
            samples: coupons.samples,
        };
        evidence
    }

    fn services(&self, recording: &Recording, evidence: &Evidence) -> ServicesUsed {
        let reached = &recording.measurements.reached;
        let tally = &reached.tally;
        let source = self.target.service.source.as_ref();
        ServicesUsed {
            backends: backends(&self.connected),
            topic: false,
            target: Some(TargetLoad {
                addresses: self.connected.endpoint().addresses(),
                connections: tally.connections,
                opened_again: tally.opened_again,
                sent_again: tally.sent_again,
                closed_under: tally.closed_under,
                never_answered: tally.never_answered,
                too_many_requests: tally.too_many,
                forbidden_later: tally.forbidden,
                source: source.map(ToString::to_string),
                held: reached.held,
                unclassified: reached.unclassified.clone(),
                strangers: evidence.strangers.clone(),
            }),
        }
    }

    /// A service may still work on a run whose drain proved nothing, or owe coupons that may still come. A ledger that holds one run
    /// alone cannot mix the coupons of two runs.
    fn outstanding(&self, drained: &DrainResult) -> Option<String> {
        if self.target.ledger.is_of_the_run() {
            return None;
        }
        let why = match (drained.completion, drained.owed) {
            (Completion::Proven, _) | (Completion::Unproven, Some(0)) => return None,
            (Completion::Pending, None | Some(0)) => "work is still under way".to_owned(),
            (_, None) => "the ledger could not be read".to_owned(),
            (_, Some(owed)) => format!("{} not in the ledger yet", promised(owed)),
        };
        Some(format!(
            "{why}, and what comes later would count as coupons of the next trial: name in [drain] what shows that no work is left \
             (http, kafka, redis, rabbitmq or sql), give it a longer timeout, or let the ledger look at one run alone (with {{{{run}}}})"
        ))
    }

    async fn close(self, _: bool) -> Closed {
        Closed::default()
    }
}

impl Clients for ServiceClients {
    fn load(&self) -> &Load {
        &self.load
    }

    async fn make_ready(&self) {
        let users = &self.load.recorder.schedule().users;
        let first = first(self.arrivals, users, self.claim.at_a_time());
        self.claim.make_ready(first).await;
    }

    async fn shutdown(&mut self) {}

    fn traced(&self) -> Option<RunTrace> {
        None
    }
}

/// The users whose requests are prepared before the release: all that start at the release, at most `at_a_time`.
fn first(arrivals: Arrivals, users: &[UserId], at_a_time: usize) -> &[UserId] {
    let at_once = match arrivals {
        Arrivals::Burst => users.len(),
        Arrivals::ClosedLoop { in_flight } => usize::try_from(in_flight).unwrap_or(usize::MAX),
        // No attempt of an open loop starts at the release.
        Arrivals::OpenLoop { .. } => 0,
    };
    &users[..at_once.min(at_a_time).min(users.len())]
}

/// Where the ledger is. Nothing else is known of the services behind the user's service.
fn backends(connected: &ConnectedService) -> Backends {
    let (mut db, mut redis) = (connected.backend(), None);
    if db.as_ref().is_some_and(|backend| backend.kind == "redis") {
        redis = db.take();
    }
    Backends {
        db,
        redis,
        kafka: None,
    }
}
