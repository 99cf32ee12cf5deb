//! One connection: its task, how many requests are on it, and whether what was sent has left.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{
            AtomicU64, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::task::AtomicWaker;
use h2::{
    Ping, SendStream,
    client::{Builder, Connection as Driver, ResponseFuture, SendRequest},
};
use http::Request;
use tokio::sync::Notify;

use crate::adapters::http::{
    ConnectError,
    dial::Dial,
    wire::{Progress, Wire},
};

/// What all streams of a connection may be behind with reading, in bytes: no less than a thousand responses.
const WINDOW: u32 = 1 << 30;

/// Clones share the connection. It is closed when there is none left.
#[derive(Clone)]
pub struct Connection {
    sender: SendRequest<Bytes>,
    shared: Arc<Shared>,
}

/// Shared by the task of the connection and the senders of requests.
#[derive(Default)]
struct Shared {
    progress: Arc<Progress>,
    in_flight: AtomicUsize,
    /// The task has begun so many rounds. In each it writes what it finds.
    rounds: AtomicU64,
    /// The last round at whose end everything had left; [`CLOSED`] after the last of all.
    flushed: AtomicU64,
    /// Makes the task begin a round.
    nudge: AtomicWaker,
    ended_round: Notify,
}

/// Later than every round.
const CLOSED: u64 = u64::MAX;

impl Connection {
    /// Ends when the service has said how many streams it allows.
    pub async fn open(dial: &Dial, response_limit: usize) -> Result<Self, ConnectError> {
        dial.connect(async |wire: Wire| {
            let opened = Self::greet(wire, response_limit).await;
            opened.map_err(|error| error.to_string())
        })
        .await
    }

    async fn greet(wire: Wire, response_limit: usize) -> Result<Self, h2::Error> {
        let shared = Arc::new(Shared {
            progress: wire.progress(),
            ..Shared::default()
        });
        let stream_window = u32::try_from(response_limit).unwrap_or(WINDOW).min(WINDOW);
        let wire = wire.framed();
        let (sender, mut driver) = Builder::new()
            .enable_push(false)
            .initial_window_size(stream_window)
            .initial_connection_window_size(WINDOW)
            .handshake(wire)
            .await?;
        let pings = driver.ping_pong();
        tokio::spawn(drive(driver, Arc::clone(&shared)));
        if let Some(mut pings) = pings {
            // The service's settings come before its answer.
            pings.ping(Ping::opaque()).await?;
        }
        Ok(Self { sender, shared })
    }

    /// Itself, unless it takes no more requests.
    pub async fn ready(self) -> Option<Self> {
        let Self { sender, shared } = self;
        let sender = sender.ready().await.ok()?;
        Some(Self { sender, shared })
    }

    /// Sends a request's head.
    pub fn begin(
        &self,
        head: Request<()>,
        is_all: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), h2::Error> {
        self.sender.clone().send_request(head, is_all)
    }

    /// Whether the head of a stream has left.
    pub fn has_sent(&self, stream: u32) -> bool {
        self.shared.progress.has_opened(stream)
    }

    /// Counts one more request, which waits if the service allows none now.
    pub fn count(&self) -> Counted {
        self.shared.in_flight.fetch_add(1, Relaxed);
        Counted(Arc::clone(&self.shared))
    }

    /// Counts one more request if the service allows it now.
    pub fn count_if_allowed(&self) -> Option<Counted> {
        let counted = self.count();
        let in_flight = self.shared.in_flight.load(Relaxed);
        (in_flight <= self.sender.current_max_send_streams()).then_some(counted)
    }

    /// Ends when everything that was sent so far has left, or nothing can leave any more.
    pub async fn flushed(&self) {
        let shared = &self.shared;
        let before = shared.rounds.load(SeqCst);
        shared.nudge.wake();
        loop {
            let mut ended_round = pin!(shared.ended_round.notified());
            // From here on none is missed.
            ended_round.as_mut().enable();
            if shared.flushed.load(SeqCst) > before {
                return;
            }
            ended_round.await;
        }
    }
}

/// The streams report the same end.
async fn drive(mut driver: Driver<Wire, Bytes>, shared: Arc<Shared>) {
    poll_fn(|cx| shared.round(&mut driver, cx)).await;
    shared.flushed.store(CLOSED, SeqCst);
    shared.ended_round.notify_waiters();
}

impl Shared {
    fn round(&self, driver: &mut Driver<Wire, Bytes>, cx: &mut Context<'_>) -> Poll<()> {
        self.nudge.register(cx.waker());
        let round = self.rounds.fetch_add(1, SeqCst) + 1;
        if Pin::new(driver).poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if self.progress.is_flushed() {
            self.flushed.store(round, SeqCst);
            self.ended_round.notify_waiters();
        }
        Poll::Pending
    }
}

/// A request that is under way until this is dropped.
pub struct Counted(Arc<Shared>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}
