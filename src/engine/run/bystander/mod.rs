//! The bystander: other traffic on the database, as a probe. It makes orders at a fixed rate, from some time before the release
//! until some time after the drain.
//!
//! The orders are an open loop. An order has an intended start and does not wait for earlier orders, and its response time runs
//! from the intended start, so it shows a stall of the database in full. The bystander has a thread and a runtime of its own, so
//! that it does not wait behind the users. [`crate::adapters`] defines an order.

mod phases;
mod schedule;

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::{
    runtime::Runtime,
    sync::{oneshot, watch},
};

use self::{
    phases::{Order, OrderEnd, Span},
    schedule::{OrderSchedule, SystemTime},
};
use crate::{
    adapters::{
        Backend, OpenError,
        sql::{OrderService, Orders},
    },
    config::scenario::Scenario,
    model::{report, workload::Rate},
};

/// The time before the release and after the drain. At 100 orders a second it has enough samples for a p99.
const AROUND: Duration = Duration::from_millis(1200);

/// The interval between two checks whether open orders have ended.
const PAUSE: Duration = Duration::from_millis(2);

/// The bystander of one run; `None` in a run without one.
pub struct Bystander(Option<Running>);

struct Running {
    log: Arc<OrderLog>,
    begin: mpsc::Sender<()>,
    thread: JoinHandle<()>,
    timeout: Duration,
}

/// The orders so far.
#[derive(Default)]
struct OrderLog {
    orders: Mutex<Vec<Order>>,
    over: OnceLock<Over>,
}

/// The end of the orders.
#[derive(Clone, Copy)]
struct Over {
    /// Orders that are due before this time are made.
    at: Instant,
    /// How long open orders may take to end.
    patience: Duration,
}

impl OrderLog {
    /// Code under this lock does not panic.
    fn orders(&self) -> MutexGuard<'_, Vec<Order>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bystander {
    /// A run without a bystander.
    pub fn none() -> Self {
        Self(None)
    }

    /// Connects the bystander, if the scenario has one. It makes no order yet.
    ///
    /// # Errors
    ///
    /// The bystander could not connect to the database, or its thread could not start.
    pub async fn start(scenario: &Scenario, backend: &Backend) -> Result<Self, OpenError> {
        let service = backend.database.order_service();
        let (Some(rate), Some(service)) = (scenario.bystander_rate, service) else {
            return Ok(Self(None));
        };
        let fail = |problem: String| {
            let what = format!("failed to set up the bystander (--bystander-rate): {problem}");
            OpenError::new("--db", scenario.services.db.to_string(), what)
        };
        let log = Arc::<OrderLog>::default();
        let (begin, signal) = mpsc::channel();
        let (ready, is_ready) = oneshot::channel();
        let worker = Worker {
            service,
            rate,
            log: Arc::clone(&log),
        };
        let thread = std::thread::Builder::new()
            .name("bystander".to_owned())
            .spawn(move || worker.run(ready, &signal))
            .map_err(|error| fail(error.to_string()))?;
        match is_ready.await {
            Ok(Ok(())) => Ok(Self(Some(Running {
                log,
                begin,
                thread,
                timeout: scenario.workload.timeout,
            }))),
            Ok(Err(problem)) => Err(fail(problem)),
            Err(_) => Err(fail("its thread has ended".to_owned())),
        }
    }

    /// Starts the orders, and returns when it is time for the release, or at once when `stop` turns true.
    pub async fn lead(&self, stop: watch::Receiver<bool>) {
        if let Some(running) = &self.0 {
            // A thread that is gone makes no orders, which the report shows.
            let _ = running.begin.send(());
            sleep(AROUND, stop).await;
        }
    }

    /// Continues the orders for some time after the drain, which has just ended, and returns their response times.
    pub async fn end(
        self,
        released: Instant,
        stop: watch::Receiver<bool>,
    ) -> Option<report::Bystander> {
        let Running {
            log,
            thread,
            timeout,
            ..
        } = self.0?;
        let drained = Instant::now();
        sleep(AROUND, stop.clone()).await;
        let at = Instant::now();
        let patience = if *stop.borrow() {
            Duration::ZERO
        } else {
            timeout
        };
        let _ = log.over.set(Over { at, patience });
        // A panic of the thread adds no information.
        let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        let span = Span {
            released,
            drained,
            over: at,
        };
        Some(phases::report(&log.orders(), span))
    }
}

async fn sleep(duration: Duration, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(duration) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// The thread of the bystander.
struct Worker {
    service: OrderService,
    rate: Rate,
    log: Arc<OrderLog>,
}

impl Worker {
    /// Connects, reports to `ready`, and makes orders from the `signal` to the end of the log.
    fn run(self, ready: oneshot::Sender<Result<(), String>>, signal: &mpsc::Receiver<()>) {
        let Self { service, rate, log } = self;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("bystander-io")
            .enable_all()
            .build();
        let opened = runtime
            .map_err(|error| error.to_string())
            .and_then(|runtime| {
                let orders = runtime.block_on(service.open())?;
                Ok((runtime, Arc::new(orders)))
            });
        let (runtime, orders) = match opened {
            Ok(opened) => opened,
            Err(problem) => {
                let _ = ready.send(Err(problem));
                return;
            }
        };
        let _ = ready.send(Ok(()));
        // The channel is closed if the run has failed before its release.
        if signal.recv().is_ok() {
            make_orders(&runtime, &orders, rate, &log);
            runtime.block_on(settle(&log));
        }
        runtime.block_on(orders.close());
        runtime.shutdown_timeout(PAUSE);
    }
}

/// Starts one order after the other until the end.
fn make_orders(runtime: &Runtime, orders: &Arc<Orders>, rate: Rate, log: &Arc<OrderLog>) {
    let schedule = OrderSchedule::new(Instant::now(), rate);
    let over = || log.over.get().map(|over| over.at);
    schedule.run(&SystemTime, over, |number, intended| {
        log.orders().push(Order::intended(intended));
        let (orders, log) = (Arc::clone(orders), Arc::clone(log));
        runtime.spawn(async move {
            let index = usize::try_from(number).unwrap_or(usize::MAX);
            let note = |change: &dyn Fn(&mut Order)| {
                log.orders().get_mut(index).map(change);
            };
            note(&|order| order.started = Some(Instant::now()));
            let failure = orders.make(number).await.err();
            let at = Instant::now();
            note(&|order| {
                order.end = Some(OrderEnd {
                    at,
                    failure: failure.clone(),
                });
            });
        });
    });
}

/// Waits for open orders, at most for their patience.
async fn settle(log: &OrderLog) {
    let patience = log.over.get().map(|over| over.patience);
    let patience = patience.unwrap_or_default();
    let begin = Instant::now();
    while log.orders().iter().any(|order| order.end.is_none()) && begin.elapsed() < patience {
        tokio::time::sleep(PAUSE).await;
    }
}
