//! A child: joins the services its parent has set up, makes its share of the attempts, consumes until told to finish.

mod target;

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{
    io::{BufReader, Stdin, Stdout},
    sync::{Mutex, mpsc, watch},
};

use super::message::{
    AssignedStrategy, AssignedSubject, Assignment, ChildMessage, ParentMessage, receive, send,
};
use crate::{
    adapters::{Backend, Role},
    config::scenario::Scenario,
    engine::{
        load::{self, Counters, End, Load, Recorder, Schedule},
        run::{Consumers, observed::Observed, one},
    },
    instrument::metered::Meter,
    strategies,
};

/// Between two reports of progress.
const PROGRESS: Duration = Duration::from_millis(100);

/// Between two looks at records that are still on their way.
const PAUSE: Duration = Duration::from_millis(1);

type Out = Arc<Mutex<Stdout>>;

/// The whole life of a child; whether it went well.
pub async fn main() -> bool {
    let out: Out = Arc::new(Mutex::new(tokio::io::stdout()));
    let mut orders = BufReader::new(tokio::io::stdin());
    let Some(ParentMessage::Prepare(assignment)) = receive(&mut orders).await else {
        return false;
    };
    match work(&assignment, orders, &out).await {
        Ok(()) => true,
        Err(problem) => {
            say(&out, &ChildMessage::Failed(problem)).await;
            false
        }
    }
}

/// If the parent is gone there is nobody to tell, and the next order will not come either.
async fn say(out: &Out, news: &ChildMessage) {
    let _ = send(&mut *out.lock().await, news).await;
}

async fn work(assignment: &Assignment, orders: BufReader<Stdin>, out: &Out) -> Result<(), String> {
    match &assignment.subject {
        AssignedSubject::Strategy(assigned) => of_strategy(assignment, assigned, orders, out).await,
        AssignedSubject::Target(assigned) => target::work(assignment, assigned, orders, out).await,
    }
}

async fn of_strategy(
    assignment: &Assignment,
    assigned: &AssignedStrategy,
    orders: BufReader<Stdin>,
    out: &Out,
) -> Result<(), String> {
    let entry = strategies::find(&assigned.name).ok_or("unknown strategy")?;
    let workload = assignment.workload;
    let scenario = Scenario {
        instances: u32::try_from(assignment.share.1).unwrap_or(u32::MAX),
        ..Scenario::of_strategy(entry, workload, assigned.services.clone())
    };
    let backend = Backend::open(&scenario.demand(), entry, &assignment.run_id, Role::Guest)
        .await
        .map_err(|error| error.to_string())?;
    let schedule = Schedule::share(&workload, assignment.share);
    let recorder = Arc::new(Recorder::new(schedule, workload.timeout));
    let meter = Meter::new(workload.users, Arc::clone(&recorder.counters.inserted));
    let strategy = (entry.build)(&meter.around(backend.event(workload.limit)));
    let mut consumers = Consumers::start(&strategy, &backend, None);
    let (mut listener, stop) = Listener::start(orders);

    say(out, &ChildMessage::Ready).await;
    let at = listener.release.recv().await.ok_or("the parent is gone")?;
    let progress = tokio::spawn(report(Arc::clone(out), Arc::clone(&recorder.counters)));
    let load = Load {
        strategy,
        recorder: Arc::clone(&recorder),
        patience: workload.timeout,
    };
    let mut ended = load::run(load, until(at), stop).await;
    let settled = async {
        ended.settled().await;
        while backend
            .kafka
            .as_ref()
            .is_some_and(|kafka| kafka.deliveries().pending() > 0)
        {
            tokio::time::sleep(PAUSE).await;
        }
    };
    // What has not settled by then is for the parent's drain to notice: it is in nobody's lag.
    let settled = tokio::time::timeout(workload.timeout, settled).await;
    let trouble = match (ended.end, settled) {
        (End::Done, Ok(())) => None,
        (End::Done, Err(_)) => Some("records were still on their way".to_owned()),
        (end, _) => Some(one::trouble(end, workload.timeout).unwrap_or_default()),
    };
    say(out, &ChildMessage::Loaded { trouble }).await;

    listener.finish.recv().await;
    progress.abort();
    let observed = Observed::here(&recorder, &meter, &backend, ended.cpu);
    say(out, &ChildMessage::Observed(Box::new(observed))).await;
    ended.abandon().await;
    consumers.shutdown().await;
    backend.close(false).await;
    Ok(())
}

/// Sorts the parent's orders. When the parent is gone, its channels close.
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

/// All children wait for the same instant of the same clock.
async fn until(unix_nanoseconds: u64) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let left = Duration::from_nanos(unix_nanoseconds).saturating_sub(now);
    tokio::time::sleep(left).await;
}

async fn report(out: Out, counters: Arc<Counters>) {
    loop {
        tokio::time::sleep(PROGRESS).await;
        let news = ChildMessage::Progress {
            started: counters.started.load(Ordering::Relaxed),
            finished: counters.finished.load(Ordering::Relaxed),
            issued: counters.issued.load(Ordering::Relaxed),
            inserted: counters.inserted.load(Ordering::Relaxed),
        };
        say(&out, &news).await;
    }
}
