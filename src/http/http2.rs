//! HTTP/2: many requests at a time over each connection, which take turns.

use std::sync::atomic::{
    AtomicU64, AtomicUsize,
    Ordering::{self, Relaxed},
};

use bytes::Bytes;
use futures::{
    FutureExt,
    stream::{self, StreamExt, TryStreamExt},
};
use h2::{RecvStream, SendStream, client::ResponseFuture};
use http::{Request, Response};

use super::{
    ConnectError, SendError,
    client::OPENING,
    coding,
    dial::Dial,
    message::{self, Collected, broken},
};

mod connection;
mod lane;

use connection::{Connection, Counted};
use lane::Lane;

/// All connections, each in its lane.
pub struct Lanes {
    dial: Dial,
    /// In bytes.
    response_limit: usize,
    all: Vec<Lane>,
    next: AtomicUsize,
    opened_again: AtomicU64,
}

impl Lanes {
    /// Opens all `connections`.
    pub async fn open(
        dial: Dial,
        connections: usize,
        response_limit: usize,
    ) -> Result<Self, ConnectError> {
        let opened = stream::iter(0..connections)
            .map(|_| Connection::open(&dial, response_limit))
            .buffer_unordered(OPENING);
        let all = opened.map_ok(Lane::new).try_collect().await?;
        Ok(Self {
            dial,
            response_limit,
            all,
            next: AtomicUsize::new(0),
            opened_again: AtomicU64::new(0),
        })
    }

    /// Sends as soon as the service allows one more stream.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let request = message::over_http2(request, &self.dial.endpoint)?;
        let connection = self.connection().await?;
        let mut exchange = self.begin(&connection, connection.count(), request)?;
        exchange.finish()?;
        exchange.answer().await
    }

    /// Ends when the last byte is all that is missing; gives the request back if the service allows no further stream now.
    pub async fn hold(
        &self,
        request: Request<Bytes>,
    ) -> Result<Result<Held, SendError>, Request<Bytes>> {
        let connection = match self.connection().await {
            Ok(connection) => connection,
            Err(error) => return Ok(Err(error)),
        };
        match connection.count_if_allowed() {
            Some(counted) => Ok(self.hold_on(&connection, counted, request).await),
            None => Err(request),
        }
    }

    pub fn opened_again(&self) -> u64 {
        self.opened_again.load(Relaxed)
    }

    async fn hold_on(
        &self,
        connection: &Connection,
        counted: Counted,
        request: Request<Bytes>,
    ) -> Result<Held, SendError> {
        let request = message::over_http2(request, &self.dial.endpoint)?;
        let mut exchange = self.begin(connection, counted, request)?;
        exchange.all_but_the_last()?;
        connection.flushed().await;
        Ok(Held(exchange))
    }

    /// Sends the head. Whatever happens afterwards, the service may have acted.
    fn begin(
        &self,
        connection: &Connection,
        counted: Counted,
        request: Request<Bytes>,
    ) -> Result<Exchange, SendError> {
        let (head, body) = request.into_parts();
        let head = Request::from_parts(head, ());
        let (response, stream) = connection.begin(head, body.is_empty())?;
        Ok(Exchange {
            response,
            early: None,
            stream,
            body,
            limit: self.response_limit,
            _counted: counted,
        })
    }

    /// The next in turn, opened anew if the service has closed it.
    async fn connection(&self) -> Result<Connection, SendError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let lane = &self.all[turn % self.all.len()];
        let again = async || {
            self.opened_again.fetch_add(1, Relaxed);
            Connection::open(&self.dial, self.response_limit).await
        };
        lane.connection(again).await.map_err(SendError::unsent)
    }
}

/// One request and its response, on a stream that is reset if this is dropped before its end.
struct Exchange {
    response: ResponseFuture,
    /// What [`Self::response`] has ended with already.
    early: Option<Result<Response<RecvStream>, h2::Error>>,
    stream: SendStream<Bytes>,
    /// What has not been sent of it.
    body: Bytes,
    /// In bytes, of the response.
    limit: usize,
    _counted: Counted,
}

impl Exchange {
    fn all_but_the_last(&mut self) -> Result<(), SendError> {
        let last = self.body.split_off(self.body.len().saturating_sub(1));
        let first = std::mem::replace(&mut self.body, last);
        if first.is_empty() {
            return Ok(());
        }
        self.stream.send_data(first, false).map_err(lost)
    }

    fn finish(&mut self) -> Result<(), SendError> {
        if self.body.is_empty() {
            return Ok(());
        }
        let rest = std::mem::take(&mut self.body);
        self.stream.send_data(rest, true).map_err(lost)
    }

    async fn answer(self) -> Result<Response<Bytes>, SendError> {
        let response = match self.early {
            Some(response) => response,
            None => self.response.await,
        };
        let (head, body) = response.map_err(lost)?.into_parts();
        let body = read(body, self.limit).await?;
        Ok(coding::decoded(
            Response::from_parts(head, body),
            self.limit,
        ))
    }
}

/// A request of which all but the last byte has left.
pub struct Held(Exchange);

impl Held {
    /// Looks whether the service has waited for the last byte so far.
    pub fn is_answered(&mut self) -> bool {
        let Exchange {
            response, early, ..
        } = &mut self.0;
        if early.is_none() {
            *early = response.now_or_never();
        }
        early.is_some()
    }

    /// The last byte leaves at the first poll.
    pub async fn release(mut self) -> Result<Response<Bytes>, SendError> {
        // A service that has answered without waiting for the rest has reset the stream, which is no error.
        let finished = self.0.finish();
        let answer = self.0.answer().await;
        answer.map_err(|error| finished.err().unwrap_or(error))
    }
}

async fn read(mut body: RecvStream, limit: usize) -> Result<Bytes, SendError> {
    let mut collected = Collected::new(limit);
    while let Some(bytes) = body.data().await {
        let bytes = bytes.map_err(lost)?;
        // Fails only for more than has come.
        let _ = body.flow_control().release_capacity(bytes.len());
        collected.push(bytes)?;
    }
    Ok(collected.whole())
}

fn lost(error: h2::Error) -> SendError {
    SendError::sent(broken(error))
}
