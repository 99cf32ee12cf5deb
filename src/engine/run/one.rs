//! One run of one strategy, from opening its services to removing what it created.

use std::{
    future::ready,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    Event, Observer, Place,
    bystander::Bystander,
    consumers::Consumers,
    drain::{self, Drained},
    health::Health,
    instances::{self, Instances},
    judge::{Evidence, judge},
    measure,
    observed::Observed,
};
use crate::adapters::remains::new_run_id;
use crate::{
    adapters::{Backend, OpenError, Role},
    config::scenario::Scenario,
    engine::load::{self, Counters, End, Load, Recorder, Schedule},
    instrument::{metered::Meter, stepped::around, traced::Trace},
    judge::{ledger::Ledger, verdict::Judgement},
    model::{
        interleaving::Interleaving,
        report::{self, Backends, Run, TargetLoad},
        trace::Traced,
        verdict::Completion,
    },
    strategies::Entry,
};

/// A run, and whether anything of it could not be removed.
pub struct Done {
    pub run: Run,
    pub left_behind: bool,
    /// Why no other run may begin: coupons of this one may still come, and would be taken for those of the next.
    pub outstanding: Option<String>,
}

/// What the load has brought, wherever it ran.
pub struct Loaded {
    pub observed: Observed,
    pub drained: Drained,
    /// What the database's other traffic felt.
    pub bystander: Option<report::Bystander>,
    /// What was written down of it.
    pub traced: Option<Traced>,
    /// What went wrong with the run itself.
    pub troubles: Vec<String>,
    /// What has happened to the services that explains the figures.
    pub notes: Vec<String>,
}

/// What a run used, as far as its report tells it.
pub struct Surroundings {
    pub backends: Backends,
    /// Whether there were records.
    pub topic: bool,
    /// Of a service of the user's own.
    pub target: Option<TargetLoad>,
}

/// Everything that a run's report is made from.
pub struct Facts<'a> {
    pub place: Place<'a>,
    pub run_id: &'a str,
    pub surroundings: Surroundings,
    pub loaded: &'a Loaded,
    pub ledger: Option<Ledger>,
    pub health: Health,
    pub judgement: Judgement,
    pub witness: Option<Interleaving>,
}

/// Runs a strategy once.
pub async fn run(
    scenario: &Scenario,
    entry: &'static Entry,
    place: Place<'_>,
    watcher: Observer<'_>,
    stop: watch::Receiver<bool>,
) -> Result<Done, OpenError> {
    let run_id = new_run_id();
    tracing::info!(
        strategy = entry.name,
        trial = place.trial,
        run_id,
        "opening services"
    );
    let several = scenario.instances > 1;
    let role = if several { Role::Host } else { Role::Owner };
    let backend = Backend::open(&scenario.demand(), entry, &run_id, role).await?;
    tracing::info!(db = ?backend.database.info(), "services are open");

    let loaded = async {
        let bystander = Bystander::start(scenario, &backend).await?;
        if several {
            let id = &*run_id;
            elsewhere(
                scenario,
                entry,
                place,
                (id, &backend),
                bystander,
                watcher,
                stop,
            )
            .await
        } else {
            Ok(here(scenario, entry, place, &backend, bystander, watcher, stop).await)
        }
    };
    let loaded = match loaded.await {
        Ok(loaded) => loaded,
        Err(error) => {
            backend.close(false).await;
            return Err(error);
        }
    };
    let evidence = Evidence::of(&backend, scenario, entry, &loaded).await;
    let surroundings = Surroundings {
        backends: measure::backends(&backend),
        topic: backend.kafka.is_some(),
        target: None,
    };
    let mut run = judge(scenario, place, &run_id, surroundings, &loaded, evidence);
    watcher(Event::Recorded {
        strategy: entry.name,
        trial: place.trial,
        observed: &loaded.observed,
    });

    let (kept, problems) = backend.close(scenario.keep).await;
    run.kept = kept;
    for problem in &problems {
        watcher(Event::LeftBehind(problem));
    }
    watcher(Event::Done);
    Ok(Done {
        run,
        left_behind: !problems.is_empty(),
        outstanding: None,
    })
}

