//! One request at a time, without a network.

use std::{
    convert::Infallible,
    sync::{Arc, LazyLock},
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::poll;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::{Method, Request, Response, body::Frame};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{named, open, openapi, settings};
use crate::{
    model::verdict::Completion,
    ports::{CouponTable, Effect, Event, PortError, Result, UserId},
    serve::{
        ANSWER,
        routes::{LARGEST_BODY, Route, respond},
        service::Service,
    },
    strategies::{Decision, Entry, Promise, Strategy},
};

/// Sends a request and compares the response with the description, if the path is described.
async fn ask(service: &Arc<Service>, method: &str, uri: &str, body: &str) -> (u16, Value) {
    let request = request(method, uri, body);
    let path = request.uri().path().to_owned();
    let answer = respond(Arc::clone(service), request).await;
    read(method, &path, answer).await
}

fn request(method: &str, uri: &str, body: &str) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(uri);
    request.body(Full::from(body.to_owned())).unwrap()
}

async fn read(method: &str, path: &str, answer: Response<Full<Bytes>>) -> (u16, Value) {
    let status = answer.status().as_u16();
    let content_type = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let content = answer.into_body().collect().await.unwrap().to_bytes();
    let content = String::from_utf8(content.to_vec()).unwrap();
    let route = Route::ALL.into_iter().find(|route| route.path() == path);
    if let Some(route) = route
        && (status == 405 || route.method().0.as_str() == method)
    {
        openapi::check(route, status, &content_type, &content);
    }
    let content = serde_json::from_str(&content).unwrap_or(Value::String(content));
    (status, content)
}

async fn claim(service: &Arc<Service>, user: u64) -> u16 {
    let body = json!({"user": user}).to_string();
    let (status, answer) = ask(service, "POST", "/claim", &body).await;
    assert_eq!(answer["user"].as_u64(), Some(user), "{answer}");
    status
}

async fn ledger(service: &Arc<Service>) -> Value {
    let (status, ledger) = ask(service, "GET", "/ledger", "").await;
    assert_eq!(status, 200, "{ledger}");
    ledger
}

