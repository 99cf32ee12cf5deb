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

use super::message::{Assignment, News, Order, StrategyWork, Work, receive, send};
use crate::{
    adapters::{Backend, Role},
    config::scenario::{Scenario, Subject},
    engine::{
        load::{self, Counters, End, Load, Recorder, Schedule},
        run::{Consumers, observed::Observed, one},
    },
    input::{address::Services, services},
    instrument::metered::Meter,
    model::workload::{MAX_UNDECIDED, Workload},
    strategies::{self, Entry},
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
    let Some(Order::Prepare(assignment)) = receive(&mut orders).await else {
        return false;
    };
    match work(&assignment, orders, &out).await {
        Ok(()) => true,
        Err(problem) => {
            say(&out, &News::Failed(problem)).await;
            false
        }
    }
}

/// If the parent is gone there is nobody to tell, and the next order will not come either.
async fn say(out: &Out, news: &News) {
    let _ = send(&mut *out.lock().await, news).await;
}

async fn work(assignment: &Assignment, orders: BufReader<Stdin>, out: &Out) -> Result<(), String> {
    match &assignment.work {
        Work::Strategy(work) => of_strategy(assignment, work, orders, out).await,
        Work::Target(work) => target::work(assignment, work, orders, out).await,
    }
}

async fn of_strategy(
    assignment: &Assignment,
    work: &StrategyWork,
    orders: BufReader<Stdin>,
    out: &Out,
) -> Result<(), String> {
    let (scenario, entry) = understand(assignment, work)?;
    let workload = scenario.workload;
    let backend = Backend::open(&scenario.demand(), entry, &assignment.run_id, Role::Guest)
        .await
        .map_err(|error| error.to_string())?;
    let schedule = Schedule::share(&workload, assignment.share);
    let recorder = Arc::new(Recorder::new(schedule, workload.timeout));
    let meter = Meter::new(workload.users, Arc::clone(&recorder.counters.inserted));
    let strategy = (entry.build)(&meter.around(backend.event(workload.limit)));
    let mut consumers = Consumers::start(&strategy, &backend, None);
    let (mut listener, stop) = Listener::start(orders);

    say(out, &News::Ready).await;
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
    say(out, &News::Loaded { trouble }).await;

    listener.finish.recv().await;
    progress.abort();
    let observed = Observed::here(&recorder, &meter, &backend, ended.cpu);
    say(out, &News::Observed(Box::new(observed))).await;
    ended.abandon().await;
    consumers.shutdown().await;
    backend.close(false).await;
    Ok(())
}

fn understand(
    assignment: &Assignment,
    work: &StrategyWork,
) -> Result<(Scenario, &'static Entry), String> {
    let entry = strategies::find(&work.strategy).ok_or("unknown strategy")?;
    let words =
        |problem: crate::text::problem::Problem| format!("{}: {}", problem.what, problem.advice);
    let scenario = Scenario {
        title: None,
        subjects: vec![Subject::Strategy(entry)],
        refused: Vec::new(),
        workload: workload(assignment),
        trials: 1,
        instances: u32::try_from(assignment.share.1).unwrap_or(u32::MAX),
        services: Services {
            db: services::db(&work.db).map_err(words)?,
            db_pool: work.db_pool,
            db_connection: work.db_connection,
            redis: services::redis(&work.redis).map_err(words)?,
            redis_connections: work.redis_connections,
            kafka: services::kafka(&work.kafka).map_err(words)?,
            consumers: work.consumers,
            consumer_batch: work.consumer_batch,
            consumer_rate: work.consumer_rate,
            tls_ca: work.tls_ca.clone(),
        },
        // The one there is belongs to the parent.
        bystander_rate: None,
        trace: false,
        keep: false,
        max_undecided: MAX_UNDECIDED,
        assertions: Vec::new(),
    };
    Ok((scenario, entry))
}

fn workload(assignment: &Assignment) -> Workload {
    Workload {
        users: assignment.users,
        limit: assignment.limit,
        attempts: assignment.attempts,
        arrivals: assignment.arrivals,
        seed: assignment.seed,
        timeout: Duration::from_millis(assignment.timeout_ms),
        warmup: assignment.warmup,
    }
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
                    Order::Release(at) => released.send(at).await.is_ok(),
                    Order::Finish => finished.send(()).await.is_ok(),
                    Order::Stop => stop.send(true).is_ok(),
                    Order::Prepare(_) => false,
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
        let news = News::Progress {
            started: counters.started.load(Ordering::Relaxed),
            finished: counters.finished.load(Ordering::Relaxed),
            issued: counters.issued.load(Ordering::Relaxed),
            inserted: counters.inserted.load(Ordering::Relaxed),
        };
        say(&out, &news).await;
    }
}
