//! HTTP/2, known beforehand.

use std::task::Poll;

use bytes::Bytes;
use futures::{future::join_all, poll};
use h2::{RecvStream, server};
use http::Response;
use tokio::net::TcpListener;

use super::{Echo, client, endpoint, get, listener, post, text};
use crate::adapters::http::{Client, ConnectError, Options, Version};

#[tokio::test]
async fn many_requests_share_a_connection() {
    let server = Echo::start(Version::Http2).await;
    let client = client(server.address, 2, Version::Http2).await;
    let answers = join_all((0..50).map(|n| client.send(post(&n.to_string())))).await;
    for (n, answer) in answers.into_iter().enumerate() {
        let expected = format!("POST http://{}/claim None {n}", server.address);
        assert_eq!(text(&answer.unwrap()), expected);
    }
    let mut named = get("/a?b=c");
    for (name, value) in [("host", "shop"), ("connection", "keep-alive")] {
        named.headers_mut().insert(name, value.parse().unwrap());
    }
    let answer = client.send(named).await.unwrap();
    assert_eq!(text(&answer), "GET http://shop/a?b=c None ");
    assert_eq!((server.connections(), client.tally().opened_again), (2, 0));
}

#[tokio::test]
async fn what_the_service_does_not_allow_now_is_not_held() {
    let server = Echo::start(Version::Http2).await;
    let client = client(server.address, 1, Version::Http2).await;
    let mut held = Vec::new();
    for n in 0..6 {
        held.push(client.hold(post(&n.to_string())).await.unwrap());
    }
    let are_held: Vec<_> = held
        .iter()
        .map(super::super::HeldRequest::is_held)
        .collect();
    // The server allows four streams at a time.
    assert_eq!(are_held, [true, true, true, true, false, false]);
    assert!(!client.hold(get("/")).await.unwrap().is_held());
    let answers = join_all(held.into_iter().map(super::super::HeldRequest::release)).await;
    for (n, answer) in answers.into_iter().enumerate() {
        assert!(text(&answer.unwrap()).ends_with(&format!(" {n}")));
    }
    assert!(client.hold(post("again")).await.unwrap().is_held());
}

/// Everything of a stream that has come by now.
fn there(body: &mut RecvStream) -> Bytes {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut there = Vec::new();
    while let Poll::Ready(Some(bytes)) = body.poll_data(&mut context) {
        there.extend(bytes.unwrap());
    }
    there.into()
}

#[tokio::test]
async fn all_but_the_last_byte_has_left_when_it_is_held() {
    let (listener, address) = listener().await;
    let (client, mut server) =
        futures::join!(client(address, 1, Version::Http2), accept(&listener));
    for body in ["{\"user\":1}", "7"] {
        let held = client.hold(post(body)).await.unwrap();
        assert!(held.is_held());
        let (request, mut respond) = server.accept().await.unwrap().unwrap();
        assert_eq!(request.headers()["content-length"], body.len().to_string());
        let mut arrived = request.into_body();
        let (first, last) = body.split_at(body.len() - 1);
        // Reads the bytes that are in the socket.
        assert!(poll!(std::pin::pin!(server.accept())).is_pending());
        assert_eq!(there(&mut arrived), first);
        assert!(!arrived.is_end_stream());
        let service = async {
            let released = async {
                assert_eq!(arrived.data().await.unwrap().unwrap(), last);
                assert!(arrived.is_end_stream());
                respond.send_response(Response::new(()), true).unwrap();
            };
            tokio::select! {
                () = released => {}
                _ = server.accept() => panic!("nothing else was sent"),
            }
            // Sends the response.
            assert!(poll!(std::pin::pin!(server.accept())).is_pending());
        };
        let (answer, ()) = futures::join!(held.release(), service);
        answer.unwrap();
    }
}

#[tokio::test]
async fn an_answer_before_the_last_byte_is_the_answer() {
    let (listener, address) = listener().await;
    let (client, mut server) =
        futures::join!(client(address, 1, Version::Http2), accept(&listener));
    let mut held = client.hold(post("yes")).await.unwrap();
    assert!(!held.is_answered());
    let (_, mut respond) = server.accept().await.unwrap().unwrap();
    let early = Response::builder().status(413).body(()).unwrap();
    respond.send_response(early, true).unwrap();
    assert!(poll!(std::pin::pin!(server.accept())).is_pending());
    super::settle().await;
    assert!(held.is_answered());
    assert_eq!(held.release().await.unwrap().status(), 413);
}

#[tokio::test]
async fn a_closed_connection_is_opened_again_before_sending() {
    let (listener, address) = listener().await;
    let (client, server) = futures::join!(client(address, 1, Version::Http2), accept(&listener));
    drop(server);
    super::settle().await;
    let service = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut server = server::handshake(stream).await.unwrap();
        let (_, mut respond) = server.accept().await.unwrap().unwrap();
        respond.send_response(Response::new(()), true).unwrap();
        server.graceful_shutdown();
        assert!(server.accept().await.is_none());
    };
    let (answer, ()) = futures::join!(client.send(get("/")), service);
    answer.unwrap();
    assert_eq!(client.tally().opened_again, 1);
}

#[tokio::test]
async fn a_stream_that_breaks_off_may_have_had_an_effect() {
    let (listener, address) = listener().await;
    let (client, mut server) =
        futures::join!(client(address, 1, Version::Http2), accept(&listener));
    let service = async {
        drop(server.accept().await.unwrap().unwrap());
        let (request, mut respond) = server.accept().await.unwrap().unwrap();
        assert_eq!(request.uri().path(), "/second");
        let mut body = respond.send_response(Response::new(()), false).unwrap();
        body.send_data(Bytes::from(vec![0; 2 << 20]), true).unwrap();
        server.accept().await
    };
    let caller = async {
        let error = client.send(get("/first")).await.unwrap_err();
        assert!(error.sent, "{error}");
        let error = client.send(get("/second")).await.unwrap_err();
        assert!(error.sent);
        assert!(
            error.message.contains("larger than 1048576 bytes"),
            "{error}"
        );
        drop(client);
    };
    futures::join!(service, caller);
}

#[tokio::test]
async fn a_service_that_speaks_http1_alone_is_named() {
    let server = Echo::start(Version::Http1).await;
    let options = Options {
        version: Version::Http2,
        ..Options::default()
    };
    let endpoint = endpoint(&format!("http://{}", server.address)).await;
    let error = Client::open(endpoint, &options).await.err().unwrap();
    let start = format!("http://{} does not speak HTTP/2: ", server.address);
    assert!(error.to_string().starts_with(&start), "{error}");
    assert!(matches!(error, ConnectError::Protocol { .. }));
}

pub async fn accept(listener: &TcpListener) -> server::Connection<tokio::net::TcpStream, Bytes> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut server = server::handshake(stream).await.unwrap();
    // Answers the client's ping.
    for _ in 0..10 {
        assert!(poll!(std::pin::pin!(server.accept())).is_pending());
        tokio::task::yield_now().await;
    }
    server
}
