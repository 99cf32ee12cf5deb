//! How often a burst hits a check-then-act window of one millisecond, with and without holding the last byte of every request, at
//! different limits: `cargo bench --bench last_byte`.
#![expect(clippy::print_stdout, reason = "the benchmark prints its result")]
#![expect(
    clippy::unwrap_used,
    reason = "a failed measurement ends the benchmark"
)]

use bytes::Bytes;
use coupon_bench::adapters::http::{Client, Endpoint, Options, Remote};
use futures::future::join_all;
use http::Request;
use tokio::sync::watch;

#[path = "../src/adapters/http/tests/naive.rs"]
mod naive;

const USERS: u64 = 100;
const BURSTS: u64 = 100;
/// The limits, from a race that almost every burst hits to one that needs all users at once.
const LIMITS: [u64; 4] = [10, 50, 90, 99];

#[tokio::main]
async fn main() {
    println!("{USERS} users over as many connections, {BURSTS} bursts\n");
    println!("limit   held back: caught   issued too many   at once: caught   issued too many");
    for limit in LIMITS {
        let client = client(limit).await;
        let (held, extra) = bursts(&client, limit, true).await;
        let (whole, extra_whole) = bursts(&client, limit, false).await;
        println!("{limit:>5}   {held:>17}   {extra:>15}   {whole:>15}   {extra_whole:>15}");
    }
}

async fn client(limit: u64) -> Client {
    let url = format!("http://{}", naive::start(limit)).parse().unwrap();
    let endpoint = Endpoint::resolve(&url, None, Remote::Refused)
        .await
        .unwrap();
    let options = Options {
        connections: 100,
        ..Options::default()
    };
    Client::open(endpoint, &options).await.unwrap()
}

/// In how many bursts too many were issued, and the median of how many too many.
async fn bursts(client: &Client, limit: u64, held: bool) -> (u64, u64) {
    let mut extra = Vec::new();
    for _ in 0..BURSTS {
        burst(client, held).await;
        let reset = Request::get("/reset").body(Bytes::new()).unwrap();
        let issued = client.send(reset).await.unwrap().into_body();
        let issued: u64 = std::str::from_utf8(&issued).unwrap().parse().unwrap();
        extra.push(issued.saturating_sub(limit));
    }
    extra.sort_unstable();
    let caught = extra.iter().filter(|extra| **extra > 0).count() as u64;
    (caught, extra[extra.len() / 2])
}

/// A task for each user, as in a run.
async fn burst(client: &Client, held: bool) {
    let (release, released) = watch::channel(false);
    let (ready, mut all_ready) = tokio::sync::mpsc::channel::<()>(1);
    let tasks = (0..USERS).map(|user| {
        let (client, mut released, ready) = (client.clone(), released.clone(), ready.clone());
        tokio::spawn(async move {
            let claim = Request::post("/claim")
                .body(user.to_string().into())
                .unwrap();
            if held {
                let held = client.hold(claim).await.unwrap();
                drop(ready);
                released.wait_for(|released| *released).await.unwrap();
                held.release().await.unwrap()
            } else {
                drop(ready);
                released.wait_for(|released| *released).await.unwrap();
                client.send(claim).await.unwrap()
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    drop(ready);
    // Ends when the last of them is ready.
    all_ready.recv().await;
    release.send(true).unwrap();
    for answer in join_all(tasks).await {
        answer.unwrap();
    }
}
