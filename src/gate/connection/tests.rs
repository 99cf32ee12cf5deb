#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::*;
use crate::gate::{
    GateControl, GateKind,
    event::{ConnectionId, GateEvent, GateEventKind},
    passage::tests::Lines,
};

/// A server that answers each line with itself, and a client that is connected to it through a gate.
struct Through {
    client: TcpStream,
    control: GateControl,
    events: UnboundedReceiver<GateEvent>,
}

async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let (mut read, mut write) = socket.split();
        let _ = tokio::io::copy(&mut read, &mut write).await;
    });
    address
}

async fn through(upstream: SocketAddr) -> Through {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (control, events) = GateControl::new();
    let reporter = Reporter {
        kind: GateKind::Postgres,
        connection: ConnectionId::next(),
        control: control.clone(),
    };
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let upstream = (upstream.ip().to_string(), upstream.port());
        serve(reporter, Lines::<false>::default(), client, &upstream).await;
    });
    Through {
        client: TcpStream::connect(address).await.unwrap(),
        control,
        events,
    }
}

impl Through {
    async fn next(&mut self) -> GateEventKind {
        let event = timeout(Duration::from_secs(5), self.events.recv()).await;
        event.expect("an event").expect("an open gate").what
    }

    async fn arrival(&mut self) -> StatementId {
        match self.next().await {
            GateEventKind::Arrived { id, held: true, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    async fn read(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.client.read_exact(&mut bytes).await.unwrap();
        bytes
    }
}

#[tokio::test]
async fn a_held_statement_is_answered_after_its_release() {
    let mut through = through(echo().await).await;
    assert_eq!(through.next().await, GateEventKind::Opened);
    through.control.hold();
    through.client.write_all(b"one\n").await.unwrap();
    let id = through.arrival().await;
    assert!(through.control.release(id));
    assert_eq!(through.read(4).await, b"one\n");
    assert!(matches!(
        through.next().await,
        GateEventKind::Answered { id: answered, .. } if answered == id
    ));
}

#[tokio::test]
async fn a_client_that_closes_while_its_statement_is_held_is_noticed() {
    let mut through = through(echo().await).await;
    assert_eq!(through.next().await, GateEventKind::Opened);
    through.control.hold();
    through.client.write_all(b"one\n").await.unwrap();
    let id = through.arrival().await;
    through.client.shutdown().await.unwrap();
    assert_eq!(through.next().await, GateEventKind::Closed);
    assert!(!through.control.release(id));
}

#[tokio::test]
async fn a_client_that_sends_no_more_still_gets_its_answers() {
    let mut through = through(echo().await).await;
    through.client.write_all(b"one\nrest").await.unwrap();
    through.client.shutdown().await.unwrap();
    let mut bytes = Vec::new();
    through.client.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, b"one\nrest");
}

#[tokio::test]
async fn a_server_that_closes_while_a_statement_is_held_is_noticed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut through = through(listener.local_addr().unwrap()).await;
    let (server, _) = listener.accept().await.unwrap();
    assert_eq!(through.next().await, GateEventKind::Opened);
    through.control.hold();
    through.client.write_all(b"one\n").await.unwrap();
    let id = through.arrival().await;
    drop(server);
    assert_eq!(through.next().await, GateEventKind::Closed);
    assert!(!through.control.release(id));
    assert_eq!(through.client.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_closes_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut through = through(address).await;
    assert_eq!(through.next().await, GateEventKind::Opened);
    assert!(matches!(
        through.next().await,
        GateEventKind::Unreachable(_)
    ));
    assert_eq!(through.next().await, GateEventKind::Closed);
    assert_eq!(through.client.read(&mut [0]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn many_bytes_go_through_in_both_directions() {
    let mut through = through(echo().await).await;
    let text = "say something to the server\n".repeat(1_000_000);
    let (mut read, mut write) = through.client.split();
    let (sent, mut got) = (text.clone(), Vec::new());
    let sending = async {
        write.write_all(sent.as_bytes()).await.unwrap();
        write.shutdown().await.unwrap();
    };
    let ((), length) = tokio::join!(sending, read.read_to_end(&mut got));
    assert_eq!(length.unwrap(), text.len());
    assert!(got == text.as_bytes());
}
