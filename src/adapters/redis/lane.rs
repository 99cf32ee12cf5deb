//! A connection that sends the commands of all callers. Commands that arrive while the connection is busy are sent as one pipeline.
//!
//! A waiting command needs about 100 bytes, so a million commands can wait. In the queue of the client library each would need about
//! 2 kB. The size of a pipeline is bounded, and with it the memory of the client and of the server.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use futures::future::BoxFuture;
use redis::{Cmd, Pipeline, Value};
use tokio::{
    sync::{Notify, Semaphore, oneshot},
    task::JoinSet,
};

use super::{
    answer::{Answer, Failure, Next, next},
    link::Link,
};
use crate::ports::UserId;

/// The most commands of a pipeline. The throughput stops growing well below this number.
const BATCH: usize = 512;

/// Senders: while the server executes one batch, the other sender prepares the next.
const BATCHES: usize = 2;

/// How often a command is sent again after the server has certainly not executed it.
const RETRIES: u8 = 5;

/// One connection and the callers that wait for it. The senders stop when this value is dropped.
pub struct Lane {
    shared: Arc<Shared>,
    /// Taken by a caller that sends its command itself, because no other command waits.
    alone: Arc<Semaphore>,
    /// Stops the senders when it is dropped.
    _senders: JoinSet<()>,
}

struct Shared {
    link: Link,
    waiting: Mutex<VecDeque<Waiting>>,
    arrived: Notify,
}

/// A command in progress. The future returns the reply of the server.
pub enum Asked {
    /// Another task sends it.
    Waiting(oneshot::Receiver<Answer>),
    /// The caller sends it.
    Alone(BoxFuture<'static, Answer>),
}

/// A command before it is encoded.
pub enum Request {
    /// `name key`, with an optional user.
    Key {
        name: &'static str,
        key: Arc<str>,
        member: Option<UserId>,
    },
    /// Any other command, as its words.
    Words(Vec<String>),
}

struct Waiting {
    request: Request,
    answer: oneshot::Sender<Answer>,
    retries: u8,
}

impl Waiting {
    fn new(request: Request) -> (Self, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        let waiting = Self {
            request,
            answer,
            retries: 0,
        };
        (waiting, answered)
    }

    /// A caller that has stopped waiting does not get the reply.
    fn tell(self, answer: Answer) {
        let _ = self.answer.send(answer);
    }
}

impl Lane {
    /// A lane on an open link.
    pub fn new(link: Link) -> Self {
        let shared = Arc::new(Shared {
            link,
            waiting: Mutex::default(),
            arrived: Notify::new(),
        });
        let mut senders = JoinSet::new();
        for _ in 0..BATCHES {
            let shared = Arc::clone(&shared);
            senders.spawn(async move {
                loop {
                    let batch = shared.batch().await;
                    shared.send(batch).await;
                }
            });
        }
        Self {
            shared,
            alone: Arc::new(Semaphore::new(1)),
            _senders: senders,
        }
    }

    /// The connection below.
    pub fn link(&self) -> &Link {
        &self.shared.link
    }

    /// Sends `request` at once if no other command waits, otherwise with the next batch. If the future is dropped before the request is
    /// sent, the request is never sent.
    /// Not an `async fn`: a million users hold the returned future, so it must be small.
    pub fn ask(&self, request: Request) -> Asked {
        let (waiting, answered) = Waiting::new(request);
        let mut queue = self.shared.waiting();
        if queue.is_empty()
            && let Ok(place) = Arc::clone(&self.alone).try_acquire_owned()
        {
            let shared = Arc::clone(&self.shared);
            return Asked::Alone(Box::pin(async move {
                shared.send(vec![waiting]).await;
                drop(place);
                answered.await.unwrap_or_else(|_| Err(Failure::given_up()))
            }));
        }
        queue.push_back(waiting);
        if queue.len() == 1 {
            self.shared.arrived.notify_one();
        }
        Asked::Waiting(answered)
    }
}

impl Future for Asked {
    /// The reply of the server.
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match self.get_mut() {
            Self::Waiting(answered) => ready!(Pin::new(answered).poll(context))
                .unwrap_or_else(|_| Err(Failure::given_up())),
            Self::Alone(answer) => ready!(answer.as_mut().poll(context)),
        })
    }
}

