//! One run of one subject: open, load, drain, evidence, judgement, close.
//!
//! The steps are those of [`RunSubject`]. The attempts are made by clients in this process or by [`instances`].

use std::{
    future::ready,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    Observer, RunEvent,
    bystander::Bystander,
    drain::DrainResult,
    instances::{self, Instances},
    judge::judge,
    measurements::Measurements,
    service::ServiceRun,
    strategy::StrategyRun,
    subject::{Clients, RunSubject},
};
use crate::{
    adapters::OpenError,
    config::scenario::{Scenario, Subject},
    engine::load::{self, Counters, End, Schedule},
    model::{
        report::{self, Backends, Run, TargetLoad},
        trace::RunTrace,
        verdict::Completion,
    },
};

/// What all steps of one run have in common.
pub struct RunContext<'a> {
    pub scenario: &'a Scenario,
    /// What the run tests.
    pub subject: &'a Subject,
    /// The number of the trial, from 1.
    pub trial: u32,
    pub run_id: String,
    pub observer: Observer<'a>,
    /// Turns true when the run is interrupted.
    pub stop: watch::Receiver<bool>,
}

/// A run that has ended and is judged.
pub struct FinishedRun {
    pub run: Run,
    /// Whether an object of the run could not be removed.
    pub left_behind: bool,
    /// Why no other trial may begin: coupons of this run may still come and would count as coupons of the next.
    pub outstanding: Option<String>,
}

/// What was recorded of a load and its drain.
pub struct Recording {
    pub measurements: Measurements,
    pub drained: DrainResult,
    /// The response times of the database's other traffic.
    pub bystander: Option<report::Bystander>,
    /// The recorded steps, where the scenario asks for them.
    pub traced: Option<RunTrace>,
    /// Problems of the run itself, which make its verdict inconclusive.
    pub troubles: Vec<String>,
    /// Events in the services that explain the figures.
    pub notes: Vec<String>,
}

/// The services that a run used, as its report describes them.
pub struct ServicesUsed {
    pub backends: Backends,
    /// Whether the run had a Kafka topic.
    pub topic: bool,
    /// The connections to a service of the user.
    pub target: Option<TargetLoad>,
}

/// Runs the subject of `run` once.
pub async fn run(run: &RunContext<'_>) -> Result<FinishedRun, OpenError> {
    tracing::info!(
        subject = run.subject.name(),
        trial = run.trial,
        run_id = run.run_id,
        "opening services"
    );
    match run.subject {
        Subject::Strategy(entry) => {
            let subject = StrategyRun::open(run, entry).await?;
            Box::pin(complete(subject, run)).await
        }
        Subject::Target(target) => {
            let subject = ServiceRun::open(run, target).await?;
            Box::pin(complete(subject, run)).await
        }
    }
}

/// Runs an open subject to its report, and closes it.
async fn complete(
    mut subject: impl RunSubject,
    run: &RunContext<'_>,
) -> Result<FinishedRun, OpenError> {
    let recording = match record(&mut subject, run).await {
        Ok(recording) => recording,
        Err(error) => {
            subject.close(false).await;
            return Err(error);
        }
    };
    let evidence = subject.evidence(run, &recording).await;
    let services = subject.services(&recording, &evidence);
    let outstanding = subject.outstanding(&recording.drained);
    let mut report = judge(run, services, &recording, evidence);
    (run.observer)(RunEvent::Recorded {
        strategy: run.subject.name(),
        trial: run.trial,
        measurements: &recording.measurements,
    });

    let closed = subject.close(run.scenario.keep).await;
    report.kept = closed.kept;
    for problem in &closed.problems {
        (run.observer)(RunEvent::LeftBehind(problem));
    }
    (run.observer)(RunEvent::Done);
    Ok(FinishedRun {
        run: report,
        left_behind: !closed.problems.is_empty(),
        outstanding,
    })
}

/// Offers the load and waits for the drain.
async fn record(
    subject: &mut impl RunSubject,
    run: &RunContext<'_>,
) -> Result<Recording, OpenError> {
    let bystander = subject.bystander(run.scenario).await?;
    if run.scenario.instances > 1 {
        in_instances(subject, run, bystander).await
    } else {
        in_this_process(subject, run, bystander).await
    }
}

