//! One request on one stream, and why there is no response to it.

use bytes::Bytes;
use futures::FutureExt;
use h2::{Reason, RecvStream, SendStream, client::ResponseFuture};
use http::{Request, Response};

use super::connection::{Connection, Counted};
use crate::adapters::http::{
    SendError, coding,
    message::{CLOSED_UNDER, Collected, broken},
};

/// Why there is no response.
pub enum Failure {
    /// The service has not processed the request.
    NotTaken(String),
    /// The connection was closed before any answer; the service may have acted.
    ClosedUnder,
    Broken(SendError),
}

/// A request, ready to be sent any number of times.
#[derive(Clone)]
pub struct Outgoing {
    head: Request<()>,
    body: Bytes,
}

impl From<Request<Bytes>> for Outgoing {
    fn from(request: Request<Bytes>) -> Self {
        let (head, body) = request.into_parts();
        Self {
            head: Request::from_parts(head, ()),
            body,
        }
    }
}

/// One request and its response, on a stream that is reset if this is dropped before its end.
pub struct Exchange {
    response: ResponseFuture,
    /// What [`Self::response`] has ended with already.
    early: Option<Result<Response<RecvStream>, h2::Error>>,
    stream: SendStream<Bytes>,
    /// What has not been sent of it.
    body: Bytes,
    connection: Connection,
    /// In bytes, of the response.
    limit: usize,
    _counted: Counted,
}

impl Exchange {
    /// Sends the head. `limit` is the largest response in bytes.
    pub fn begin(
        connection: &Connection,
        counted: Counted,
        request: Outgoing,
        limit: usize,
    ) -> Result<Self, Failure> {
        let Outgoing { head, body } = request;
        let begun = connection.begin(head, body.is_empty());
        let (response, stream) = begun.map_err(|error| Failure::NotTaken(error.to_string()))?;
        Ok(Self {
            response,
            early: None,
            stream,
            body,
            connection: connection.clone(),
            limit,
            _counted: counted,
        })
    }

    /// Sends all but the last byte of the body. Why that fails, the response says.
    pub fn all_but_the_last(&mut self) {
        let last = self.body.split_off(self.body.len().saturating_sub(1));
        let first = std::mem::replace(&mut self.body, last);
        if !first.is_empty() {
            let _ = self.stream.send_data(first, false);
        }
    }

    /// Sends what is left of the body. Why that fails, the response says.
    pub fn finish(&mut self) {
        if !self.body.is_empty() {
            let rest = std::mem::take(&mut self.body);
            let _ = self.stream.send_data(rest, true);
        }
    }

    /// Looks whether there is a response already.
    pub fn is_answered(&mut self) -> bool {
        self.look();
        matches!(self.early, Some(Ok(_)))
    }

    /// Why the stream has ended without a response, if it has.
    pub fn is_broken(&mut self) -> bool {
        self.look();
        matches!(self.early, Some(Err(_)))
    }

    fn look(&mut self) {
        if self.early.is_none() {
            self.early = (&mut self.response).now_or_never();
        }
    }

    /// Waits for the response, and reads it whole.
    pub async fn answer(mut self) -> Result<Response<Bytes>, Failure> {
        let response = match self.early.take() {
            Some(response) => response,
            None => (&mut self.response).await,
        };
        let response = response.map_err(|error| self.failure(&error))?;
        let (head, body) = response.into_parts();
        let body = read(body, self.limit).await.map_err(Failure::Broken)?;
        Ok(coding::decoded(
            Response::from_parts(head, body),
            self.limit,
        ))
    }

    /// What the end of the stream says about the request.
    fn failure(&self, error: &h2::Error) -> Failure {
        let refused = error.is_remote()
            && (error.is_go_away()
                // It stands for "not processed at all" (RFC 9113, 8.7).
                || error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM));
        let stream = self.stream.stream_id().as_u32();
        // A request without its last byte is none.
        let is_incomplete = !self.body.is_empty();
        if refused || is_incomplete || !self.connection.has_sent(stream) {
            return Failure::NotTaken(error.to_string());
        }
        if error.is_io() {
            return Failure::ClosedUnder;
        }
        Failure::Broken(SendError::sent(broken(error)))
    }
}

async fn read(mut body: RecvStream, limit: usize) -> Result<Bytes, SendError> {
    let mut collected = Collected::new(limit);
    while let Some(bytes) = body.data().await {
        let bytes = bytes.map_err(|error| SendError::sent(broken(error)))?;
        // Fails only for more than has come.
        let _ = body.flow_control().release_capacity(bytes.len());
        collected.push(bytes)?;
    }
    Ok(collected.whole())
}

impl From<Failure> for SendError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotTaken(why) => Self::unsent(why),
            Failure::ClosedUnder => Self::sent(CLOSED_UNDER),
            Failure::Broken(error) => error,
        }
    }
}