impl Shared {
    /// No code that can panic runs under this lock.
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a command, then takes the oldest ones.
    async fn batch(&self) -> Vec<Waiting> {
        loop {
            let batch = self.take();
            if !batch.is_empty() {
                return batch;
            }
            self.arrived.notified().await;
        }
    }

    /// The next batch, without commands whose callers have stopped waiting. The other sender takes the rest.
    fn take(&self) -> Vec<Waiting> {
        let mut queue = self.waiting();
        let count = queue.len().min(BATCH);
        let batch = queue.drain(..count);
        let batch = batch
            .filter(|waiting| !waiting.answer.is_closed())
            .collect();
        if !queue.is_empty() {
            self.arrived.notify_one();
        }
        batch
    }

    /// Sends a batch when a connection is open, and passes the replies to the callers.
    async fn send(&self, mut batch: Vec<Waiting>) {
        let connection = match self.link.connection().await {
            Ok(connection) => connection,
            Err(why) => {
                for waiting in batch {
                    waiting.tell(Err(Failure::Unsent(why.clone())));
                }
                return;
            }
        };
        // Some callers may have stopped waiting.
        batch.retain(|waiting| !waiting.answer.is_closed());
        if batch.is_empty() {
            return;
        }
        let mut pipeline = Pipeline::with_capacity(batch.len());
        for waiting in &batch {
            pipeline.add_command(waiting.request.command());
        }
        match connection.exchange(&pipeline).await {
            Ok(values) => {
                let redirected = distribute(batch, values);
                if !redirected.is_empty() {
                    self.follow(redirected, || connection.retire()).await;
                }
            }
            Err(lost) if lost.sent => {
                let failure = Failure::unanswered(&lost.error);
                for waiting in batch {
                    waiting.tell(Err(failure.clone()));
                }
            }
            // The server has received no byte of the batch.
            Err(lost) => {
                connection.retire();
                self.again(batch, &Failure::unsent(&lost.error));
            }
        }
    }

    /// Sends redirected commands to the server that the redirection names.
    async fn follow(&self, redirected: Vec<(Waiting, Next)>, retire: impl Fn()) {
        for (waiting, next) in redirected {
            match next {
                Next::Again(refusal) => {
                    retire();
                    self.again(vec![waiting], &refusal);
                }
                Next::Ask { host, port } => {
                    let answer = self.ask_at(&host, port, &waiting.request).await;
                    waiting.tell(answer);
                }
                Next::Done(answer) => waiting.tell(answer),
            }
        }
    }

    /// Puts the commands at the front of the queue. A command that was sent again too often fails.
    fn again(&self, batch: Vec<Waiting>, failure: &Failure) {
        for mut waiting in batch.into_iter().rev() {
            if waiting.retries == RETRIES {
                waiting.tell(Err(failure.clone()));
                continue;
            }
            waiting.retries += 1;
            self.waiting().push_front(waiting);
        }
        self.arrived.notify_one();
    }

    /// Sends one command to the node that takes over the slot. `ASKING` applies to the next command only.
    async fn ask_at(&self, host: &str, port: u16, request: &Request) -> Answer {
        let dialed = self.link.route().dial(host, port).await;
        let connection = dialed.map_err(Failure::Unsent)?;
        let mut pipeline = Pipeline::with_capacity(2);
        pipeline.add_command(redis::cmd("ASKING"));
        pipeline.add_command(request.command());
        match connection.exchange(&pipeline).await {
            Ok(values) => {
                let last = values.into_iter().last().unwrap_or(Value::Nil);
                last.extract_error().map_err(Failure::Refused)
            }
            Err(lost) if lost.sent => Err(Failure::unanswered(&lost.error)),
            Err(lost) => Err(Failure::unsent(&lost.error)),
        }
    }
}

/// Passes the replies to the callers. Returns the commands that have to be sent to another server.
fn distribute(batch: Vec<Waiting>, values: Vec<Value>) -> Vec<(Waiting, Next)> {
    let mut redirected = Vec::new();
    for (waiting, value) in batch.into_iter().zip(values) {
        match next(value) {
            Next::Done(answer) => waiting.tell(answer),
            elsewhere => redirected.push((waiting, elsewhere)),
        }
    }
    redirected
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
