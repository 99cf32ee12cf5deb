//! Connections of clients that misbehave. A test that would hang fails after [`PATIENCE`].

use std::{path::Path, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

use super::settings;
use crate::serve::{
    ANSWER, Listen,
    listen::Listener,
    server::{Limits, run},
    service::Service,
};

const PATIENCE: Duration = Duration::from_secs(20);

/// The time after which an idle connection can be closed for another.
const IDLE: Duration = Duration::from_millis(20);

const CLAIM: &str = "POST /claim HTTP/1.1\r\nhost: localhost\r\n\r\n";

struct Server {
    at: Listen,
    service: Arc<Service>,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Server {
    async fn start(listen: Option<Listen>, connections: u32, quiet: Duration) -> Self {
        let mut settings = settings(&ANSWER, 1);
        settings.max_connections = connections;
        settings.listen = listen.unwrap_or(settings.listen);
        let listener = Listener::bind(&settings.listen).await.unwrap();
        let at = listener.at().clone();
        let service = Arc::new(Service::open(settings).await.unwrap());
        let (stop, stopped) = watch::channel(false);
        let limits = Limits {
            quiet,
            idle: IDLE,
            grace: Duration::from_millis(200),
        };
        let served = Arc::clone(&service);
        let running = tokio::spawn(async move { run(&served, listener, limits, stopped).await });
        Self {
            at,
            service,
            stop,
            running,
        }
    }

    async fn patient() -> Self {
        Self::start(None, 10, PATIENCE).await
    }

    async fn connect(&self) -> TcpStream {
        let Listen::Tcp(address) = &self.at else {
            panic!("not a TCP address");
        };
        TcpStream::connect(address).await.unwrap()
    }

    /// Sends bytes and reads until the server closes the connection.
    async fn until_closed(&self, sent: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The server may have closed the connection already.
        let _ = stream.write_all(sent).await;
        rest(&mut stream).await
    }

    async fn end(self) {
        self.stop.send_replace(true);
        timeout(PATIENCE, self.running).await.unwrap().unwrap();
        self.service.close().await;
    }
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut received)).await;
    // A connection reset is a valid close, too.
    let _ = read.expect("the connection stays open");
    String::from_utf8_lossy(&received).into_owned()
}

