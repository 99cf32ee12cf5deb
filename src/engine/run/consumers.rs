//! The members of the consumer group. A consumer that meets an error, such as a restart of the database, continues from the
//! committed offset: no record is skipped, and a record whose insert had no answer is delivered again.

use std::{
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
    time::sleep,
};

use crate::{
    adapters::{Backend, kafka::Member},
    instrument::{stepped, traced::Trace},
    ports::Consumer,
    strategies::Strategy,
};

/// The pause before a consumer continues after an error: the first pause, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// The thread on which consumers work, because consumers are a process of their own in production. In the queue of the users'
/// runtime, a consumer would start after a million users. `None` where the thread cannot be created.
static THREAD: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let mut runtime = Builder::new_multi_thread();
    runtime
        .worker_threads(1)
        .thread_name("consumers")
        .enable_all();
    runtime.build().ok()
});

/// A task for every member of the group in this process. Dropping this value ends the tasks.
#[derive(Default)]
pub struct Consumers {
    tasks: JoinSet<()>,
    errors: Arc<Errors>,
}

/// The errors that the consumers have met.
#[derive(Default)]
struct Errors {
    count: AtomicU64,
    last: Mutex<Option<String>>,
}

impl Consumers {
    /// Starts the consumers. A run without a topic has none.
    pub fn start(strategy: &Arc<dyn Strategy>, backend: &Backend, trace: Option<&Trace>) -> Self {
        let mut consumers = Self::default();
        let kafka = backend.kafka.as_ref();
        for member in kafka.map_or(&[][..], |kafka| kafka.members()) {
            let reader: Box<dyn Consumer> = Box::new(Arc::clone(member));
            let task = ConsumerTask {
                strategy: Arc::clone(strategy),
                reader: match trace {
                    None => reader,
                    Some(trace) => stepped::consumer(trace, reader),
                },
                member: Arc::clone(member),
                errors: Arc::clone(&consumers.errors),
            };
            match &*THREAD {
                Some(runtime) => consumers.tasks.spawn_on(task.run(), runtime.handle()),
                None => consumers.tasks.spawn(task.run()),
            };
        }
        consumers
    }

    /// The last error that a consumer met; `None` without an error.
    pub fn trouble(&self) -> Option<String> {
        self.errors.last().clone()
    }

    /// A sentence for the report, where a consumer met an error.
    pub fn note(&self) -> Option<String> {
        let count = self.errors.count.load(Ordering::Relaxed);
        let times = if count == 1 { "once" } else { "several times" };
        self.trouble().map(|error| {
            format!(
                "a consumer met an error {times} and continued from the committed offset: {error}"
            )
        })
    }

    /// Ends the consumers now.
    pub async fn shutdown(&mut self) {
        self.tasks.shutdown().await;
    }
}

impl Errors {
    fn met(&self, error: String) {
        tracing::warn!("a consumer met an error and continues: {error}");
        self.count.fetch_add(1, Ordering::Relaxed);
        *self.last() = Some(error);
    }

    fn last(&self) -> MutexGuard<'_, Option<String>> {
        // The text is always valid, even where a panic has poisoned the lock.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One consumer.
struct ConsumerTask {
    strategy: Arc<dyn Strategy>,
    reader: Box<dyn Consumer>,
    member: Arc<Member>,
    errors: Arc<Errors>,
}

impl ConsumerTask {
    /// Runs until the run ends.
    async fn run(self) {
        let (first, longest) = PAUSE;
        let mut pause = first;
        loop {
            let begin = Instant::now();
            let Err(error) = self.strategy.consume(&*self.reader).await else {
                return;
            };
            self.errors.met(error.to_string());
            if begin.elapsed() > longest {
                pause = first;
            }
            loop {
                sleep(pause).await;
                pause = (pause * 2).min(longest);
                match self.member.read_on().await {
                    Ok(()) => break,
                    Err(error) => self.errors.met(error),
                }
            }
        }
    }
}
