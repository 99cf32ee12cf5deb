//! The requests per second of the HTTP client to a trivial server in the same process: `cargo bench --bench http`.
//!
//! `scripts/cross-check` compares the client with other load tools in separate processes.
#![expect(clippy::unwrap_used, reason = "a measurement that fails is none")]

use std::{convert::Infallible, net::SocketAddr, sync::mpsc, thread};

use bytes::Bytes;
use coupon_bench::adapters::http::{Client, Endpoint, Options, Remote, Version};
use divan::{Bencher, counter::ItemsCount};
use futures::future::join_all;
use http::{Request, Response};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{net::TcpListener, runtime::Runtime};

const REQUESTS: u64 = 20_000;
const IN_FLIGHT: u64 = 50;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 10)]
fn http1_50_connections(bencher: Bencher<'_, '_>) {
    closed_loop(bencher, Version::Http1, 50);
}

#[divan::bench(sample_count = 10)]
fn http2_2_connections(bencher: Bencher<'_, '_>) {
    closed_loop(bencher, Version::Http2, 2);
}

fn closed_loop(bencher: Bencher<'_, '_>, version: Version, connections: usize) {
    let address = start();
    let runtime = Runtime::new().unwrap();
    let client = runtime.block_on(open(address, version, connections));
    let round = async || {
        let tasks = (0..IN_FLIGHT).map(|_| tokio::spawn(claims(client.clone())));
        for task in join_all(tasks).await {
            task.unwrap();
        }
    };
    bencher
        .counter(ItemsCount::new(REQUESTS))
        .bench_local(|| runtime.block_on(round()));
}

async fn claims(client: Client) {
    for _ in 0..REQUESTS / IN_FLIGHT {
        let claim = Request::post("/claim").body(Bytes::from_static(b"{\"user\":17}"));
        client.send(claim.unwrap()).await.unwrap();
    }
}

async fn open(address: SocketAddr, version: Version, connections: usize) -> Client {
    let url = format!("http://{address}").parse().unwrap();
    let endpoint = Endpoint::resolve(&url, None, Remote::Refused)
        .await
        .unwrap();
    let options = Options {
        connections,
        version,
        ..Options::default()
    };
    Client::open(endpoint, &options).await.unwrap()
}

/// Serves until the process ends.
fn start() -> SocketAddr {
    let (told, address) = mpsc::channel();
    thread::spawn(move || {
        Runtime::new().unwrap().block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            told.send(listener.local_addr().unwrap()).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                tokio::spawn(async move {
                    let answer = service_fn(async |_| {
                        let answer = Full::new(Bytes::from_static(b"{}"));
                        Ok::<_, Infallible>(Response::new(answer))
                    });
                    let server = auto::Builder::new(TokioExecutor::new());
                    // The task ends with the client.
                    let _ = server.serve_connection(TokioIo::new(stream), answer).await;
                });
            }
        });
    });
    address.recv().unwrap()
}
