//! Where load may go.

use std::path::Path;

use crate::adapters::http::{ConnectError, Endpoint, EndpointError, Remote, descriptors};

async fn resolve(url: &str, remote: Remote) -> Result<Endpoint, EndpointError> {
    Endpoint::resolve(&url.parse().unwrap(), None, remote).await
}

#[tokio::test]
async fn loopback_addresses_are_allowed() {
    for (url, address) in [
        ("http://127.0.0.1:8080/path", "127.0.0.1:8080"),
        ("http://127.0.0.1", "127.0.0.1:80"),
        ("https://[::1]", "[::1]:443"),
        ("http://[::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:1"),
    ] {
        let endpoint = resolve(url, Remote::Refused).await.unwrap();
        assert!(endpoint.is_loopback(), "{url}");
        assert_eq!(endpoint.addresses(), [address]);
    }
    let endpoint = resolve("http://localhost:8080", Remote::Refused).await;
    assert!(endpoint.unwrap().is_loopback());
}

#[tokio::test]
async fn others_need_to_be_allowed() {
    let url = "http://192.0.2.1:8080";
    let error = resolve(url, Remote::Refused).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`192.0.2.1` is 192.0.2.1, which is not a loopback address: load goes to this machine alone, unless --allow-remote is given"
    );
    let endpoint = resolve(url, Remote::Allowed).await.unwrap();
    assert!(!endpoint.is_loopback());
    assert_eq!(endpoint.addresses(), ["192.0.2.1:8080"]);
    assert!(resolve("http://0.0.0.0:80", Remote::Refused).await.is_err());
}

#[tokio::test]
async fn a_unix_socket_is_loopback_for_every_url() {
    let url = "http://example.org/".parse().unwrap();
    let socket = Some(Path::new("/run/service.sock"));
    let endpoint = Endpoint::resolve(&url, socket, Remote::Refused).await;
    let endpoint = endpoint.unwrap();
    assert!(endpoint.is_loopback());
    assert_eq!(endpoint.addresses(), ["unix:/run/service.sock"]);
    let url = "https://example.org/".parse().unwrap();
    let error = Endpoint::resolve(&url, socket, Remote::Refused).await;
    assert!(matches!(error, Err(EndpointError::TlsOverUnix { .. })));
}

#[tokio::test]
async fn other_schemes_are_refused() {
    for url in ["ftp://127.0.0.1", "redis://127.0.0.1", "data:text/plain,a"] {
        let error = resolve(url, Remote::Refused).await;
        assert!(matches!(error, Err(EndpointError::Scheme { .. })), "{url}");
    }
}

#[test]
fn more_connections_than_any_system_allows_are_refused() {
    let error = descriptors::allow(usize::MAX / 2).unwrap_err();
    assert!(matches!(error, ConnectError::Descriptors { .. }));
    let text = ConnectError::Descriptors {
        connections: 20_000,
        needed: 20_256,
        allowed: 4_096,
    };
    assert_eq!(
        text.to_string(),
        "20000 connections need 20256 open files, 4096 are allowed: raise the limit (`ulimit -n 20256`, or \
         LimitNOFILE= of a service), or ask for fewer (--http-connections)"
    );
}