/// The ledger once all work is done.
async fn drained(service: &Arc<Service>) -> Value {
    loop {
        let ledger = ledger(service).await;
        if ledger["drained"] == json!(true) {
            return ledger;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_ledger_has_the_issued_claims() {
    let service = open(named("redis-set-incr"), 2).await;
    assert_eq!(claim(&service, 9).await, 201);
    assert_eq!(claim(&service, 9).await, 409);
    assert_eq!(claim(&service, 4).await, 201);
    assert_eq!(claim(&service, 5).await, 410);
    let expected = json!({
        "strategy": "redis-set-incr", "limit": 2, "issued": 2, "users": [4, 9],
        "drained": true, "lag": 0, "told_issued": 2,
    });
    assert_eq!(ledger(&service).await, expected);
    service.close().await;
}

#[tokio::test]
async fn a_user_with_two_rows_is_listed_twice() {
    let service = open(named("naive"), 5).await;
    for user in [9, 4, 9] {
        assert_eq!(claim(&service, user).await, 201);
    }
    assert_eq!(ledger(&service).await["users"], json!([4, 9, 9]));
    service.close().await;
}

#[tokio::test]
async fn a_reset_creates_a_new_event() {
    let service = open(named("redis-set-incr"), 1).await;
    assert_eq!(claim(&service, 1).await, 201);
    assert_eq!(claim(&service, 2).await, 410);
    let (status, fresh) = ask(&service, "POST", "/reset", "").await;
    assert_eq!((status, &fresh["issued"]), (200, &json!(0)));
    assert_eq!(fresh, ledger(&service).await);
    assert_eq!(claim(&service, 2).await, 201);
    let served = service.close().await;
    assert_eq!((served.events, served.told.issued), (2, 1));
    assert_eq!(served.told.sold_out, 0);
    assert_eq!(served.left_behind, Vec::<String>::new());
}

#[tokio::test]
async fn a_request_without_a_user_gets_a_new_user() {
    let service = open(named("redis-set-incr"), 9).await;
    for number in 1..=3 {
        let (status, answer) = ask(&service, "POST", "/claim", "").await;
        assert_eq!(status, 201);
        assert_eq!(answer["user"], json!(1_000_000_000_u64 + number));
    }
    let (status, answer) = ask(&service, "POST", "/claim?user=17", "").await;
    assert_eq!((status, &answer["user"]), (201, &json!(17)));
    service.close().await;
}

#[tokio::test]
async fn the_ledger_reports_when_the_topic_is_drained() {
    let service = open(named("redis-kafka"), 20).await;
    for user in 1..=30 {
        assert_eq!(
            claim(&service, user).await,
            if user > 20 { 410 } else { 201 }
        );
    }
    let ledger = drained(&service).await;
    assert_eq!((&ledger["issued"], &ledger["lag"]), (&json!(20), &json!(0)));
    assert_eq!(ledger["told_issued"], json!(20));
    let (_, page) = ask(&service, "GET", "/metrics", "").await;
    let lag = r#"coupon_bench_consumer_lag{strategy="redis-kafka"} 0"#;
    assert!(page.as_str().unwrap().contains(lag), "{page}");
    let served = service.close().await;
    assert_eq!(served.drained.unwrap().completion, Completion::Proven);
    assert_eq!(served.ledger.unwrap().issued, 20);
}

#[tokio::test]
async fn the_strategy_answer_issues_no_coupon() {
    let service = open(&ANSWER, 100).await;
    for user in 1..=3 {
        assert_eq!(claim(&service, user).await, 410);
    }
    let ledger = ledger(&service).await;
    assert_eq!(
        (&ledger["issued"], &ledger["users"]),
        (&json!(0), &json!([]))
    );
    service.close().await;
}

#[tokio::test]
async fn invalid_input_is_a_problem_with_a_correction() {
    let service = open(&ANSWER, 1).await;
    for (uri, body, words) in [
        ("/claim", "user=17", "the body is not JSON"),
        ("/claim", "{}", "send {\"user\": 17}"),
        (
            "/claim",
            r#"{"user": "x"}"#,
            "a whole number from 1 to 1000000000",
        ),
        ("/claim?user=0", "", "numbered from 1"),
        ("/claim?user=1000000001", "", "too large"),
    ] {
        let (status, problem) = ask(&service, "POST", uri, body).await;
        assert_eq!((status, &problem["status"]), (400, &json!(400)));
        assert_eq!(problem["title"], json!("Bad Request"));
        assert!(
            problem["detail"].as_str().unwrap().contains(words),
            "{problem}"
        );
    }
    service.close().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_and_without_a_length() {
    let service = open(&ANSWER, 1).await;
    let fits = format!("{{\"user\": 1{}}}", " ".repeat(LARGEST_BODY - 12));
    assert_eq!(fits.len(), LARGEST_BODY - 1);
    assert_eq!(ask(&service, "POST", "/claim", &fits).await.0, 410);
    let large = " ".repeat(LARGEST_BODY + 1);
    let (status, problem) = ask(&service, "POST", "/claim", &large).await;
    assert_eq!(
        (status, &problem["title"]),
        (413, &json!("Payload Too Large"))
    );
    let chunks =
        (0..100).map(|_| Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b' '; 64]))));
    let request = Request::post("/claim").body(StreamBody::new(futures::stream::iter(chunks)));
    let answer = respond(Arc::clone(&service), request.unwrap()).await;
    assert_eq!(read("POST", "/claim", answer).await.0, 413);
    service.close().await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_answered_with_the_valid_ones() {
    let service = open(&ANSWER, 1).await;
    for path in ["/", "/claims", "/claim/", "/CLAIM"] {
        let (status, problem) = ask(&service, "POST", path, "").await;
        assert_eq!(status, 404);
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("POST /claim, "),
            "{problem}"
        );
    }
    for route in Route::ALL {
        let (wanted, allow) = route.method();
        let (other, uri) = match wanted {
            Method::GET => ("POST", route.path()),
            _ => ("GET", route.path()),
        };
        let answer = respond(Arc::clone(&service), request(other, uri, "")).await;
        assert_eq!(answer.headers()["allow"], allow);
        assert_eq!(read(other, uri, answer).await.0, 405);
        if wanted == Method::GET {
            let answer = respond(Arc::clone(&service), request("HEAD", uri, "")).await;
            assert_eq!(answer.status(), 200);
        }
    }
    service.close().await;
}

