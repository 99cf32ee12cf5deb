//! What holding requests back is for: a window of a millisecond is hit.

use std::{
    cell::Cell,
    convert::Infallible,
    net::SocketAddr,
    rc::Rc,
    sync::mpsc::{self, Sender},
    thread,
    time::Duration,
};

use bytes::Bytes;
use futures::future::join_all;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::LocalSet};

use super::{client, get, post, text};
use crate::http::{Client, Held, Version};

const LIMIT: u64 = 10;
const USERS: usize = 100;
const BURSTS: u64 = 100;

#[tokio::test]
async fn a_naive_service_issues_too_many_in_nearly_every_burst() {
    let (told, address) = mpsc::channel();
    thread::spawn(move || naive(&told));
    let client = client(address.recv().unwrap(), USERS, Version::Http1).await;
    let mut caught = 0;
    for _ in 0..BURSTS {
        burst(&client).await;
        let issued = client.send(get("/issued-since")).await.unwrap();
        let issued: u64 = text(&issued).parse().unwrap();
        assert!(issued >= LIMIT);
        caught += u64::from(issued > LIMIT);
    }
    assert!(caught >= 95, "caught in {caught} of {BURSTS} bursts");
}

async fn burst(client: &Client) {
    let requests = (0..USERS).map(|user| post(&user.to_string()));
    let held = join_all(requests.map(|request| client.hold(request))).await;
    let held: Vec<_> = held.into_iter().map(Result::unwrap).collect();
    assert!(held.iter().all(Held::is_held));
    for answer in join_all(held.into_iter().map(Held::release)).await {
        answer.unwrap();
    }
}

/// A service with one thread that counts, takes a millisecond, and then inserts.
fn naive(told: &Sender<SocketAddr>) {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        told.send(listener.local_addr().unwrap()).unwrap();
        let rows = Rc::new(Cell::new(0));
        while let Ok((stream, _)) = listener.accept().await {
            let rows = Rc::clone(&rows);
            let service = service_fn(move |request| answer(Rc::clone(&rows), request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::task::spawn_local(connection);
        }
    });
}

async fn answer(
    rows: Rc<Cell<u64>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let answer = if request.uri().path() == "/issued-since" {
        rows.replace(0).to_string()
    } else {
        request.into_body().collect().await.unwrap();
        let count = rows.get();
        tokio::time::sleep(Duration::from_millis(1)).await;
        if count < LIMIT {
            rows.set(rows.get() + 1);
        }
        String::new()
    };
    Ok(Response::new(Full::new(answer.into())))
}
