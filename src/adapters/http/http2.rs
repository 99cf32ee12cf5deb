//! HTTP/2: many requests at a time over each connection. The connections are used in turn.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use http::{Request, Response};

use super::{
    ConnectError, SendError,
    client::OPENING,
    dial::Dial,
    message,
    tally::{Counts, count},
};

mod again;
mod connection;
mod exchange;
mod lane;

use again::Refusals;
use connection::{Connection, Counted};
use exchange::{Exchange, Failure, Outgoing};
use lane::Lane;

/// All connections, each in its lane.
pub struct Lanes {
    dial: Dial,
    /// In bytes.
    response_limit: usize,
    all: Vec<Lane>,
    next: AtomicUsize,
    counts: Arc<Counts>,
}

impl Lanes {
    /// Opens all `connections`.
    pub async fn open(
        dial: Dial,
        connections: usize,
        response_limit: usize,
        counts: Arc<Counts>,
    ) -> Result<Self, ConnectError> {
        let opened = stream::iter(0..connections)
            .map(|_| Connection::open(&dial, response_limit))
            .buffer_unordered(OPENING)
            .inspect_ok(|_| count(&counts.opened));
        let all = opened.map_ok(Lane::new).try_collect().await?;
        Ok(Self {
            dial,
            response_limit,
            all,
            next: AtomicUsize::new(0),
            counts,
        })
    }

    /// Sends as soon as the service allows one more stream. What the service has certainly not processed is sent again, over
    /// another connection.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let request = Outgoing::from(message::over_http2(request, &self.dial.endpoint)?);
        self.insist(request, Refusals::none(&self.counts)).await
    }

    async fn insist(
        &self,
        request: Outgoing,
        mut refusals: Refusals<'_>,
    ) -> Result<Response<Bytes>, SendError> {
        loop {
            let connection = self.connection().await?;
            match self.once(&connection, request.clone()).await {
                Err(Failure::NotTaken(why)) => refusals.another(&why).await?,
                answer => return self.end(answer),
            }
        }
    }

    async fn once(
        &self,
        connection: &Connection,
        request: Outgoing,
    ) -> Result<Response<Bytes>, Failure> {
        let mut exchange = self.begin(connection, connection.count(), request)?;
        exchange.finish();
        exchange.answer().await
    }

    fn begin(
        &self,
        connection: &Connection,
        counted: Counted,
        request: Outgoing,
    ) -> Result<Exchange, Failure> {
        Exchange::begin(connection, counted, request, self.response_limit)
    }

    fn end(&self, answer: Result<Response<Bytes>, Failure>) -> Result<Response<Bytes>, SendError> {
        if matches!(answer, Err(Failure::ClosedUnder)) {
            count(&self.counts.closed_under);
        }
        answer.map_err(SendError::from)
    }

    /// Ends when the last byte is all that is missing; gives the request back if the service allows no further stream now, or
    /// has refused this one already.
    pub async fn hold(
        self: &Arc<Self>,
        request: Request<Bytes>,
    ) -> Result<Result<HeldRequest, SendError>, Request<Bytes>> {
        let connection = match self.connection().await {
            Ok(connection) => connection,
            Err(error) => return Ok(Err(error)),
        };
        let Some(counted) = connection.count_if_allowed() else {
            return Err(request);
        };
        let whole = match message::over_http2(request.clone(), &self.dial.endpoint) {
            Ok(whole) => Outgoing::from(whole),
            Err(error) => return Ok(Err(error)),
        };
        let Ok(mut exchange) = self.begin(&connection, counted, whole.clone()) else {
            return Err(request);
        };
        exchange.all_but_the_last();
        connection.flushed().await;
        if exchange.is_broken() {
            count(&self.counts.sent_again);
            return Err(request);
        }
        Ok(Ok(HeldRequest {
            exchange,
            whole,
            lanes: Arc::clone(self),
        }))
    }

    /// The next in turn, opened anew if the service has closed it.
    async fn connection(&self) -> Result<Connection, SendError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let lane = &self.all[turn % self.all.len()];
        let again = async || {
            count(&self.counts.opened_again);
            Connection::open(&self.dial, self.response_limit).await
        };
        lane.connection(again).await.map_err(SendError::unsent)
    }
}

/// A request of which all but the last byte has left.
pub struct HeldRequest {
    exchange: Exchange,
    /// The request, for another connection where this one breaks before the last byte.
    whole: Outgoing,
    lanes: Arc<Lanes>,
}

impl HeldRequest {
    /// Checks that the service still waits for the last byte.
    pub fn is_answered(&mut self) -> bool {
        self.exchange.is_answered()
    }

    /// The last byte leaves at the first poll, unless the stream has ended: then the request is sent as a whole, over another
    /// connection.
    pub async fn release(self) -> Result<Response<Bytes>, SendError> {
        let Self {
            mut exchange,
            whole,
            lanes,
        } = self;
        // The last byte of a stream that has ended without a response must not count as sent.
        if !exchange.is_broken() {
            exchange.finish();
        }
        let mut refusals = Refusals::none(&lanes.counts);
        match exchange.answer().await {
            Err(Failure::NotTaken(why)) => {
                refusals.another(&why).await?;
                lanes.insist(whole, refusals).await
            }
            answer => lanes.end(answer),
        }
    }
}
