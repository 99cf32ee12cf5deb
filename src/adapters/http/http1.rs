//! HTTP/1.1: one request at a time on a connection. The request that has waited for the longest time gets the next connection.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    tally::{Counts, count},
    wire::Progress,
};

mod connection;

use connection::{Connection, Failure};

/// The connections. Callers get them in the order of their requests.
pub struct Pool {
    dial: Dial,
    /// In bytes.
    response_limit: usize,
    /// First come, first served.
    places: Semaphore,
    /// One entry for each free place; `None` has to be opened. They take turns, since a service may tie a connection to one of
    /// its workers.
    idle: Mutex<VecDeque<Option<Connection>>>,
    counts: Arc<Counts>,
}

impl Pool {
    /// Opens all `connections`.
    pub async fn open(
        dial: Dial,
        connections: usize,
        response_limit: usize,
        counts: Arc<Counts>,
    ) -> Result<Self, ConnectError> {
        let opened = stream::iter(0..connections)
            .map(|_| Connection::open(&dial))
            .buffer_unordered(OPENING)
            .inspect_ok(|_| count(&counts.opened));
        let idle = opened.map_ok(Some).try_collect().await?;
        Ok(Self {
            dial,
            response_limit,
            places: Semaphore::new(connections),
            idle: Mutex::new(idle),
            counts,
        })
    }

