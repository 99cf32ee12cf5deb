//! The client against small servers of the tests' own: those that speak HTTP well, and raw sockets for everything else.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    net::{TcpListener, TcpStream},
};

use super::{Client, Endpoint, Options, Remote, Version};

mod again;
mod endpoint;
mod failures;
mod framed;
mod held;
mod http1;
mod http2;
mod naive;
mod race;
mod source;
mod tls;

/// A server that answers with the request's line and body, and counts its connections.
struct Echo {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Echo {
    async fn start(version: Version) -> Self {
        let (listener, address) = listener().await;
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, SeqCst);
                tokio::spawn(serve(stream, version));
            }
        });
        Self {
            address,
            connections,
        }
    }

    fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, version: Version) {
    let stream = TokioIo::new(stream);
    let service = service_fn(echo);
    // Ends with the client.
    let _ = match version {
        Version::Http1 => {
            let server = hyper::server::conn::http1::Builder::new();
            server.serve_connection(stream, service).await
        }
        Version::Http2 => {
            let mut server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            server.max_concurrent_streams(4);
            server.serve_connection(stream, service).await
        }
    };
}

async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let host = head.headers.get("host").map(|host| host.to_str().unwrap());
    let mut echo = format!("{} {} {:?} ", head.method, head.uri, host).into_bytes();
    echo.extend(body.collect().await.unwrap().to_bytes());
    Ok(Response::new(Full::new(echo.into())))
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn endpoint(url: &str) -> Endpoint {
    let url = url.parse().unwrap();
    Endpoint::resolve(&url, None, Remote::Refused)
        .await
        .unwrap()
}

/// A client of so many connections to `address`.
async fn client(address: SocketAddr, connections: usize, version: Version) -> Client {
    let options = Options {
        connections,
        version,
        ..Options::default()
    };
    let endpoint = endpoint(&format!("http://{address}")).await;
    Client::open(endpoint, &options).await.unwrap()
}

fn get(path: &str) -> Request<Bytes> {
    Request::get(path).body(Bytes::new()).unwrap()
}

fn post(body: &str) -> Request<Bytes> {
    let body = Bytes::copy_from_slice(body.as_bytes());
    Request::post("/claim").body(body).unwrap()
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

/// What has come until `end` has.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "{read:?}");
    }
    String::from_utf8(read).unwrap()
}

/// Lets the runtime take in what has happened to its sockets.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

const NO_BODY: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
