//! One connection, polled by the caller that has borrowed it rather than by a task of its own: received bytes wake one task, not two,
//! and the last byte of a request that was held back leaves at the first poll of its release.

use std::{
    future::poll_fn,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::FutureExt;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::{
    body::{Body as _, Incoming},
    client::conn::http1::{Connection as Driver, SendRequest, handshake},
};
use hyper_util::rt::TokioIo;

use crate::adapters::http::{
    ConnectError, SendError,
    body::Body,
    coding,
    dial::Dial,
    message::{CLOSED_UNDER, Collected, broken},
    tally::{Counts, count},
    wire::{Progress, Wire},
};

pub struct Connection(Box<State>);

struct State {
    sender: SendRequest<Body>,
    /// Until it has ended: a request that it has not taken by then comes back when it is dropped.
    driver: Option<Driver<TokioIo<Wire>, Body>>,
    progress: Arc<Progress>,
    /// Whether an exchange has begun on it, and whether one has brought an answer.
    is_asked: bool,
    has_answered: bool,
}

/// Why there is no response.
pub enum Failure {
    /// The connection was closed before it took the request, which is as it was.
    NotTaken(Box<Request<Body>>),
    /// The service closed the connection after at least a part of the request, and before the first byte of an answer.
    ClosedUnder(SendError),
    Broken(SendError),
}

impl From<Failure> for SendError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotTaken(_) => Self::unsent("the service closes its connections at once"),
            Failure::ClosedUnder(error) | Failure::Broken(error) => error,
        }
    }
}

impl Connection {
    pub async fn open(dial: &Dial) -> Result<Self, ConnectError> {
        let greet = async |wire: Wire| {
            let progress = wire.progress();
            let greeted = handshake(TokioIo::new(wire)).await;
            let (sender, driver) = greeted.map_err(|error| error.to_string())?;
            Ok(Self(Box::new(State {
                sender,
                driver: Some(driver),
                progress,
                is_asked: false,
                has_answered: false,
            })))
        };
        dial.connect(greet).await
    }

    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.0.progress)
    }

    /// Whether another request may follow, as far as is known.
    pub fn is_reusable(&self) -> bool {
        self.0.driver.is_some()
    }

    /// Itself, unless the service has closed it by this moment.
    pub async fn if_open(mut self) -> Option<Self> {
        let progress = self.progress();
        progress.look_ahead(true);
        poll_fn(|cx| {
            self.0.drive(cx);
            let is_known = !self.is_reusable() || !progress.is_behind();
            // The runtime has not read yet what is there, and wakes this when it has.
            if is_known {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        progress.look_ahead(false);
        Some(self).filter(Self::is_reusable)
    }

    /// Counts itself, once, among the connections on which a request was sent.
    pub fn count_asked(&mut self, counts: &Counts) {
        if !std::mem::replace(&mut self.0.is_asked, true) {
            count(&counts.asked_connections);
        }
    }

    /// Counts itself, once, among the connections that have brought an answer.
    pub fn count_answered(&mut self, counts: &Counts) {
        if !std::mem::replace(&mut self.0.has_answered, true) {
            count(&counts.answering_connections);
        }
    }

    /// Sends a request, and reads the response whole, if it has at most `limit` bytes.
    pub async fn exchange(
        &mut self,
        request: Request<Body>,
        limit: usize,
    ) -> Result<Response<Bytes>, Failure> {
        let state = &mut *self.0;
        state.progress.forget();
        let head = state.sender.try_send_request(request);
        let mut answer = pin!(async {
            match head.await {
                Ok(response) => read(response, limit).await.map_err(Failure::Broken),
                Err(mut error) => Err(match error.take_message() {
                    Some(untouched) => Failure::NotTaken(Box::new(untouched)),
                    None => Failure::Broken(SendError::sent(broken(reason(&error.into_error())))),
                }),
            }
        });
        let answer = poll_fn(|cx| {
            state.drive(cx);
            let answer = answer.as_mut().poll(cx);
            if answer.is_ready() {
                // Up to where it can take the next.
                state.drive(cx);
            }
            answer
        })
        .await;
        answer.map_err(|failure| state.precisely(failure))
    }
}

impl State {
    fn drive(&mut self, cx: &mut Context<'_>) {
        let driven = self.driver.as_mut().map(|driver| driver.poll_unpin(cx));
        // The response reports the same end.
        if driven.is_some_and(|driven| driven.is_ready()) {
            self.driver = None;
        }
    }

    /// The service has not acted if nothing has left.
    fn precisely(&self, failure: Failure) -> Failure {
        let Failure::Broken(mut error) = failure else {
            return failure;
        };
        error.sent = self.progress.has_written();
        if !error.sent || self.progress.has_heard() {
            return Failure::Broken(error);
        }
        CLOSED_UNDER.clone_into(&mut error.message);
        Failure::ClosedUnder(error)
    }
}

async fn read(response: Response<Incoming>, limit: usize) -> Result<Response<Bytes>, SendError> {
    let (head, mut body) = response.into_parts();
    let mut collected = Collected::new(limit);
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else {
            break;
        };
        let frame = frame.map_err(|error| SendError::sent(broken(reason(&error))))?;
        if let Ok(bytes) = frame.into_data() {
            collected.push(bytes)?;
        }
    }
    let response = Response::from_parts(head, collected.whole());
    Ok(coding::decoded(response, limit))
}

/// The error with its cause, which hyper does not print.
fn reason(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