    /// Waits for a place, and for the response.
    pub async fn send(
        self: &Arc<Self>,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, SendError> {
        let request = message::over_http1(request, &self.dial.endpoint);
        // Fails only if the semaphore is closed, which never happens.
        if let Ok(place) = self.places.acquire().await {
            place.forget();
        }
        self.borrowed().exchange(request.map(Body::Whole)).await
    }

    /// Ends when the last byte is all that is missing; gives the request back if no place is free, or if the connection broke
    /// before the last byte.
    pub async fn hold(
        self: &Arc<Self>,
        request: Request<Bytes>,
    ) -> Result<Result<HeldRequest, SendError>, Request<Bytes>> {
        match self.places.try_acquire() {
            Ok(place) => place.forget(),
            Err(_) => return Err(request),
        }
        let request = message::over_http1(request, &self.dial.endpoint);
        self.borrowed().hold(request).await
    }

    /// For a caller that has a permit.
    fn borrowed(self: &Arc<Self>) -> Borrowed {
        Borrowed {
            connection: self.idle().pop_front().flatten(),
            pool: Arc::clone(self),
        }
    }

    async fn ask(
        &self,
        connection: &mut Connection,
        request: Request<Body>,
    ) -> Result<Response<Bytes>, Failure> {
        connection.count_asked(&self.counts);
        connection.exchange(request, self.response_limit).await
    }

    async fn open_again(&self) -> Result<Connection, SendError> {
        count(&self.counts.opened_again);
        // Rare and large, so it is boxed: the future of a request stays small.
        let opened = Box::pin(Connection::open(&self.dial)).await;
        opened.map_err(SendError::unsent)
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Option<Connection>>> {
        // The list is valid at any time, so a poisoned lock is harmless.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place, and the connection that belongs to it unless it has to be opened. Both go back when this is dropped.
struct Borrowed {
    pool: Arc<Pool>,
    connection: Option<Connection>,
}

impl Borrowed {
    /// Returns the connection only if the response is complete. A caller that stops waiting closes it.
    async fn exchange(mut self, request: Request<Body>) -> Result<Response<Bytes>, SendError> {
        let mut request = request;
        if let Some(mut connection) = self.open_one().await {
            match self.pool.ask(&mut connection, request).await {
                Err(Failure::NotTaken(untouched)) => request = *untouched,
                answer => return self.end(connection, answer),
            }
        }
        let mut connection = self.pool.open_again().await?;
        let answer = self.pool.ask(&mut connection, request).await;
        self.end(connection, answer)
    }

    /// The connection of the place, unless the service has closed it.
    async fn open_one(&mut self) -> Option<Connection> {
        let idle = OptionFuture::from(self.connection.take().map(Connection::if_open));
        idle.await.flatten()
    }

    async fn hold(
        mut self,
        whole: Request<Bytes>,
    ) -> Result<Result<HeldRequest, SendError>, Request<Bytes>> {
        let gate = Arc::new(Gate::default());
        let request = whole.clone().map(|bytes| Body::held(bytes, &gate));
        let mut connection = match self.open_one().await {
            Some(open) => open,
            None => match self.pool.open_again().await {
                Ok(new) => new,
                Err(error) => return Ok(Err(error)),
            },
        };
        let (pool, progress) = (Arc::clone(&self.pool), connection.progress());
        let mut answer: BoxFuture<'static, _> = Box::pin(async move {
            let answer = self.pool.ask(&mut connection, request).await;
            self.end(connection, answer)
        });
        let early = poll_fn(|cx| match answer.as_mut().poll(cx) {
            // The service has not waited for the rest.
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if gate.is_reached() && progress.is_flushed() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        let state = match early.await {
            Some(Ok(answer)) => HeldState::Answered(answer),
            Some(Err(_)) => {
                count(&pool.counts.sent_again);
                return Err(whole);
            }
            None => HeldState::Waiting(answer),
        };
        Ok(Ok(HeldRequest {
            state,
            gate,
            progress,
            whole,
            pool,
        }))
    }

    fn end(
        &mut self,
        mut connection: Connection,
        answer: Result<Response<Bytes>, Failure>,
    ) -> Result<Response<Bytes>, SendError> {
        let counts = &self.pool.counts;
        if matches!(answer, Err(Failure::ClosedUnder(_))) {
            count(&counts.closed_under);
        }
        let response = answer.map_err(SendError::from)?;
        connection.count_answered(counts);
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
pub struct HeldRequest {
    state: HeldState,
    gate: Arc<Gate>,
    progress: Arc<Progress>,
    /// The request, for another connection where this one breaks before the last byte.
    whole: Request<Bytes>,
    pool: Arc<Pool>,
}

enum HeldState {
    Waiting(BoxFuture<'static, Result<Response<Bytes>, SendError>>),
    /// Before the last byte.
    Answered(Response<Bytes>),
    /// The connection broke before the last byte.
    Broken,
}

impl HeldRequest {
    /// Checks that the service still waits for the last byte.
    pub fn is_answered(&mut self) -> bool {
        // No event is missed, because the release polls again.
        let _ = self.look(&mut Context::from_waker(Waker::noop()));
        matches!(self.state, HeldState::Answered(_))
    }

    /// Ends when it is known whether the service has answered or closed the connection by now.
    fn look(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let HeldState::Waiting(answer) = &mut self.state else {
            return Poll::Ready(());
        };
        self.progress.look_ahead(true);
        let looked = answer.as_mut().poll(cx);
        self.progress.look_ahead(false);
        match looked {
            Poll::Ready(Ok(answer)) => self.state = HeldState::Answered(answer),
            Poll::Ready(Err(_)) => self.state = HeldState::Broken,
            Poll::Pending if self.progress.is_behind() => return Poll::Pending,
            Poll::Pending => {}
        }
        Poll::Ready(())
    }

    /// The last byte leaves at the first poll, unless the service has closed the connection: then the request is sent as a whole,
    /// over another connection.
    pub async fn release(mut self) -> Result<Response<Bytes>, SendError> {
        poll_fn(|cx| self.look(cx)).await;
        let answer = match self.state {
            HeldState::Answered(answer) => return Ok(answer),
            HeldState::Broken => None,
            HeldState::Waiting(answer) => {
                self.gate.open();
                Some(answer.await)
            }
        };
        match answer {
            Some(answer) if answer.is_ok() || self.gate.is_passed() => answer,
            _ => {
                count(&self.pool.counts.sent_again);
                Box::pin(self.pool.send(self.whole)).await
            }
        }
    }
}
