//! The client: all connections of a run, and the two ways of sending.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};

use super::{
    ConnectError, Endpoint, SendError, Sources, Tally, descriptors, dial::Dial, http1, http2,
    tally::Counts,
};

/// How many connections are opened at a time. If more connections wait than the listen backlog of the server holds, each of them
/// takes a second, the time after which the system tries again.
pub(super) const OPENING: usize = 64;

/// The settings of a client.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections that are opened before the load; at least 1.
    pub connections: usize,
    /// The version of HTTP.
    pub version: Version,
    /// PEM certificates of the authorities to trust, in place of the public authorities.
    pub ca_file: Option<PathBuf>,
    /// The client certificate, for a service that demands one.
    pub identity: Option<Identity>,
    /// The source addresses of the connections; `None` lets the system choose.
    pub source: Option<Sources>,
    /// The timeout of opening a connection, with its handshakes.
    pub connect_timeout: Duration,
    /// The largest body of a response that is read, in bytes.
    pub response_limit: usize,
}

/// One connection, HTTP/1.1, 5 s, responses of up to 1 MiB.
impl Default for Options {
    fn default() -> Self {
        Self {
            connections: 1,
            version: Version::Http1,
            ca_file: None,
            identity: None,
            source: None,
            connect_timeout: Duration::from_secs(5),
            response_limit: 1024 * 1024,
        }
    }
}

/// A client certificate: two PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, followed by those of its issuers.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1: one request at a time a connection.
    Http1,
    /// HTTP/2, many requests at a time a connection: agreed on in the TLS handshake, or known beforehand where there is none.
    Http2,
}

impl Version {
    /// The name in the TLS handshake (ALPN).
    pub(super) fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        })
    }
}

/// Sends requests over open connections. Clones share the connections.
#[derive(Clone)]
pub struct Client {
    connections: usize,
    transport: Transport,
    counts: Arc<Counts>,
}

#[derive(Clone)]
enum Transport {
    Http1(Arc<http1::Pool>),
    Http2(Arc<http2::Lanes>),
}

impl Client {
    /// Opens all connections, after raising the limit of open files if they need it.
    pub async fn open(endpoint: Endpoint, options: &Options) -> Result<Self, ConnectError> {
        let connections = options.connections.max(1);
        descriptors::allow(connections)?;
        let dial = Dial::new(endpoint, options)?;
        let limit = options.response_limit;
        let counts = Arc::new(Counts::default());
        let transport = match options.version {
            Version::Http1 => {
                let pool = http1::Pool::open(dial, connections, limit, Arc::clone(&counts)).await;
                pool.map(|pool| Transport::Http1(Arc::new(pool)))
            }
            Version::Http2 => {
                let lanes = http2::Lanes::open(dial, connections, limit, Arc::clone(&counts)).await;
                lanes.map(|lanes| Transport::Http2(Arc::new(lanes)))
            }
        };
        let opened = counts.tally().connections;
        Ok(Self {
            connections,
            transport: transport.map_err(|error| error.of_several(opened, connections))?,
            counts,
        })
    }

    /// Sends a request: over a connection that is free, in the order of asking, or over the next one in turn (HTTP/2). It is sent
    /// again only if the service has certainly not processed it.
    ///
    /// Of the request's URI, the path and the query count; a Host header is added where there is none.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let answer = match &self.transport {
            Transport::Http1(pool) => pool.send(request).await,
            // Boxed, so that the futures of HTTP/1.1 stay small.
            Transport::Http2(lanes) => Box::pin(lanes.send(request)).await,
        };
        self.counts.answered(answer)
    }

    /// Sends a request except the last byte of its body. The future ends when the other bytes have reached the system.
    ///
    /// A request without a body cannot be held, and neither can one for which no connection is free: these leave whole at their
    /// release ([`HeldRequest::is_held`]).
    pub async fn hold(&self, request: Request<Bytes>) -> Result<HeldRequest, SendError> {
        if request.body().is_empty() {
            return Ok(self.whole(request));
        }
        let held = match &self.transport {
            Transport::Http1(pool) => pool.hold(request).await.map(|held| held.map(State::Http1)),
            Transport::Http2(lanes) => {
                let held = Box::pin(lanes.hold(request)).await;
                held.map(|held| held.map(State::Http2))
            }
        };
        match held {
            Ok(held) => held.map(|state| HeldRequest {
                state,
                counts: Arc::clone(&self.counts),
            }),
            Err(request) => Ok(self.whole(request)),
        }
    }

    /// The number of connections.
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// The counts of the connections and requests so far.
    pub fn tally(&self) -> Tally {
        self.counts.tally()
    }

    fn whole(&self, request: Request<Bytes>) -> HeldRequest {
        HeldRequest {
            state: State::Whole(self.clone(), request),
            counts: Arc::clone(&self.counts),
        }
    }
}

/// A request that takes effect when it is released.
pub struct HeldRequest {
    state: State,
    counts: Arc<Counts>,
}

enum State {
    /// No byte was sent yet.
    Whole(Client, Request<Bytes>),
    Http1(http1::HeldRequest),
    Http2(http2::HeldRequest),
}

impl HeldRequest {
    /// Whether the service waits only for the last byte. Otherwise no byte was sent yet.
    pub fn is_held(&self) -> bool {
        !matches!(self.state, State::Whole(..))
    }

    /// Whether the service has answered without its last byte: a request to such a service cannot be held back, and has taken
    /// effect already.
    pub fn is_answered(&mut self) -> bool {
        match &mut self.state {
            State::Whole(..) => false,
            State::Http1(held) => held.is_answered(),
            State::Http2(held) => held.is_answered(),
        }
    }

    /// Lets the last byte go at the first poll, and waits for the response. A request whose connection broke before its last byte is
    /// sent again, as a whole.
    pub async fn release(self) -> Result<Response<Bytes>, SendError> {
        let answer = match self.state {
            State::Whole(client, request) => return client.send(request).await,
            State::Http1(held) => held.release().await,
            State::Http2(held) => Box::pin(held.release()).await,
        };
        self.counts.answered(answer)
    }
}
