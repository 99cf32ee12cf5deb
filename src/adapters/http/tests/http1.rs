//! HTTP/1.1 as it should be.

use std::task::Poll;

use futures::{future::join_all, poll};
use tokio::{io::AsyncWriteExt, net::UnixListener};

use super::{Echo, NO_BODY, client, get, listener, post, read_until, serve, settle, text};
use crate::adapters::http::{Client, Endpoint, Options, Remote, Version};

#[tokio::test]
async fn connections_are_opened_before_any_request_and_kept() {
    let server = Echo::start(Version::Http1).await;
    let client = client(server.address, 3, Version::Http1).await;
    // The last may still wait to be accepted.
    client.send(get("/")).await.unwrap();
    for n in 0..20 {
        let response = client.send(post(&n.to_string())).await.unwrap();
        assert_eq!(
            text(&response),
            format!("POST /claim Some(\"{}\") {n}", server.address)
        );
    }
    join_all((0..50).map(|_| client.send(get("/")))).await;
    assert_eq!(server.connections(), 3);
    assert_eq!((client.connections(), client.tally().opened_again), (3, 0));
}

#[tokio::test]
async fn requests_are_paths_with_host_and_length() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    let (mut server, _) = listener.accept().await.unwrap();
    let service = async {
        let mut requests = Vec::new();
        for end in ["\r\n\r\n", "\r\n\r\n", "\r\n\r\nyes"] {
            requests.push(read_until(&mut server, end).await);
            server.write_all(NO_BODY).await.unwrap();
        }
        requests
    };
    let caller = async {
        client.send(get("http://other/a?b=c")).await.unwrap();
        client.send(post("")).await.unwrap();
        let mut named = post("yes");
        named.headers_mut().insert("host", "shop".parse().unwrap());
        client.send(named).await.unwrap();
    };
    let (requests, ()) = futures::join!(service, caller);
    assert_eq!(
        requests,
        [
            format!("GET /a?b=c HTTP/1.1\r\nhost: {address}\r\n\r\n"),
            format!("POST /claim HTTP/1.1\r\ncontent-length: 0\r\nhost: {address}\r\n\r\n"),
            "POST /claim HTTP/1.1\r\nhost: shop\r\ncontent-length: 3\r\n\r\nyes".to_owned(),
        ]
    );
}

#[tokio::test]
async fn the_request_that_has_waited_longest_is_next() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    let (mut server, _) = listener.accept().await.unwrap();
    let mut waiting: Vec<_> = (0..5)
        .map(|n| Box::pin(client.send(get(&format!("/{n}")))))
        .collect();
    for request in &mut waiting {
        assert!(matches!(poll!(request), Poll::Pending));
    }
    let service = async {
        for n in 0..5 {
            let request = read_until(&mut server, "\r\n\r\n").await;
            assert!(request.starts_with(&format!("GET /{n} ")), "{request}");
            server.write_all(NO_BODY).await.unwrap();
        }
    };
    // In another order than that of asking.
    let (answers, ()) = futures::join!(join_all(waiting.into_iter().rev()), service);
    assert!(answers.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_closed_idle_connection_is_opened_again_before_sending() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    let mut idle = listener.accept().await.unwrap().0;
    for opened_again in 1..4 {
        drop(idle);
        settle().await;
        let service = async {
            let (mut server, _) = listener.accept().await.unwrap();
            read_until(&mut server, "\r\n\r\n").await;
            server.write_all(NO_BODY).await.unwrap();
            server
        };
        let answer = async { client.send(get("/")).await.unwrap() };
        let (_, server) = futures::join!(answer, service);
        assert_eq!(client.tally().opened_again, opened_again);
        idle = server;
    }
}

#[tokio::test]
async fn a_connection_that_is_said_to_close_is_not_used_again() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    for opened_again in 0..3 {
        let service = async {
            let (mut server, _) = listener.accept().await.unwrap();
            read_until(&mut server, "\r\n\r\n").await;
            let close = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
            server.write_all(close).await.unwrap();
            server
        };
        let (answer, _server) = futures::join!(client.send(get("/")), service);
        assert_eq!(text(&answer.unwrap()), "ok");
        assert_eq!(client.tally().opened_again, opened_again);
    }
}

#[tokio::test]
async fn a_unix_socket_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("service.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let url = "http://shop/".parse().unwrap();
    let endpoint = Endpoint::resolve(&url, Some(&path), Remote::Refused).await;
    let client = Client::open(endpoint.unwrap(), &Options::default())
        .await
        .unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    tokio::spawn(serve(stream, Version::Http1));
    let response = client.send(post("yes")).await.unwrap();
    assert_eq!(text(&response), "POST /claim Some(\"shop\") yes");
}
