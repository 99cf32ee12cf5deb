//! A connection that carries everybody's commands: those that come while it is busy leave together, as one pipeline.
//!
//! A command that waits takes up a tenth of a kilobyte, so a million of them may wait; in the client's own queue each would take
//! two. How many leave together is bounded, and so is what the client and the server hold at a time.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use futures::future::BoxFuture;
use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisResult, Value, aio::MultiplexedConnection};
use tokio::{
    sync::{Notify, Semaphore, oneshot},
    task::JoinSet,
};

use crate::ports::UserId;

/// Commands that leave together. Throughput stops growing well below this number.
const BATCH: usize = 512;

/// While one batch is with the server, the next one is made ready.
const BATCHES: usize = 2;

/// One connection and those who wait for it. Ends when it is dropped.
pub struct Lane {
    queue: Arc<Queue>,
    connection: MultiplexedConnection,
    /// Taken by whoever sends a command by itself, because nobody else waits.
    alone: Arc<Semaphore>,
    /// Stops the senders when it is dropped.
    _senders: JoinSet<()>,
}

/// A command on its way; awaited, what the server said.
pub enum Asked {
    /// Somebody else sends it.
    Waiting(oneshot::Receiver<RedisResult<Value>>),
    /// Whoever asked sends it.
    Alone(BoxFuture<'static, RedisResult<Value>>),
}

/// A command, not yet in the words of the protocol.
pub enum Request {
    /// `name key`, and perhaps a user.
    Key {
        name: &'static str,
        key: Arc<str>,
        member: Option<UserId>,
    },
    /// Anything else, word by word.
    Words(Vec<String>),
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<VecDeque<Waiting>>,
    somebody: Notify,
}

struct Waiting {
    request: Request,
    answer: oneshot::Sender<RedisResult<Value>>,
}

impl Lane {
    /// On a connection that is open.
    pub fn new(connection: &MultiplexedConnection) -> Self {
        let queue = Arc::<Queue>::default();
        let mut senders = JoinSet::new();
        for _ in 0..BATCHES {
            senders.spawn(send(Arc::clone(&queue), connection.clone()));
        }
        Self {
            queue,
            connection: connection.clone(),
            alone: Arc::new(Semaphore::new(1)),
            _senders: senders,
        }
    }

    /// Sends `request` at once where nobody waits, or else with the next batch. Dropped before it has left, it never leaves.
    /// No `async fn`: a million users keep what this returns.
    pub fn ask(&self, request: Request) -> Asked {
        let mut queue = self.queue.waiting();
        if queue.is_empty()
            && let Ok(place) = Arc::clone(&self.alone).try_acquire_owned()
        {
            let mut connection = self.connection.clone();
            return Asked::Alone(Box::pin(async move {
                let answer = connection.send_packed_command(&request.command()).await;
                drop(place);
                answer
            }));
        }
        let (answer, answered) = oneshot::channel();
        queue.push_back(Waiting { request, answer });
        if queue.len() == 1 {
            self.queue.somebody.notify_one();
        }
        Asked::Waiting(answered)
    }
}

impl Future for Asked {
    /// What the server said.
    type Output = RedisResult<Value>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match self.get_mut() {
            Self::Waiting(answered) => {
                let gone = |_| Err((ErrorKind::Io, "the connection was given up").into());
                ready!(Pin::new(answered).poll(context)).unwrap_or_else(gone)
            }
            Self::Alone(answer) => ready!(answer.as_mut().poll(context)),
        };
        Poll::Ready(answer.and_then(Value::extract_error))
    }
}

impl Queue {
    /// Nothing that may panic happens under this lock.
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for somebody to wait, then takes those who came first.
    async fn batch(&self) -> Vec<Waiting> {
        loop {
            let batch = self.take();
            if !batch.is_empty() {
                return batch;
            }
            self.somebody.notified().await;
        }
    }

    /// The next batch, without those whom nobody waits for any more; the rest is for the other sender.
    fn take(&self) -> Vec<Waiting> {
        let mut queue = self.waiting();
        let count = queue.len().min(BATCH);
        let batch = queue.drain(..count);
        let batch = batch
            .filter(|waiting| !waiting.answer.is_closed())
            .collect();
        if !queue.is_empty() {
            self.somebody.notify_one();
        }
        batch
    }
}

/// Sends batch after batch.
async fn send(queue: Arc<Queue>, mut connection: MultiplexedConnection) {
    loop {
        let batch = queue.batch().await;
        let mut pipeline = Pipeline::with_capacity(batch.len());
        for waiting in &batch {
            pipeline.add_command(waiting.request.command());
        }
        let answers = connection
            .send_packed_commands(&pipeline, 0, batch.len())
            .await;
        distribute(batch, answers);
    }
}

/// Whoever does not wait any more does not hear it.
fn distribute(batch: Vec<Waiting>, answers: RedisResult<Vec<Value>>) {
    match answers {
        Ok(values) => {
            for (waiting, value) in batch.into_iter().zip(values) {
                let _ = waiting.answer.send(Ok(value));
            }
        }
        Err(error) => {
            for waiting in batch {
                let _ = waiting.answer.send(Err(RedisError::clone(&error)));
            }
        }
    }
}

impl Request {
    fn command(&self) -> Cmd {
        let mut command = Cmd::new();
        match self {
            Self::Key { name, key, member } => {
                command.arg(*name).arg(&**key);
                if let Some(user) = member {
                    command.arg(user.0);
                }
            }
            Self::Words(words) => {
                command.arg(words);
            }
        }
        command
    }
}