/// All users are in this process.
async fn in_this_process<S: RunSubject>(
    subject: &mut S,
    run: &RunContext<'_>,
    bystander: Bystander,
) -> Result<Recording, OpenError> {
    let workload = &run.scenario.workload;
    let interrupted = subject.interrupted();
    let connect = subject.connect(workload, Schedule::of(workload));
    let mut clients = run.prepare(interrupted, connect).await?;
    let load = clients.load().clone();
    let recorder = Arc::clone(&load.recorder);
    run.announce(&recorder.counters);
    let release = async {
        clients.make_ready().await;
        bystander.lead(run.stop.clone()).await;
    };
    let mut ended = load::run(load, release, run.end_of_load(S::LONGEST_LOAD)).await;
    tracing::info!(end = ?ended.end, answered = recorder.answered(), "load ended");
    let stopped = *run.stop.borrow();
    let mut troubles: Vec<_> = trouble(ended.end, workload.timeout).into_iter().collect();
    if S::LONGEST_LOAD.is_some() && ended.end == End::Interrupted && !stopped {
        troubles = vec!["the load was given up after a day".to_owned()];
    }

    (run.observer)(RunEvent::Drain);
    let drained = subject.drain(Some(&clients), ended.settled(), run).await;
    let released = recorder.released().into_std();
    let bystander = bystander.end(released, run.stop.clone()).await;
    let measurements = subject.measure(&clients, ended.cpu);
    troubles.extend(not_classified(&measurements));
    // Clients close when their last user has ended. The servers have to be there until then.
    ended.abandon().await;
    clients.shutdown().await;
    Ok(Recording {
        measurements,
        drained,
        bystander,
        notes: subject.notes(Some(&clients)).await,
        traced: clients.traced(),
        troubles,
    })
}

/// The users are shared out among processes of their own.
async fn in_instances<S: RunSubject>(
    subject: &mut S,
    run: &RunContext<'_>,
    bystander: Bystander,
) -> Result<Recording, OpenError> {
    let scenario = run.scenario;
    let assigned = subject.assigned(scenario)?;
    let start = Instances::start(scenario, &run.run_id, &assigned);
    let mut instances = run.prepare(subject.interrupted(), start).await?;
    let counters = Arc::new(Counters::default());
    run.announce(&counters);
    bystander.lead(run.stop.clone()).await;
    let released = Instant::now() + instances::HEAD_START;
    let stop = run.end_of_load(S::LONGEST_LOAD);
    let mut troubles = instances.load(scenario, &counters, stop).await;
    if *run.stop.borrow() {
        troubles = vec!["interrupted".to_owned()];
    }
    let mut finished = None;
    if !S::INSTANCES_CONSUME {
        let (measurements, more) = instances.finish(scenario).await;
        troubles.extend(more);
        troubles.extend(subject.take_in(&scenario.workload, &measurements).err());
        finished = Some(measurements);
    }

    (run.observer)(RunEvent::Drain);
    let mut drained = subject.drain(None, ready(()), run).await;
    let bystander = bystander.end(released, run.stop.clone()).await;
    let measurements = if let Some(measurements) = finished {
        measurements
    } else {
        let (measurements, more) = instances.finish(scenario).await;
        troubles.extend(more);
        measurements
    };
    // The work of an instance that did not end well may still be under way, and neither the lag nor the ledger shows it.
    if !troubles.is_empty() {
        drained.completion = Completion::Pending;
    }
    troubles.extend(not_classified(&measurements));
    Ok(Recording {
        measurements,
        drained,
        bystander,
        notes: subject.notes(None).await,
        traced: None,
        troubles,
    })
}

impl RunContext<'_> {
    /// Tells the observer that the load begins.
    fn announce(&self, counters: &Arc<Counters>) {
        (self.observer)(RunEvent::Load {
            strategy: self.subject.name(),
            trial: self.trial,
            counters,
        });
    }

    /// The result of `work`, or the error `interrupted` when the run is interrupted meanwhile. Without such an error, `work` always
    /// runs to its end.
    pub async fn prepare<T>(
        &self,
        interrupted: Option<OpenError>,
        work: impl Future<Output = Result<T, OpenError>>,
    ) -> Result<T, OpenError> {
        let Some(error) = interrupted else {
            return work.await;
        };
        let mut stop = self.stop.clone();
        let stopped = async {
            // A closed channel cannot interrupt the run any more.
            if stop.wait_for(|stop| *stop).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            result = work => result,
            () = stopped => Err(error),
        }
    }

    /// Turns true when the run is interrupted, and when the load has lasted for `longest`.
    fn end_of_load(&self, longest: Option<Duration>) -> watch::Receiver<bool> {
        let mut stop = self.stop.clone();
        let Some(longest) = longest else {
            return stop;
        };
        let (end, end_of_load) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                // The load has ended, so its receiver is gone.
                () = end.closed() => {}
                () = tokio::time::sleep(longest) => drop(end.send(true)),
                _ = stop.wait_for(|stop| *stop) => drop(end.send(true)),
            }
        });
        end_of_load
    }
}

/// The problem of a load that ended with `end`. `timeout` is the longest time without an answer.
pub fn trouble(end: End, timeout: Duration) -> Option<String> {
    match end {
        End::Done => None,
        End::Stalled => Some(format!(
            "no attempt was answered for {} s, so the load was given up",
            timeout.as_secs_f64()
        )),
        End::Interrupted => Some("interrupted".to_owned()),
    }
}

/// The problem of answers that no rule of the service's file matches.
fn not_classified(measurements: &Measurements) -> Option<String> {
    let what = match measurements.reached.unclassified.count {
        0 => return None,
        1 => "1 answer matches".to_owned(),
        several => format!("{several} answers match"),
    };
    Some(format!(
        "{what} no [[outcome]] rule, so what those users were told is unknown"
    ))
}