/// All users in this process.
async fn here(
    scenario: &Scenario,
    entry: &'static Entry,
    place: Place<'_>,
    backend: &Backend,
    bystander: Bystander,
    watcher: Observer<'_>,
    stop: watch::Receiver<bool>,
) -> Loaded {
    let workload = &scenario.workload;
    let recorder = Arc::new(Recorder::new(Schedule::of(workload), workload.timeout));
    let meter = Meter::new(workload.users, Arc::clone(&recorder.counters.inserted));
    let trace = scenario.trace.then(Trace::default);
    let event = meter.around(backend.event(workload.limit));
    let strategy = match &trace {
        None => (entry.build)(&event),
        Some(trace) => trace.attempts_of((entry.build)(&around(trace, event))),
    };
    let mut consumers = Consumers::start(&strategy, backend, trace.as_ref());
    announce(place, &recorder.counters, watcher);
    let load = Load {
        strategy,
        recorder: Arc::clone(&recorder),
        patience: workload.timeout,
    };
    let mut ended = load::run(load, bystander.lead(stop.clone()), stop.clone()).await;
    tracing::info!(end = ?ended.end, answered = recorder.answered(), "load ended");

    watcher(Event::Drain);
    let kafka = backend.kafka.as_ref();
    let drained = drain::drain(
        ended.settled(),
        kafka,
        &consumers,
        scenario.drain_patience(),
        stop.clone(),
    )
    .await;
    let bystander = bystander.end(recorder.released().into_std(), stop).await;
    let observed = Observed::here(&recorder, &meter, backend, ended.cpu);
    let troubles = trouble(ended.end, workload.timeout).into_iter().collect();
    // The clients close once their last user is gone, and have to do so while their servers are still there.
    ended.abandon().await;
    consumers.shutdown().await;
    let mut notes = backend.notes().await;
    notes.extend(consumers.note());
    Loaded {
        observed,
        drained,
        bystander,
        traced: trace.map(|trace| trace.take()),
        troubles,
        notes,
    }
}

/// The users shared out among processes of their own.
async fn elsewhere(
    scenario: &Scenario,
    entry: &'static Entry,
    place: Place<'_>,
    (run_id, backend): (&str, &Backend),
    bystander: Bystander,
    watcher: Observer<'_>,
    stop: watch::Receiver<bool>,
) -> Result<Loaded, OpenError> {
    let counters = Arc::new(Counters::default());
    let subject = instances::AssignedSubject::of_strategy(&scenario.services, entry, backend);
    let subject = subject.map_err(|error| {
        OpenError::new(
            "--instances",
            scenario.instances.to_string(),
            error.to_string(),
        )
    })?;
    let mut instances = Instances::start(scenario, run_id, &subject).await?;
    announce(place, &counters, watcher);
    bystander.lead(stop.clone()).await;
    let released = Instant::now() + instances::HEAD_START;
    let mut troubles = instances.load(scenario, &counters, stop.clone()).await;
    if *stop.borrow() {
        troubles = vec!["interrupted".to_owned()];
    }

    watcher(Event::Drain);
    let (kafka, patience) = (backend.kafka.as_ref(), scenario.drain_patience());
    let mut drained = drain::drain(
        ready(()),
        kafka,
        &Consumers::default(),
        patience,
        stop.clone(),
    )
    .await;
    let bystander = bystander.end(released, stop).await;
    let (observed, more) = instances.finish(scenario).await;
    troubles.extend(more);
    // What a child has not settled is in nobody's lag.
    if !troubles.is_empty() {
        drained.completion = Completion::Pending;
    }
    Ok(Loaded {
        observed,
        drained,
        bystander,
        traced: None,
        troubles,
        notes: backend.notes().await,
    })
}

/// Says that the load of a run begins.
pub fn announce(place: Place<'_>, counters: &Arc<Counters>, watcher: Observer<'_>) {
    watcher(Event::Load {
        strategy: place.subject.name(),
        trial: place.trial,
        counters,
    });
}

/// What is wrong with a load that ended like this.
pub fn trouble(end: End, patience: Duration) -> Option<String> {
    match end {
        End::Done => None,
        End::Stalled => Some(format!(
            "nothing moved for {} s, so the load was given up",
            patience.as_secs_f64()
        )),
        End::Interrupted => Some("interrupted".to_owned()),
    }
}
