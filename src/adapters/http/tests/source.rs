//! Where connections come from, and how many the service takes.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use futures::future::join_all;
use tokio::net::TcpSocket;

use super::{endpoint, get, listener};
use crate::adapters::http::{Client, ConnectError, Endpoint, Options, Sources};

fn from(sources: &str, connections: usize) -> Options {
    Options {
        connections,
        source: Some(Sources::parse(sources).unwrap()),
        ..Options::default()
    }
}

/// Accepts so many connections; the addresses that they come from.
async fn peers(listener: &tokio::net::TcpListener, count: usize) -> BTreeSet<IpAddr> {
    let mut peers = BTreeSet::new();
    for _ in 0..count {
        peers.insert(listener.accept().await.unwrap().1.ip());
    }
    peers
}

#[tokio::test]
async fn each_connection_comes_from_an_address_of_its_own() {
    let (listener, address) = listener().await;
    let endpoint = endpoint(&format!("http://{address}")).await;
    let options = from("127.0.0.0/8", 300);
    let (client, peers) = futures::join!(Client::open(endpoint, &options), peers(&listener, 300));
    assert_eq!(client.unwrap().tally().connections, 300);
    assert_eq!(peers.len(), 300);
    let (first, last) = (peers.first().unwrap(), peers.last().unwrap());
    assert_eq!(
        (first.to_string(), last.to_string()),
        ("127.0.0.1".to_owned(), "127.0.1.44".to_owned())
    );
}

#[tokio::test]
async fn addresses_that_no_connection_can_come_from_are_named() {
    let (_listener, address) = listener().await;
    let here = endpoint(&format!("http://{address}")).await;
    let there = "http://192.0.2.1/".parse().unwrap();
    let there = Endpoint::resolve(&there, None, crate::adapters::http::Remote::Allowed).await;
    let there = there.unwrap();
    for (to, sources, reason) in [
        (
            &here,
            "192.0.2.7",
            "192.0.2.7 is no address of this machine",
        ),
        (&here, "::1", "the other IP version"),
        (
            &there,
            "127.0.0.0/8",
            "from a loopback address only this machine can be reached",
        ),
    ] {
        let refused = Client::open(to.clone(), &from(sources, 1)).await;
        let error = refused.err().unwrap();
        assert!(matches!(error, ConnectError::Source { .. }), "{error}");
        let error = error.to_string();
        assert!(
            error.contains(&format!("from {sources} (`source` in [http])")),
            "{error}"
        );
        assert!(error.contains(reason), "{error}");
    }
}

/// A listener with a backlog of 5 that accepts nothing.
fn busy() -> tokio::net::TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    socket.listen(5).unwrap()
}

#[tokio::test]
async fn a_full_backlog_is_named_with_the_number_of_connections_that_fit() {
    let listener = busy();
    let address = listener.local_addr().unwrap();
    let options = Options {
        connections: 100,
        connect_timeout: Duration::from_millis(300),
        ..Options::default()
    };
    let endpoint = endpoint(&format!("http://{address}")).await;
    let refused = Client::open(endpoint, &options).await.err().unwrap();
    assert!(matches!(refused, ConnectError::Backlog { .. }), "{refused}");
    let refused = refused.to_string();
    assert!(refused.contains("of 100 connections"), "{refused}");
    assert!(
        refused.contains("its listen backlog is probably full"),
        "{refused}"
    );
    let (_, fewer) = refused.split_once("--http-connections ").unwrap();
    let fewer: u32 = fewer.parse().unwrap();
    assert!((1..=20).contains(&fewer), "{refused}");
}

#[tokio::test]
async fn connections_that_never_answer_are_counted() {
    let listener = busy();
    let address = listener.local_addr().unwrap();
    let client = super::client(address, 3, crate::adapters::http::Version::Http1).await;
    let asked = (0..2).map(|_| client.send(get("/")));
    let asked = tokio::time::timeout(Duration::from_millis(50), join_all(asked)).await;
    assert!(asked.is_err());
    assert_eq!(client.tally().never_answered, 2);
}
