//! Accepts connections and limits their number, the size of their headers and their idle time.
//!
//! HTTP/1.1 and HTTP/2 without TLS use the same port: the preface of HTTP/2 decides.

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::sleep,
};

use super::{
    listen::{Accepted, Listener},
    routes::respond,
    service::Service,
    slots::{ConnectionSlot, ConnectionSlots, UnderWay},
};

/// The maximum size of the request line and the headers, in bytes. There can be at most 100 headers.
const LARGEST_HEAD: u32 = 16 * 1024;

/// The maximum number of concurrent requests on an HTTP/2 connection.
const STREAMS: u32 = 1_000;

/// The pause after an error that the next attempt would probably have as well, such as no more file descriptors.
const AFTER_AN_ERROR: Duration = Duration::from_millis(100);

/// How long the end of an idle connection may take if its slot is needed.
const CLOSING_TIME: Duration = Duration::from_millis(20);

/// The number of file descriptors besides those of the connections: clients of the services, and files of the process.
const OTHER_FILES: u64 = 512;

/// The time limits of the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// A connection is closed if no request has begun for this time and none is in progress, after at most twice this time.
    pub quiet: Duration,
    /// If all slots are in use, the connection that has been idle for the longest time is closed for the next one, if it has been
    /// idle for this time.
    pub idle: Duration,
    /// How long requests in progress may take after the stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            quiet: Duration::from_secs(30),
            idle: Duration::from_secs(1),
            grace: Duration::from_secs(5),
        }
    }
}

/// The state of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ServerState {
    Open,
    /// New requests are not accepted.
    Finishing,
    /// Requests in progress are dropped.
    Over,
}

/// Serves until `stop` turns true, then finishes the requests in progress.
pub(super) async fn run(
    service: &Arc<Service>,
    listener: Listener,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) {
    let slots = ConnectionSlots::new(service.settings().max_connections, limits.idle);
    let (state, states) = watch::channel(ServerState::Open);
    let handler = ConnectionHandler {
        service: Arc::clone(service),
        builder: Arc::new(builder()),
        quiet: limits.quiet,
        states,
    };
    tokio::select! {
        () = accept(&listener, &handler, &slots) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    drop(listener);
    state.send_replace(ServerState::Finishing);
    // When all slots are free, all connections are closed.
    if tokio::time::timeout(limits.grace, slots.all_free())
        .await
        .is_err()
    {
        state.send_replace(ServerState::Over);
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .max_buf_size(LARGEST_HEAD as usize)
        // A response is short, so a copy behind the headers is cheaper than a write of two parts.
        .writev(false)
        // This would be a timer for each request. One timer for each connection is enough, and also covers connections that never
        // send a request.
        .header_read_timeout(None);
    builder
        .http2()
        .max_header_list_size(LARGEST_HEAD)
        .max_concurrent_streams(STREAMS);
    builder
}

/// Why the server ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    ServerStops,
    SlotNeeded,
    Idle,
}

/// The parts that every new connection needs.
#[derive(Clone)]
struct ConnectionHandler {
    service: Arc<Service>,
    builder: Arc<Builder<TokioExecutor>>,
    quiet: Duration,
    states: watch::Receiver<ServerState>,
}

/// Accepts connections without end. If all slots are in use, a new connection waits until one is free or an idle connection is
/// closed.
async fn accept(listener: &Listener, handler: &ConnectionHandler, slots: &Arc<ConnectionSlots>) {
    loop {
        match listener.accept().await {
            Ok(Accepted::Tcp(stream)) => {
                drop(tokio::spawn(
                    handler.clone().serve(stream, slots.take().await),
                ));
            }
            Ok(Accepted::Unix(stream)) => {
                drop(tokio::spawn(
                    handler.clone().serve(stream, slots.take().await),
                ));
            }
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!("failed to accept a connection: {error}");
                // There may be no more file descriptors.
                slots.make_room();
                sleep(AFTER_AN_ERROR).await;
            }
        }
    }
}

/// Whether the error concerns only this connection.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::NotConnected
    )
}

impl ConnectionHandler {
    /// Answers the requests of one connection until the client or the server closes it.
    async fn serve<S>(mut self, stream: S, slot: ConnectionSlot)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let activity = Arc::clone(&slot.activity);
        let request_activity = Arc::clone(&activity);
        let service = Arc::clone(&self.service);
        let answer = service_fn(move |request| {
            let request_under_way = UnderWay::begin(Arc::clone(&request_activity));
            let answer = respond(Arc::clone(&service), request);
            async move {
                let answer = answer.await;
                drop(request_under_way);
                Ok::<_, Infallible>(answer)
            }
        });
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(stream), answer));
        let ending = async {
            tokio::select! {
                _ = self.states.wait_for(|state| *state != ServerState::Open) => Ending::ServerStops,
                () = activity.gives_way() => Ending::SlotNeeded,
                () = activity.stops(self.quiet) => Ending::Idle,
            }
        };
        // An error means that the client has disconnected or has not sent HTTP, which hyper has answered.
        let ending = tokio::select! {
            _ = connection.as_mut() => return,
            ending = ending => ending,
        };
        if ending == Ending::Idle {
            return;
        }
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            _ = connection => {}
            () = sleep(CLOSING_TIME), if ending == Ending::SlotNeeded => {}
            _ = self.states.wait_for(|state| *state == ServerState::Over) => {}
        }
    }
}

/// Raises the limit of file descriptors for this number of connections. Returns the possible number if the system allows fewer.
pub(super) fn room_for(connections: u32) -> Option<u64> {
    let wanted = u64::from(connections) + OTHER_FILES;
    let now = getrlimit(Resource::Nofile);
    let enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= wanted);
    if enough(now.current) {
        return None;
    }
    let possible = now.maximum.map_or(wanted, |most| most.min(wanted));
    let raised = Rlimit {
        current: Some(possible),
        maximum: now.maximum,
    };
    let allowed = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => possible,
        Err(_) => now.current.unwrap_or(wanted),
    };
    (allowed < wanted).then(|| allowed.saturating_sub(OTHER_FILES))
}