/// The part of a response that arrives in one read.
async fn answer(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut buffer = [0; 4096];
    let read = timeout(PATIENCE, stream.read(&mut buffer)).await;
    let length = read.expect("no answer comes").unwrap();
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let server = Server::patient().await;
    let mut stream = server.connect().await;
    for user in 1..=3 {
        let body = format!("{{\"user\": {user}}}");
        let length = body.len();
        let head =
            format!("POST /claim HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        // The last byte alone, as from a client that releases many requests together.
        let (most, last) = body.as_bytes().split_at(length - 1);
        stream.write_all(most).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
        stream.write_all(last).await.unwrap();
        let answer = answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 410 Gone\r\n"), "{answer}");
        let expected = format!("{{\"user\":{user},\"outcome\":\"sold_out\"}}");
        assert!(answer.ends_with(&expected), "{answer}");
    }
    drop(stream);
    server.end().await;
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed() {
    let server = Server::start(None, 10, Duration::from_millis(50)).await;
    for sent in [
        "",
        "P",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "POST /claim HTTP/1.1\r\nhost: localhost\r\nx-slow: ",
    ] {
        server.until_closed(sent.as_bytes()).await;
    }
    // Also between two requests.
    let received = server.until_closed(CLAIM.as_bytes()).await;
    assert!(received.starts_with("HTTP/1.1 410 Gone\r\n"), "{received}");
    server.end().await;
}

#[tokio::test]
async fn a_slow_header_does_not_keep_a_connection_open() {
    let server = Server::start(None, 10, Duration::from_millis(50)).await;
    let mut stream = server.connect().await;
    stream.write_all(b"POST /claim HTTP/1.1\r\n").await.unwrap();
    let dribble = async {
        while stream.write_all(b"x: y\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, dribble)
        .await
        .expect("the connection stays open");
    server.end().await;
}

#[tokio::test]
async fn invalid_requests_are_refused() {
    let server = Server::patient().await;
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(101));
    for (sent, status) in [
        ("hello\r\n\r\n", "400 Bad Request"),
        ("\0\u{1}\u{2}\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/9.9\r\n\r\n", "400 Bad Request"),
        (
            "POST /claim HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
            "400 Bad Request",
        ),
        (&long, "431 Request Header Fields Too Large"),
        (&many, "431 Request Header Fields Too Large"),
    ] {
        let received = server.until_closed(sent.as_bytes()).await;
        assert!(received.contains(status), "{sent:.40}: {received}");
    }
    server.end().await;
}

#[tokio::test]
async fn a_body_without_end_is_not_read_completely() {
    let server = Server::patient().await;
    let head = "POST /claim HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000000\r\n\r\n";
    let received = server
        .until_closed(format!("{head}{}", "x".repeat(100_000)).as_bytes())
        .await;
    assert!(
        received.starts_with("HTTP/1.1 413 Payload Too Large\r\n"),
        "{received}"
    );
    server.end().await;
}

#[tokio::test]
async fn http_2_is_recognized_by_its_preface() {
    let server = Server::patient().await;
    let mut stream = server.connect().await;
    let empty_settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    stream.write_all(&empty_settings).await.unwrap();
    let mut head = [0; 9];
    let read = timeout(PATIENCE, stream.read_exact(&mut head)).await;
    read.expect("no frame comes").unwrap();
    assert_eq!(head[3..5], [4, 0], "not the server's settings: {head:?}");
    drop(stream);
    server.end().await;
}

/// The head of a request without its body.
const UNFINISHED: &str = "POST /claim HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{";

#[tokio::test]
async fn a_connection_waits_while_all_slots_are_busy() {
    let server = Server::start(None, 1, PATIENCE).await;
    let mut first = server.connect().await;
    first.write_all(UNFINISHED.as_bytes()).await.unwrap();
    tokio::time::sleep(IDLE * 2).await;
    let mut second = server.connect().await;
    second.write_all(CLAIM.as_bytes()).await.unwrap();
    let waiting = timeout(IDLE * 4, second.read_u8()).await;
    assert!(waiting.is_err(), "the second was served");
    drop(first);
    assert!(answer(&mut second).await.starts_with("HTTP/1.1 410"));
    drop(second);
    server.end().await;
}

#[tokio::test]
async fn idle_connections_are_closed_for_a_health_check() {
    let health = "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    // Idle before a request, within a head, after a request, and over HTTP/2.
    for sent in [
        "",
        "POST /claim HTTP/1.1\r\nhost: ",
        CLAIM,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0",
    ] {
        let server = Server::start(None, 3, PATIENCE).await;
        let mut idle = Vec::new();
        for _ in 0..3 {
            let mut stream = server.connect().await;
            stream.write_all(sent.as_bytes()).await.unwrap();
            idle.push(stream);
        }
        for _ in 0..5 {
            let received = server.until_closed(health.as_bytes()).await;
            assert!(
                received.starts_with("HTTP/1.1 200 OK\r\n"),
                "{sent}: {received}"
            );
        }
        drop(idle);
        server.end().await;
    }
}

#[tokio::test]
async fn the_stop_waits_only_for_the_grace_time() {
    let server = Server::patient().await;
    let mut idle = server.connect().await;
    idle.write_all(CLAIM.as_bytes()).await.unwrap();
    answer(&mut idle).await;
    let mut slow = server.connect().await;
    slow.write_all(b"POST /claim HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{")
        .await
        .unwrap();
    tokio::task::yield_now().await;
    server.end().await;
    rest(&mut idle).await;
    rest(&mut slow).await;
}

async fn over_unix(path: &Path) -> String {
    let mut stream = UnixStream::connect(path).await.unwrap();
    stream.write_all(CLAIM.as_bytes()).await.unwrap();
    answer(&mut stream).await
}

#[tokio::test]
async fn a_unix_socket_is_created_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("coupon.sock");
    // The socket of a server that was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let listen = Listen::Unix(path.clone());
    let server = Server::start(Some(listen.clone()), 10, PATIENCE).await;
    assert!(over_unix(&path).await.starts_with("HTTP/1.1 410 Gone\r\n"));
    let taken = Listener::bind(&listen)
        .await
        .err()
        .map(|error| error.kind());
    assert_eq!(taken, Some(std::io::ErrorKind::AddrInUse));
    assert!(over_unix(&path).await.starts_with("HTTP/1.1 410 Gone\r\n"));
    server.end().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn a_file_at_the_path_of_the_socket_is_kept() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "mine").unwrap();
    let listen = Listen::Unix(file.path().to_owned());
    assert!(Listener::bind(&listen).await.is_err());
    assert_eq!(std::fs::read(file.path()).unwrap(), b"mine");
}
