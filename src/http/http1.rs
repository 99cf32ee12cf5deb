//! HTTP/1.1: one request at a time a connection, connections for whoever has waited longest.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures::{
    future::{BoxFuture, OptionFuture},
    stream::{self, StreamExt, TryStreamExt},
};
use http::{Request, Response};
use tokio::sync::Semaphore;

use super::{
    ConnectError, SendError,
    body::{Body, Gate},
    client::OPENING,
    dial::Dial,
    message,
};

mod connection;

use connection::{Connection, Failure};

/// Connections, lent in the order of asking.
pub struct Pool {
    dial: Dial,
    /// In bytes.
    response_limit: usize,
    /// First come, first served.
    places: Semaphore,
    /// One entry for each free place; `None` has to be opened. They take turns, since a service may tie a connection to one of
    /// its workers.
    idle: Mutex<VecDeque<Option<Connection>>>,
    opened_again: AtomicU64,
}

impl Pool {
    /// Opens all `connections`.
    pub async fn open(
        dial: Dial,
        connections: usize,
        response_limit: usize,
    ) -> Result<Self, ConnectError> {
        let opened = stream::iter(0..connections)
            .map(|_| Connection::open(&dial))
            .buffer_unordered(OPENING);
        let idle = opened.map_ok(Some).try_collect().await?;
        Ok(Self {
            dial,
            response_limit,
            places: Semaphore::new(connections),
            idle: Mutex::new(idle),
            opened_again: AtomicU64::new(0),
        })
    }

    /// Waits for a place, and for the response.
    pub async fn send(
        self: &Arc<Self>,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, SendError> {
        let request = message::over_http1(request, &self.dial.endpoint);
        // Fails only where it is closed, which nobody does.
        if let Ok(place) = self.places.acquire().await {
            place.forget();
        }
        self.borrowed().exchange(request.map(Body::Whole)).await
    }

    /// Ends when the last byte is all that is missing; gives the request back if no place is free.
    pub async fn hold(
        self: &Arc<Self>,
        request: Request<Bytes>,
    ) -> Result<Result<Held, SendError>, Request<Bytes>> {
        match self.places.try_acquire() {
            Ok(place) => place.forget(),
            Err(_) => return Err(request),
        }
        let request = message::over_http1(request, &self.dial.endpoint);
        Ok(self.borrowed().hold(request).await)
    }

    pub fn opened_again(&self) -> u64 {
        self.opened_again.load(Relaxed)
    }

    /// For whoever has a place.
    fn borrowed(self: &Arc<Self>) -> Borrowed {
        Borrowed {
            connection: self.idle().pop_front().flatten(),
            pool: Arc::clone(self),
        }
    }

    async fn open_again(&self) -> Result<Connection, SendError> {
        self.opened_again.fetch_add(1, Relaxed);
        // Seldom, and large: it must not make every request's future large.
        let opened = Box::pin(Connection::open(&self.dial)).await;
        opened.map_err(SendError::unsent)
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Option<Connection>>> {
        // A list of connections is whole at any time.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place, and the connection that belongs to it unless it has to be opened. Both go back when this is dropped.
struct Borrowed {
    pool: Arc<Pool>,
    connection: Option<Connection>,
}

impl Borrowed {
    /// The connection is given back only if the response is complete: whoever stops waiting closes it.
    async fn exchange(mut self, request: Request<Body>) -> Result<Response<Bytes>, SendError> {
        let limit = self.pool.response_limit;
        let mut request = request;
        if let Some(mut connection) = self.connection.take() {
            match connection.exchange(request, limit).await {
                Err(Failure::NotTaken(untouched)) => request = *untouched,
                answer => return self.end(connection, answer),
            }
        }
        let mut connection = self.pool.open_again().await?;
        let answer = connection.exchange(request, limit).await;
        self.end(connection, answer)
    }

    async fn hold(mut self, request: Request<Bytes>) -> Result<Held, SendError> {
        let gate = Arc::new(Gate::default());
        let request = request.map(|bytes| Body::held(bytes, &gate));
        let idle = OptionFuture::from(self.connection.take().map(Connection::if_open));
        let mut connection = match idle.await.flatten() {
            Some(open) => open,
            None => self.pool.open_again().await?,
        };
        let progress = connection.progress();
        let limit = self.pool.response_limit;
        let mut answer: BoxFuture<'static, _> = Box::pin(async move {
            let answer = connection.exchange(request, limit).await;
            self.end(connection, answer)
        });
        let mut early = None;
        poll_fn(|cx| {
            match answer.as_mut().poll(cx) {
                // The service has not waited for the rest.
                Poll::Ready(answer) => early = Some(answer),
                Poll::Pending if gate.is_reached() && progress.is_flushed() => {}
                Poll::Pending => return Poll::Pending,
            }
            Poll::Ready(())
        })
        .await;
        Ok(match early {
            Some(answer) => Held::Answered(Ok(answer?)),
            None => Held::Waiting { gate, answer },
        })
    }

    fn end(
        &mut self,
        connection: Connection,
        answer: Result<Response<Bytes>, Failure>,
    ) -> Result<Response<Bytes>, SendError> {
        let response = answer.map_err(SendError::from)?;
        self.connection = Some(connection).filter(Connection::is_reusable);
        Ok(response)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.pool.idle().push_back(self.connection.take());
        self.pool.places.add_permits(1);
    }
}

/// A request of which all but the last byte has left.
pub enum Held {
    Waiting {
        gate: Arc<Gate>,
        answer: BoxFuture<'static, Result<Response<Bytes>, SendError>>,
    },
    /// Before the last byte.
    Answered(Result<Response<Bytes>, SendError>),
}

impl Held {
    /// Looks whether the service has waited for the last byte so far.
    pub fn is_answered(&mut self) -> bool {
        if let Self::Waiting { answer, .. } = self {
            let mut look = Context::from_waker(Waker::noop());
            if let Poll::Ready(answer) = answer.as_mut().poll(&mut look) {
                *self = Self::Answered(answer);
            }
        }
        matches!(self, Self::Answered(_))
    }

    /// The last byte leaves at the first poll.
    pub async fn release(self) -> Result<Response<Bytes>, SendError> {
        match self {
            Self::Waiting { gate, answer } => {
                gate.open();
                answer.await
            }
            Self::Answered(answer) => answer,
        }
    }
}
