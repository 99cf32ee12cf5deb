//! Requests that are answered or refused by their `Host` and `Origin`.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;

use super::settings;
use crate::serve::{ANSWER, Listen, routes::respond, service::Service};

/// A server on an address, with further allowed host names.
async fn server(listen: &str, allow_hosts: &[&str]) -> Arc<Service> {
    let mut settings = settings(&ANSWER, 1);
    settings.listen = match listen.strip_prefix("unix:") {
        Some(path) => Listen::Unix(path.into()),
        None => Listen::Tcp(listen.parse().unwrap()),
    };
    settings.allow_hosts = allow_hosts.iter().map(|&host| host.to_owned()).collect();
    Arc::new(Service::open(settings).await.unwrap())
}

async fn status(service: &Arc<Service>, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::post("/reset");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::<Bytes>::default()).unwrap();
    respond(Arc::clone(service), request)
        .await
        .status()
        .as_u16()
}

async fn asked_for(service: &Arc<Service>, host: &str) -> u16 {
    status(service, &[("host", host)]).await
}

#[tokio::test]
async fn a_foreign_host_is_refused() {
    let service = server("127.0.0.1:8080", &[]).await;
    for host in [
        "localhost",
        "LOCALHOST:8080",
        "localhost.",
        "127.0.0.1:8080",
        "127.9.9.9",
        "[::1]:8080",
        "[::ffff:127.0.0.1]",
    ] {
        assert_eq!(asked_for(&service, host).await, 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil-localhost",
        "10.0.0.5",
        "[2001:db8::1]",
    ] {
        assert_eq!(asked_for(&service, host).await, 403, "{host}");
    }
    assert_eq!(asked_for(&service, "a b").await, 400);
    let twice = [("host", "localhost"), ("host", "evil.example")];
    assert_eq!(status(&service, &twice).await, 400);
    // HTTP/1.0 has no host, and browsers do not use it.
    assert_eq!(status(&service, &[]).await, 200);
    service.close().await;
}

#[tokio::test]
async fn an_allowed_host_name_is_accepted() {
    let service = server("127.0.0.1:8080", &["bench.example", "10.0.0.5"]).await;
    for (host, expected) in [
        ("bench.example:80", 200),
        ("Bench.Example.", 200),
        ("10.0.0.5", 200),
        ("other.example", 403),
    ] {
        assert_eq!(asked_for(&service, host).await, expected, "{host}");
    }
    let page = [
        ("host", "localhost:8080"),
        ("origin", "https://bench.example:3000"),
    ];
    assert_eq!(status(&service, &page).await, 200);
    service.close().await;
}

#[tokio::test]
async fn a_server_on_all_addresses_accepts_every_address_of_the_machine() {
    let service = server("0.0.0.0:8080", &[]).await;
    for (host, expected) in [("10.0.0.5:8080", 200), ("evil.example", 403)] {
        assert_eq!(asked_for(&service, host).await, expected, "{host}");
    }
    service.close().await;
    let service = server("unix:/tmp/no-such.sock", &[]).await;
    assert_eq!(asked_for(&service, "any.example").await, 200);
    service.close().await;
}

#[tokio::test]
async fn a_request_from_a_page_of_another_origin_is_refused() {
    let service = server("127.0.0.1:8080", &[]).await;
    for (origin, expected) in [
        ("http://127.0.0.1:8080", 200),
        ("http://127.0.0.1:3000", 403),
        ("https://evil.example", 403),
        ("http://127.0.0.1:8080.evil.example", 403),
        ("null", 403),
        ("", 403),
        ("file://", 403),
    ] {
        let headers = [("host", "127.0.0.1:8080"), ("origin", origin)];
        assert_eq!(status(&service, &headers).await, expected, "{origin}");
    }
    // A web page that has resolved its own host name to this machine.
    let rebound = [("host", "evil.example"), ("origin", "http://evil.example")];
    assert_eq!(status(&service, &rebound).await, 403);
    service.close().await;
}