#[tokio::test]
async fn all_get_routes_match_the_description() {
    let service = open(named("redis-set-incr"), 1).await;
    assert_eq!(claim(&service, 1).await, 201);
    assert_eq!(claim(&service, 2).await, 410);
    for path in ["/health", "/openapi.json", "/ledger"] {
        assert_eq!(ask(&service, "GET", path, "").await.0, 200);
    }
    let (_, page) = ask(&service, "GET", "/metrics", "").await;
    for line in [
        r#"coupon_bench_claims_total{strategy="redis-set-incr",outcome="issued"} 1"#,
        r#"coupon_bench_claims_total{strategy="redis-set-incr",outcome="sold_out"} 1"#,
        r#"coupon_bench_claims_total{strategy="redis-set-incr",outcome="failed"} 0"#,
        r#"coupon_bench_claims_in_flight{strategy="redis-set-incr"} 0"#,
    ] {
        assert!(
            page.as_str().unwrap().contains(line),
            "no {line} in\n{page}"
        );
    }
    service.close().await;
}

/// A strategy whose result depends on the user.
struct ByUser(Arc<dyn CouponTable>);

/// Claims wait for a permit of the test. Used by one test.
static PERMITS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(0));

static BY_USER: Entry = Entry {
    name: "by-user",
    how: "",
    promise: Promise::None,
    one_per_user: false,
    needs: &[],
    known_failure: "",
    source: "",
    build: |event: &Event| Arc::new(ByUser(Arc::clone(&event.coupons))),
};

#[async_trait]
impl Strategy for ByUser {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        match user.0 {
            1 => return Err(PortError::new("INSERT coupon", Effect::None, "refused")),
            2 => return Err(PortError::new("COMMIT", Effect::Unknown, "no answer")),
            3 => std::future::pending().await,
            4 => PERMITS.acquire().await.map(drop).unwrap(),
            _ => tokio::task::yield_now().await,
        }
        self.0.insert(user).await?;
        Ok(Decision::Issued)
    }
}

#[tokio::test]
async fn a_claim_without_a_decision_reports_whether_there_can_be_a_coupon() {
    let mut settings = settings(&BY_USER, 10);
    settings.scenario.workload.timeout = Duration::from_millis(50);
    let service = Arc::new(Service::open(settings).await.unwrap());
    for (user, expected, outcome, words) in [
        (1, 503, "failed", "INSERT coupon: refused"),
        (2, 500, "indeterminate", "COMMIT: no answer"),
        (3, 504, "indeterminate", "may still issue a coupon"),
    ] {
        let uri = format!("/claim?user={user}");
        let (status, problem) = ask(&service, "POST", &uri, "").await;
        assert_eq!((status, &problem["outcome"]), (expected, &json!(outcome)));
        assert_eq!(problem["user"], json!(user));
        assert!(
            problem["detail"].as_str().unwrap().contains(words),
            "{problem}"
        );
    }
    // The third claim is still in progress and can still issue a coupon.
    assert_eq!(ledger(&service).await["drained"], json!(false));
    let served = service.close().await;
    assert_eq!((served.told.failed, served.told.indeterminate), (1, 1));
    assert_eq!(served.drained.unwrap().completion, Completion::Pending);
    assert_eq!(served.left_behind, Vec::<String>::new());
}

#[tokio::test]
async fn a_client_that_disconnects_does_not_stop_its_claim() {
    let service = open(&BY_USER, 10).await;
    let mut leaving = Box::pin(respond(
        Arc::clone(&service),
        request("POST", "/claim?user=5", ""),
    ));
    assert!(matches!(poll!(&mut leaving), Poll::Pending));
    drop(leaving);
    assert_eq!(drained(&service).await["users"], json!([5]));
    let served = service.close().await;
    assert_eq!(served.told.issued, 1);
}

#[tokio::test]
async fn a_reset_waits_for_claims_and_refuses_new_ones() {
    let service = open(&BY_USER, 10).await;
    let asked = |uri: &'static str| {
        let service = Arc::clone(&service);
        tokio::spawn(async move { ask(&service, "POST", uri, "").await })
    };
    let waiting = asked("/claim?user=4");
    while ledger(&service).await["drained"] == json!(true) {
        tokio::task::yield_now().await;
    }
    let reset = asked("/reset");
    while service.problems().await.is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(&service, "POST", "/claim", "").await.0, 503);
    assert_eq!(ask(&service, "GET", "/health", "").await.0, 503);
    let (_, page) = ask(&service, "GET", "/metrics", "").await;
    assert!(page.as_str().unwrap().contains("claims_total"), "{page}");
    assert!(!reset.is_finished());
    PERMITS.add_permits(1);
    assert_eq!(waiting.await.unwrap().0, 201);
    let (status, fresh) = reset.await.unwrap();
    assert_eq!((status, &fresh["users"]), (200, &json!([])));
    assert_eq!(claim(&service, 5).await, 201);
    service.close().await;
}
