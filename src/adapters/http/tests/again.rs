//! What is sent again: that which the service has certainly not processed, and nothing else.

use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    NO_BODY, client,
    framed::{Framed, Manners},
    get, listener, post, read_until,
};
use crate::adapters::http::{HeldRequest, Version};

#[tokio::test]
async fn streams_above_the_last_one_of_a_goaway_are_sent_over_another_connection() {
    for body in ["", "yes"] {
        let server = Framed::start(Manners {
            requests: 7,
            ..Manners::GOOD
        })
        .await;
        let client = client(server.address, 3, Version::Http2).await;
        let answers = join_all((0..300).map(|_| client.send(post(body)))).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        let tally = client.tally();
        assert_eq!((server.processed(), tally.answers), (300, 300));
        assert!(server.connections() >= 300 / 7, "{}", server.connections());
        assert!(tally.sent_again > 0, "{tally:?}");
    }
}

#[tokio::test]
async fn held_streams_above_the_last_one_of_a_goaway_are_sent_as_a_whole() {
    let server = Framed::start(Manners {
        requests: 7,
        ..Manners::GOOD
    })
    .await;
    let client = client(server.address, 2, Version::Http2).await;
    let held = join_all((0..150).map(|_| client.hold(post("yes")))).await;
    let held: Vec<_> = held.into_iter().map(Result::unwrap).collect();
    assert!(held.iter().any(HeldRequest::is_held));
    let answers = join_all(held.into_iter().map(HeldRequest::release)).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(server.processed(), 150);
}

#[tokio::test]
async fn a_refused_stream_is_sent_again_as_long_as_others_are_answered() {
    let server = Framed::start(Manners {
        refused: 20,
        ..Manners::GOOD
    })
    .await;
    let client = client(server.address, 1, Version::Http2).await;
    let answers = join_all((0..30).map(|_| client.send(post("yes")))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!((server.processed(), client.tally().sent_again), (30, 20));
}

#[tokio::test]
async fn a_service_that_refuses_everything_has_failed() {
    let server = Framed::start(Manners {
        refused: u32::MAX,
        ..Manners::GOOD
    })
    .await;
    let client = client(server.address, 1, Version::Http2).await;
    let error = client.send(post("yes")).await.unwrap_err();
    assert!(!error.sent, "{error}");
    assert!(
        error.message.contains("refused the request 8 times"),
        "{error}"
    );
    assert_eq!(server.processed(), 0);
}

#[tokio::test]
async fn streams_that_were_not_opened_before_the_end_are_sent_again_and_the_opened_one_is_not() {
    let server = Framed::start(Manners {
        streams: 1,
        is_rude: true,
        ..Manners::GOOD
    })
    .await;
    let client = client(server.address, 1, Version::Http2).await;
    let answers = join_all((0..5).map(|_| client.send(post("yes")))).await;
    let errors: Vec<_> = answers.into_iter().map(Result::unwrap_err).collect();
    // Each connection takes one request and is closed: every request has been on one of them, once.
    assert!(errors.iter().all(|error| error.sent), "{errors:?}");
    assert_eq!(server.processed(), 5);
    assert_eq!(client.tally().closed_under, 5);
}

#[tokio::test]
async fn no_request_leaves_on_a_connection_whose_end_the_runtime_has_not_noticed() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    let mut idle = listener.accept().await.unwrap().0;
    for opened_again in 1..4 {
        let service = async {
            let (mut server, _) = listener.accept().await.unwrap();
            read_until(&mut server, "\r\n\r\nyes").await;
            server.write_all(NO_BODY).await.unwrap();
            server
        };
        drop(idle);
        // Nothing is waited for between the end and the request.
        let (answer, server) = futures::join!(client.send(post("yes")), service);
        assert_eq!(answer.unwrap().status(), 204);
        assert_eq!(client.tally().opened_again, opened_again);
        idle = server;
    }
    assert_eq!(client.tally().closed_under, 0);
}

#[tokio::test]
async fn no_stream_is_opened_on_a_connection_whose_end_the_runtime_has_not_noticed() {
    let (listener, address) = listener().await;
    let (client, server) = futures::join!(
        client(address, 1, Version::Http2),
        super::http2::accept(&listener)
    );
    let service = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut server = h2::server::handshake(stream).await.unwrap();
        let (_, mut respond) = server.accept().await.unwrap().unwrap();
        respond
            .send_response(http::Response::new(()), true)
            .unwrap();
        server.graceful_shutdown();
        assert!(server.accept().await.is_none());
    };
    drop(server);
    let (answer, ()) = futures::join!(client.send(get("/")), service);
    answer.unwrap();
    let tally = client.tally();
    assert_eq!((tally.opened_again, tally.closed_under), (1, 0));
}

#[tokio::test]
async fn a_held_request_whose_connection_is_closed_is_sent_as_a_whole() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    let (mut first, _) = listener.accept().await.unwrap();
    let held = client.hold(post("yes")).await.unwrap();
    read_until(&mut first, "\r\n\r\nye").await;
    drop(first);
    let service = async {
        let (mut second, _) = listener.accept().await.unwrap();
        let request = read_until(&mut second, "\r\n\r\nyes").await;
        assert!(request.starts_with("POST /claim "), "{request}");
        second.write_all(NO_BODY).await.unwrap();
    };
    let (answer, ()) = futures::join!(held.release(), service);
    assert_eq!(answer.unwrap().status(), 204);
    let tally = client.tally();
    assert_eq!((tally.sent_again, tally.opened_again), (1, 1));
}

#[tokio::test]
async fn a_connection_that_is_closed_under_a_request_leaves_it_open_and_is_counted() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    for (n, reset) in [false, true].into_iter().enumerate() {
        let service = async {
            let (mut server, _) = listener.accept().await.unwrap();
            if reset {
                // What is not read makes the end a reset.
                server.read_exact(&mut [0]).await.unwrap();
            } else {
                read_until(&mut server, "\r\n\r\n").await;
            }
        };
        let (answer, ()) = futures::join!(client.send(get("/")), service);
        let error = answer.unwrap_err();
        assert!(error.sent, "{error}");
        assert!(
            error
                .message
                .contains("closed the connection under the request"),
            "{error}"
        );
        assert_eq!(client.tally().closed_under, n as u64 + 1);
    }
    // Half an answer is something else.
    let service = async {
        let (mut server, _) = listener.accept().await.unwrap();
        read_until(&mut server, "\r\n\r\n").await;
        server.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
    };
    let (answer, ()) = futures::join!(client.send(get("/")), service);
    assert!(answer.unwrap_err().sent);
    assert_eq!(client.tally().closed_under, 2);
}
