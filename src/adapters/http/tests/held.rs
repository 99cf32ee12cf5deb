//! Requests of which the last byte is held back.

use std::io::ErrorKind;

use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{Echo, NO_BODY, client, get, listener, post, read_until, settle, text};
use crate::adapters::http::Version;

/// What the system has for this socket at this moment.
fn there(server: &TcpStream) -> String {
    let mut bytes = vec![0; 1 << 20];
    let mut there = Vec::new();
    loop {
        match server.try_read(&mut bytes) {
            Ok(0) => panic!("closed"),
            Ok(read) => there.extend(&bytes[..read]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    String::from_utf8(there).unwrap()
}

#[tokio::test]
async fn all_but_the_last_byte_has_left_when_it_is_held() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    let (mut server, _) = listener.accept().await.unwrap();
    for body in ["{\"user\":1}", "7"] {
        let held = client.hold(post(body)).await.unwrap();
        assert!(held.is_held());
        server.readable().await.unwrap();
        let (first, last) = body.split_at(body.len() - 1);
        let arrived = there(&server);
        assert!(arrived.starts_with("POST /claim HTTP/1.1\r\n"), "{arrived}");
        assert!(arrived.ends_with(&format!("\r\n\r\n{first}")), "{arrived}");
        let service = async {
            assert_eq!(read_until(&mut server, last).await, last);
            server.write_all(NO_BODY).await.unwrap();
        };
        let (answer, ()) = futures::join!(held.release(), service);
        assert_eq!(answer.unwrap().status(), 204);
    }
    assert_eq!(client.tally().opened_again, 0);
}

#[tokio::test]
async fn the_last_byte_leaves_at_the_first_poll() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    let (server, _) = listener.accept().await.unwrap();
    let held = client.hold(post("yes")).await.unwrap();
    server.readable().await.unwrap();
    assert!(there(&server).ends_with("ye"));
    let mut release = Box::pin(held.release());
    assert!(futures::poll!(&mut release).is_pending());
    server.readable().await.unwrap();
    assert_eq!(there(&server), "s");
}

#[tokio::test]
async fn a_body_that_the_system_does_not_take_at_once_is_held_when_it_has() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    let (mut server, _) = listener.accept().await.unwrap();
    let body = format!("{}!", "a".repeat(32 << 20));
    let mut holding = Box::pin(client.hold(post(&body)));
    // More than fits between them.
    assert!(futures::poll!(&mut holding).is_pending());
    let end = "a".repeat(1024);
    let mut arrived = 0;
    let held = loop {
        if let std::task::Poll::Ready(held) = futures::poll!(&mut holding) {
            break held.unwrap();
        }
        arrived += there(&server).len();
        tokio::task::yield_now().await;
    };
    while arrived < body.len() - 1 {
        server.readable().await.unwrap();
        let more = there(&server);
        assert!(!more.contains('!') && more.ends_with(&end[..more.len().min(9)]));
        arrived += more.len();
    }
    let service = async {
        read_until(&mut server, "!").await;
        server.write_all(NO_BODY).await.unwrap();
    };
    let (answer, ()) = futures::join!(held.release(), service);
    answer.unwrap();
}

#[tokio::test]
async fn what_cannot_be_held_leaves_whole_at_its_release() {
    let server = Echo::start(Version::Http1).await;
    let client = client(server.address, 1, Version::Http1).await;
    let without_body = client.hold(get("/")).await.unwrap();
    let held = client.hold(post("first")).await.unwrap();
    let no_connection = client.hold(post("second")).await.unwrap();
    assert!(!without_body.is_held() && held.is_held() && !no_connection.is_held());
    let (first, second, get) = futures::join!(
        held.release(),
        no_connection.release(),
        without_body.release()
    );
    assert!(text(&first.unwrap()).ends_with("first"));
    assert!(text(&second.unwrap()).ends_with("second"));
    assert!(text(&get.unwrap()).starts_with("GET / "));
    assert_eq!((server.connections(), client.tally().opened_again), (1, 0));
}

#[tokio::test]
async fn an_answer_before_the_last_byte_is_the_answer() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    let (mut server, _) = listener.accept().await.unwrap();
    let mut held = client.hold(post("yes")).await.unwrap();
    assert!(!held.is_answered());
    read_until(&mut server, "ye").await;
    let early = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n";
    server.write_all(early).await.unwrap();
    settle().await;
    assert!(held.is_held() && held.is_answered());
    assert_eq!(held.release().await.unwrap().status(), 413);
}

#[tokio::test]
async fn a_request_that_is_held_and_given_up_closes_its_connection() {
    let (listener, address) = listener().await;
    let client = client(address, 1, Version::Http1).await;
    let (mut server, _) = listener.accept().await.unwrap();
    drop(client.hold(post("no")).await.unwrap());
    let mut arrived = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut server, &mut arrived)
        .await
        .unwrap();
    assert!(arrived.ends_with("\r\n\r\nn"), "{arrived}");
    let service = async {
        let (mut server, _) = listener.accept().await.unwrap();
        read_until(&mut server, "yes").await;
        server.write_all(NO_BODY).await.unwrap();
    };
    let (answer, ()) = futures::join!(client.send(post("yes")), service);
    answer.unwrap();
    assert_eq!(client.tally().opened_again, 1);
}
