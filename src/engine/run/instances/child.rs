//! A child: joins the services that its parent has opened, makes its share of the attempts, and consumes until the parent ends it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{
    io::{BufReader, Stdin, Stdout},
    sync::{Mutex, mpsc, watch},
    task::JoinHandle,
};

use super::message::{
    AssignedStrategy, AssignedSubject, AssignedTarget, Assignment, ChildMessage, ParentMessage,
    receive, send,
};
use crate::{
    adapters::{Demand, http::Remote},
    engine::{
        load::{self, Counters, End, Schedule},
        run::{
            service::{self, ServiceRun},
            strategy::StrategyRun,
            subject::{Clients, RunSubject},
            trial::trouble,
        },
    },
    input::toml_file::TomlFile,
    service::{Reach, Target, connected::ConnectedService},
    strategies,
};

/// The interval between two reports of progress.
const PROGRESS: Duration = Duration::from_millis(100);

type Out = Arc<Mutex<Stdout>>;

/// Runs a child from its assignment to its end; false if the child could not take part.
pub async fn main() -> bool {
    let out: Out = Arc::new(Mutex::new(tokio::io::stdout()));
    let mut orders = BufReader::new(tokio::io::stdin());
    let Some(ParentMessage::Prepare(assignment)) = receive(&mut orders).await else {
        return false;
    };
    match work(&assignment, orders, &out).await {
        Ok(()) => true,
        Err(problem) => {
            report(&out, &ChildMessage::Failed(problem)).await;
            false
        }
    }
}

/// Sends a message to the parent. A parent that is gone does not read it, and sends no further order.
async fn report(out: &Out, news: &ChildMessage) {
    let _ = send(&mut *out.lock().await, news).await;
}

async fn work(assignment: &Assignment, orders: BufReader<Stdin>, out: &Out) -> Result<(), String> {
    match &assignment.subject {
        AssignedSubject::Strategy(assigned) => {
            let subject = join_strategy(assignment, assigned).await?;
            take_part(subject, assignment, orders, out).await
        }
        AssignedSubject::Target(assigned) => {
            let subject = join_service(assignment, assigned).await?;
            take_part(subject, assignment, orders, out).await
        }
    }
}

/// Makes the share's attempts, and reports what they have measured.
async fn take_part<S: RunSubject>(
    mut subject: S,
    assignment: &Assignment,
    orders: BufReader<Stdin>,
    out: &Out,
) -> Result<(), String> {
    let workload = assignment.workload;
    let schedule = Schedule::share(&workload, assignment.share);
    let connected = subject.connect(&workload, schedule).await;
    let mut clients = connected.map_err(|error| error.to_string())?;
    clients.make_ready().await;
    let (mut listener, stop) = Listener::start(orders);

    report(out, &ChildMessage::Ready).await;
    let at = listener.release.recv().await.ok_or("the parent is gone")?;
    let load = clients.load().clone();
    let progress = report_progress(Arc::clone(out), Arc::clone(&load.recorder.counters));
    let mut ended = load::run(load, until(at), stop).await;
    let settled = async {
        ended.settled().await;
        subject.delivered().await;
    };
    // The parent's drain cannot see work that has not settled by then: the consumer lag does not include it.
    let settled = tokio::time::timeout(workload.timeout, settled).await;
    let trouble = match (ended.end, settled) {
        (End::Done, Ok(())) => None,
        (End::Done, Err(_)) => Some(S::NOT_SETTLED.to_owned()),
        (end, _) => trouble(end, workload.timeout),
    };
    report(out, &ChildMessage::Loaded { trouble }).await;

    listener.finish.recv().await;
    progress.abort();
    let measurements = subject.measure(&clients, ended.cpu);
    report(out, &ChildMessage::Measured(Box::new(measurements))).await;
    ended.abandon().await;
    clients.shutdown().await;
    drop(clients);
    subject.close(false).await;
    Ok(())
}

/// Joins the services that the parent has opened for a strategy.
async fn join_strategy(
    assignment: &Assignment,
    assigned: &AssignedStrategy,
) -> Result<StrategyRun, String> {
    let entry = strategies::find(&assigned.name).ok_or("unknown strategy")?;
    let demand = Demand {
        services: &assigned.services,
        workload: &assignment.workload,
        instances: u32::try_from(assignment.share.1).unwrap_or(u32::MAX),
        // The parent alone has a bystander.
        orders: false,
    };
    let joined = StrategyRun::join(&demand, entry, &assignment.run_id).await;
    joined.map_err(|error| error.to_string())
}

/// Joins the service that the parent has set up.
async fn join_service(
    assignment: &Assignment,
    assigned: &AssignedTarget,
) -> Result<ServiceRun, String> {
    let workload = assignment.workload;
    let schedule = Schedule::share(&workload, assignment.share);
    let mut target = target(assigned)?;
    // The connections of different children come from different addresses.
    let before = assignment.share.0 * service::connections(&target, &schedule, &workload);
    let source = target.service.source.take();
    target.service.source = source.map(|source| source.from(before));
    let target = Arc::new(target);
    let connected = ConnectedService::open(&target, &workload, &assignment.run_id).await;
    let mut connected = connected.map_err(|error| error.to_string())?;
    connected.join(assigned.given.clone(), schedule.users.into_iter().collect());
    Ok(ServiceRun::of(&target, connected, workload.limit))
}

/// The service as its file describes it. The text is what the parent has read, as the file may have changed since.
fn target(assigned: &AssignedTarget) -> Result<Target, String> {
    let file = TomlFile::of(&assigned.path, assigned.text.clone());
    let environment = |name: &str| std::env::var_os(name);
    let target = Target::validate(&file, &environment);
    let mut target = target.map_err(|error| error.to_string())?;
    target.reach = Reach {
        connections: assigned.connections,
        remote: if assigned.allow_remote {
            Remote::Allowed
        } else {
            Remote::Refused
        },
    };
    Ok(target)
}

/// The parent's orders, by kind. The channels close when the parent is gone.
struct Listener {
    release: mpsc::Receiver<u64>,
    finish: mpsc::Receiver<()>,
}

impl Listener {
    fn start(mut orders: BufReader<Stdin>) -> (Self, watch::Receiver<bool>) {
        let (released, release) = mpsc::channel(1);
        let (finished, finish) = mpsc::channel(1);
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(async move {
            while let Some(order) = receive(&mut orders).await {
                let _ = match order {
                    ParentMessage::Release(at) => released.send(at).await.is_ok(),
                    ParentMessage::Finish => finished.send(()).await.is_ok(),
                    ParentMessage::Stop => stop.send(true).is_ok(),
                    ParentMessage::Prepare(_) => false,
                };
            }
            let _ = stop.send(true);
        });
        (Self { release, finish }, stopped)
    }
}

/// Sleeps until a time that is the same for all children, in nanoseconds since the Unix epoch.
async fn until(unix_nanoseconds: u64) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let left = Duration::from_nanos(unix_nanoseconds).saturating_sub(now);
    tokio::time::sleep(left).await;
}

/// Reports the progress until the task is aborted.
fn report_progress(out: Out, counters: Arc<Counters>) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(PROGRESS).await;
            let news = ChildMessage::Progress {
                started: counters.started.load(Ordering::Relaxed),
                finished: counters.finished.load(Ordering::Relaxed),
                issued: counters.issued.load(Ordering::Relaxed),
                inserted: counters.inserted.load(Ordering::Relaxed),
            };
            report(&out, &news).await;
        }
    })
}
