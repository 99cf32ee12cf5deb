//! One run of one strategy, from opening its services to removing what it created.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet};

use super::{
    Event, Observer, Place,
    drain::{self, Drained},
    measure, run_id,
};
use crate::{
    backend::{Backend, OpenError},
    decorate::metered::Meter,
    ledger::{self, Reconciliation, Rules},
    load::{self, Attempt, End, Load, LoadEnd, Outcome, Recorder},
    ports,
    report::Run,
    scenario::Scenario,
    strategy::{Entry, Strategy},
    verdict::{self, Circumstances, Claim, Judgement},
};

/// A run, and whether anything of it could not be removed.
pub struct Done {
    pub run: Run,
    pub left_behind: bool,
}

/// Everything that a run's report is made from.
pub struct Facts<'a> {
    pub place: Place,
    pub scenario: &'a Scenario,
    pub run_id: String,
    pub backend: &'a Backend,
    pub recorder: &'a Recorder,
    pub meter: &'a Meter,
    pub attempts: Vec<Attempt>,
    pub drained: Drained,
    pub ledger: Option<Reconciliation>,
    pub judgement: Judgement,
}

/// Runs `entry` once.
pub async fn run(
    scenario: &Scenario,
    entry: &'static Entry,
    trial: u32,
    observer: Observer<'_>,
    stop: watch::Receiver<bool>,
) -> Result<Done, OpenError> {
    let run_id = run_id();
    tracing::info!(strategy = entry.name, trial, run_id, "opening services");
    let backend = Backend::open(scenario, entry, &run_id).await?;

    let workload = &scenario.workload;
    let recorder = Arc::new(Recorder::new(load::arrivals(workload), workload.timeout));
    let meter = Meter::new(workload.users, Arc::clone(&recorder.counters.inserted));
    let strategy = (entry.build)(&meter.around(backend.event(workload.limit)));
    let mut consumers = consume(&strategy, &backend);

    observer(Event::Load {
        strategy: entry.name,
        trial: (trial, scenario.trials),
        total: workload.total_attempts(),
        limit: workload.limit,
        counters: &recorder.counters,
    });
    let load = Load {
        strategy,
        recorder: Arc::clone(&recorder),
        in_flight: workload.in_flight,
        patience: workload.timeout,
    };
    let mut load_end = load::run(load, stop.clone()).await;
    tracing::info!(end = ?load_end.end, "load ended");

    observer(Event::Drain);
    let drained = drain::drain(
        &backend,
        &mut load_end,
        &mut consumers,
        workload.timeout,
        stop,
    )
    .await;
    let (rows, trouble) = read_ledger(&backend, workload.timeout).await;
    let attempts = recorder.attempts();
    let rules = Rules {
        limit: workload.limit,
        one_per_user: entry.one_per_user,
    };
    let ledger = rows.map(|rows| ledger::reconcile(&attempts, &rows, rules));
    let circumstances = circumstances(
        scenario, &backend, &recorder, &attempts, &load_end, &drained, trouble,
    );
    let facts = Facts {
        place: Place { entry, trial },
        scenario,
        run_id,
        backend: &backend,
        recorder: &recorder,
        meter: &meter,
        judgement: verdict::judge(claim(entry, rules), ledger.as_ref(), &circumstances),
        attempts,
        drained,
        ledger,
    };
    let mut run = measure::report(&facts);

    // The clients close once their last user is gone, and have to do so while their servers are still there.
    load_end.abandon().await;
    consumers.shutdown().await;
    let (kept, problems) = backend.close(scenario.keep).await;
    run.kept = kept;
    for problem in &problems {
        observer(Event::LeftBehind(problem));
    }
    observer(Event::Done);
    Ok(Done {
        run,
        left_behind: !problems.is_empty(),
    })
}

/// A task for every member of the consumer group.
fn consume(strategy: &Arc<dyn Strategy>, backend: &Backend) -> JoinSet<ports::Result<()>> {
    let mut tasks = JoinSet::new();
    for consumer in backend.consumers() {
        let strategy = Arc::clone(strategy);
        tasks.spawn(async move { strategy.consume(&*consumer).await });
    }
    tasks
}

/// The rows, or why there are none.
async fn read_ledger(
    backend: &Backend,
    timeout: Duration,
) -> (Option<Vec<ports::UserId>>, Option<String>) {
    match tokio::time::timeout(timeout, backend.rows()).await {
        Ok(Ok(rows)) => (Some(rows), None),
        Ok(Err(error)) => (None, Some(format!("the ledger could not be read: {error}"))),
        Err(_) => (
            None,
            Some("the ledger could not be read in time".to_owned()),
        ),
    }
}

fn claim(entry: &Entry, rules: Rules) -> Claim {
    Claim {
        promise: entry.promise,
        one_per_user: rules.one_per_user,
        limit: rules.limit,
    }
}

fn circumstances(
    scenario: &Scenario,
    backend: &Backend,
    recorder: &Recorder,
    attempts: &[Attempt],
    load_end: &LoadEnd,
    drained: &Drained,
    ledger_trouble: Option<String>,
) -> Circumstances {
    let mut troubles = Vec::new();
    match load_end.end {
        End::Done => {}
        End::Stalled => troubles.push(format!(
            "nothing moved for {} s, so the load was given up",
            scenario.workload.timeout.as_secs_f64()
        )),
        End::Interrupted => troubles.push("interrupted".to_owned()),
    }
    troubles.extend(drained.trouble.clone());
    troubles.extend(ledger_trouble);
    let went_wrong =
        |attempt: &&Attempt| matches!(attempt.outcome, Outcome::Failed | Outcome::Indeterminate);
    let undelivered = backend
        .kafka
        .as_ref()
        .map_or(0, |kafka| kafka.deliveries().failed);
    Circumstances {
        asked: scenario.workload.total_attempts(),
        made: attempts.len() as u64,
        faults: attempts.iter().filter(went_wrong).count() as u64 + undelivered,
        peak_in_flight: recorder.peak_in_flight(),
        drained: drained.complete,
        troubles,
    }
}
