//! Takes connections, and bounds them: how many, how large their headers, how long they may bring nothing.
//!
//! HTTP/1.1 and HTTP/2 without TLS (its preface decides) come in on the same port.

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
    places::{Place, Places, UnderWay},
    routes::respond,
    service::Service,
};

/// Bytes of a request's line and headers together. Of headers there are 100 at most.
const LARGEST_HEAD: u32 = 16 * 1024;

/// Requests under way at once on one connection that speaks HTTP/2.
const STREAMS: u32 = 1_000;

/// After an error that a next try will most likely meet again, as when there are no more file descriptors.
const AFTER_AN_ERROR: Duration = Duration::from_millis(100);

/// How long the end of an idle connection may take that makes room for another.
const FAREWELL: Duration = Duration::from_millis(20);

/// File descriptors besides those of the connections: the services' clients, and what a process has anyway.
const OTHER_FILES: u64 = 512;

/// How patient the server is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// A connection on which no request has been begun for so long, nor is under way, is closed after twice that at the latest.
    pub quiet: Duration,
    /// Where all places are taken, the connection that has been idle for longest has to leave for the next one, if it has been
    /// idle for so long.
    pub idle: Duration,
    /// How long requests that are under way may still take after the end.
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

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// No new requests.
    Finishing,
    /// Not even those that are under way.
    Over,
}

/// Serves until `stop` turns true; requests that are under way then are finished.
pub(super) async fn run(
    service: &Arc<Service>,
    listener: Listener,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) {
    let places = Places::new(service.plan().max_connections, limits.idle);
    let (stage, stages) = watch::channel(Stage::Open);
    let door = Door {
        service: Arc::clone(service),
        builder: Arc::new(builder()),
        quiet: limits.quiet,
        stages,
    };
    tokio::select! {
        () = accept(&listener, &door, &places) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    drop(listener);
    stage.send_replace(Stage::Finishing);
    // When nobody has a place any more, all connections are closed.
    if tokio::time::timeout(limits.grace, places.all_free())
        .await
        .is_err()
    {
        stage.send_replace(Stage::Over);
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .max_buf_size(LARGEST_HEAD as usize)
        // An answer is so short that copying it behind its headers is cheaper than a write of two parts.
        .writev(false)
        // A timer for each request. Here there is one for each connection instead, which also covers those that never get to
        // a request.
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
    OfTheServer,
    ForAnother,
    Quiet,
}

/// What every new connection is given.
#[derive(Clone)]
struct Door {
    service: Arc<Service>,
    builder: Arc<Builder<TokioExecutor>>,
    quiet: Duration,
    stages: watch::Receiver<Stage>,
}

/// Never ends. Where all places are taken, further connections wait to be accepted, unless one is idle and makes room.
async fn accept(listener: &Listener, door: &Door, places: &Arc<Places>) {
    loop {
        match listener.accept().await {
            Ok(Accepted::Tcp(stream)) => {
                drop(tokio::spawn(
                    door.clone().serve(stream, places.take().await),
                ));
            }
            Ok(Accepted::Unix(stream)) => {
                drop(tokio::spawn(
                    door.clone().serve(stream, places.take().await),
                ));
            }
            Err(error) if is_the_peers(&error) => {}
            Err(error) => {
                tracing::warn!("failed to accept a connection: {error}");
                // There may be no more file descriptors.
                places.make_room();
                sleep(AFTER_AN_ERROR).await;
            }
        }
    }
}

/// Whether only this one connection is in trouble.
fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::NotConnected
    )
}

impl Door {
    /// Answers the requests of one connection until one of the two sides ends it.
    async fn serve<S>(mut self, stream: S, place: Place)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let pulse = Arc::clone(&place.pulse);
        let beats = Arc::clone(&pulse);
        let service = Arc::clone(&self.service);
        let answer = service_fn(move |request| {
            let request_under_way = UnderWay::begin(Arc::clone(&beats));
            let answer = respond(Arc::clone(&service), request);
            async move {
                let answer = answer.await;
                drop(request_under_way);
                Ok::<_, Infallible>(answer)
            }
        });
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(stream), answer));
        let disturbed = async {
            tokio::select! {
                _ = self.stages.wait_for(|stage| *stage != Stage::Open) => Ending::OfTheServer,
                () = pulse.gives_way() => Ending::ForAnother,
                () = pulse.stops(self.quiet) => Ending::Quiet,
            }
        };
        // Errors are the client's: it has left, or what it sent was no HTTP, and it has been told so.
        let ending = tokio::select! {
            _ = connection.as_mut() => return,
            ending = disturbed => ending,
        };
        if ending == Ending::Quiet {
            return;
        }
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            _ = connection => {}
            () = sleep(FAREWELL), if ending == Ending::ForAnother => {}
            _ = self.stages.wait_for(|stage| *stage == Stage::Over) => {}
        }
    }
}

/// Sees to it that so many connections can be open at once; how many can, where the system allows fewer.
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
