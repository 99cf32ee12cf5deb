//! What is said when something breaks, and what is left of the connection.

use std::task::Poll;

use futures::poll;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{NO_BODY, client, endpoint, get, listener, post, read_until, settle, text};
use crate::adapters::http::{Client, ConnectError, Options, SendError, Version};

/// What a request gets whose server does `answer` with its connection.
async fn refused(answer: impl AsyncFnOnce(TcpStream)) -> SendError {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    let service = async {
        let (mut server, _) = listener.accept().await.unwrap();
        read_until(&mut server, "\r\n\r\n").await;
        answer(server).await;
    };
    let (answer, ()) = futures::join!(client.send(get("/")), service);
    answer.unwrap_err()
}

#[tokio::test]
async fn a_response_that_breaks_off_may_have_had_an_effect() {
    let nothing = refused(async |server| drop(server)).await;
    assert!(nothing.sent, "{nothing}");
    for part in [
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "this is not HTTP\r\n\r\n",
    ] {
        let error = refused(async |mut server| server.write_all(part.as_bytes()).await.unwrap());
        let error = error.await;
        assert!(error.sent, "{part}: {error}");
        assert!(
            error.message.contains("before the response was complete"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_response_that_is_too_large_is_an_error() {
    for head in ["content-length: 1048577", "transfer-encoding: chunked"] {
        let error = refused(async |mut server| {
            let head = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n100001\r\n");
            let _ = server.write_all(head.as_bytes()).await;
            // Until the client hangs up.
            let more = vec![b'a'; 65_536];
            while server.write_all(&more).await.is_ok() {}
        });
        let error = error.await;
        assert_eq!(
            error,
            SendError {
                sent: true,
                message: "the response is larger than 1048576 bytes, and was not read on"
                    .to_owned(),
            }
        );
    }
}

#[tokio::test]
async fn without_a_listener_nothing_is_sent() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    drop(listener.accept().await.unwrap());
    drop(listener);
    settle().await;
    for _ in 0..2 {
        let error = client.send(get("/")).await.unwrap_err();
        assert!(!error.sent);
        let start = format!("cannot connect to {address}: ");
        assert!(error.message.starts_with(&start), "{error}");
    }
    let endpoint = endpoint(&format!("http://{address}")).await;
    let error = Client::open(endpoint, &Options::default()).await.err();
    assert!(matches!(error, Some(ConnectError::Refused { .. })));
}

#[tokio::test]
async fn a_request_that_stops_waiting_closes_only_its_connection() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    let (mut first, _) = listener.accept().await.unwrap();
    let mut impatient = Box::pin(client.send(get("/first")));
    assert!(matches!(poll!(&mut impatient), Poll::Pending));
    read_until(&mut first, "\r\n\r\n").await;
    drop(impatient);
    assert_eq!(first.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(answered(&client, &listener).await, "second");
    assert_eq!(client.tally().opened_again, 1);
}

#[tokio::test]
async fn a_request_that_stops_waiting_for_a_connection_leaves_it_to_the_next() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    let (mut server, _) = listener.accept().await.unwrap();
    let mut first = Box::pin(client.send(get("/")));
    let mut impatient = Box::pin(client.send(get("/")));
    let mut last = Box::pin(client.send(post("last")));
    assert!(matches!(poll!(&mut first), Poll::Pending));
    assert!(matches!(poll!(&mut impatient), Poll::Pending));
    assert!(matches!(poll!(&mut last), Poll::Pending));
    drop(impatient);
    let service = async {
        read_until(&mut server, "\r\n\r\n").await;
        server.write_all(NO_BODY).await.unwrap();
        read_until(&mut server, "last").await;
        server.write_all(NO_BODY).await.unwrap();
    };
    let (first, last, ()) = futures::join!(first, last, service);
    first.unwrap();
    last.unwrap();
}

/// The answer to the next request, over a connection that is opened for it.
async fn answered(client: &Client, listener: &TcpListener) -> String {
    let service = async {
        let (mut server, _) = listener.accept().await.unwrap();
        read_until(&mut server, "\r\n\r\n").await;
        let second = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecond";
        server.write_all(second).await.unwrap();
        server
    };
    let (answer, _server) = futures::join!(client.send(get("/second")), service);
    text(&answer.unwrap()).to_owned()
}
