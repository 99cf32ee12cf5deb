//! One request, from its path to its response. Independent of connections.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{Method, Request, StatusCode, body::Body};

use super::{
    OPENAPI,
    claims::ClaimEnd,
    guard, metrics,
    problem::{HttpResponse, Problem, json, with_type},
    service::Service,
    user,
};
use crate::model::outcome::Outcome;

/// The maximum size of a body, in bytes.
pub(super) const LARGEST_BODY: usize = 4096;

/// How long a body may take to arrive. Some clients hold back the last byte, to release many requests together.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// The routes of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Claim,
    Reset,
    Ledger,
    Health,
    Metrics,
    OpenApi,
}

impl Route {
    pub const ALL: [Self; 6] = [
        Self::Claim,
        Self::Reset,
        Self::Ledger,
        Self::Health,
        Self::Metrics,
        Self::OpenApi,
    ];

    pub const fn path(self) -> &'static str {
        match self {
            Self::Claim => "/claim",
            Self::Reset => "/reset",
            Self::Ledger => "/ledger",
            Self::Health => "/health",
            Self::Metrics => "/metrics",
            Self::OpenApi => "/openapi.json",
        }
    }

    /// The method, and the value of the header `Allow`.
    pub const fn method(self) -> (Method, &'static str) {
        match self {
            Self::Claim | Self::Reset => (Method::POST, "POST"),
            // hyper removes the body of a response to HEAD.
            _ => (Method::GET, "GET, HEAD"),
        }
    }

    fn of(method: &Method, path: &str) -> Result<Self, Problem> {
        let found = Self::ALL.into_iter().find(|route| route.path() == path);
        let route = found.ok_or_else(|| nothing_at(path))?;
        let (wanted, allow) = route.method();
        if *method == wanted || (wanted == Method::GET && *method == Method::HEAD) {
            return Ok(route);
        }
        let detail = format!("{path} takes {allow}");
        Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).allowing(allow))
    }
}

fn nothing_at(path: &str) -> Problem {
    let there = Route::ALL.map(|route| format!("{} {}", route.method().0, route.path()));
    let path: String = path.chars().take(100).collect();
    let detail = format!("there is no {path}: use one of {}", there.join(", "));
    Problem::new(StatusCode::NOT_FOUND, detail)
}

/// Answers one request.
pub(super) async fn respond<B>(service: Arc<Service>, request: Request<B>) -> HttpResponse
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin,
{
    let is_meant = guard::check(service.settings(), &request);
    let route = is_meant.and_then(|()| Route::of(request.method(), request.uri().path()));
    let answer = match route {
        Ok(Route::Claim) => claim(&service, request).await,
        // Boxed, so that rare requests do not make the future of every claim larger.
        Ok(Route::Reset) => Box::pin(reset(service)).await,
        Ok(Route::Ledger) => Box::pin(ledger(&service)).await,
        Ok(Route::Metrics) => Box::pin(page(&service)).await,
        Ok(Route::Health) => Box::pin(health(&service)).await,
        Ok(Route::OpenApi) => Ok(json(StatusCode::OK, OPENAPI)),
        Err(problem) => Err(problem),
    };
    answer.unwrap_or_else(|problem| problem.answer())
}

async fn claim<B>(service: &Service, request: Request<B>) -> Result<HttpResponse, Problem>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin,
{
    let (head, body) = request.into_parts();
    let body = whole(body).await?;
    let user = user::named(head.uri.query(), &body)?.unwrap_or_else(|| service.new_user());
    let ended = service.claim(user).await;
    claim_response(user, ended.ok_or_else(no_event)?)
}

/// Reads the body. An error if it is too large or does not arrive in time.
async fn whole<B>(body: B) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin,
{
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let collected = Limited::new(body, LARGEST_BODY).collect();
    match tokio::time::timeout(BODY_PATIENCE, collected).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let detail =
                format!("the body is larger than {LARGEST_BODY} bytes: send {{\"user\": 17}}");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail))
        }
        Ok(Err(error)) => Err(Problem::bad(format!("the body did not arrive: {error}"))),
        Err(_) => {
            let seconds = BODY_PATIENCE.as_secs();
            let detail = format!("the body did not arrive within {seconds} s");
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, detail))
        }
    }
}

/// The response to a claim.
fn claim_response(user: u64, ended: ClaimEnd) -> Result<HttpResponse, Problem> {
    let answer = match ended {
        ClaimEnd::Answered(answer) => answer,
        ClaimEnd::Late => {
            let detail = "the claim was not answered in time: it may still issue a coupon";
            let problem = Problem::new(StatusCode::GATEWAY_TIMEOUT, detail);
            return Err(problem.of_claim(user, Outcome::Indeterminate.name()));
        }
    };
    let outcome = Outcome::of(&answer);
    let code = match outcome {
        Outcome::Issued => StatusCode::CREATED,
        Outcome::Accepted => StatusCode::ACCEPTED,
        Outcome::SoldOut => StatusCode::GONE,
        Outcome::Duplicate => StatusCode::CONFLICT,
        Outcome::Failed => StatusCode::SERVICE_UNAVAILABLE,
        Outcome::Indeterminate => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let outcome = outcome.name();
    match answer {
        Ok(_) => Ok(json(
            code,
            format!("{{\"user\":{user},\"outcome\":\"{outcome}\"}}"),
        )),
        Err(error) => Err(Problem::new(code, error.to_string()).of_claim(user, outcome)),
    }
}

fn no_event() -> Problem {
    let detail =
        "there is no event: a reset is in progress, or the last reset failed (see /ledger)";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
}

async fn reset(service: Arc<Service>) -> Result<HttpResponse, Problem> {
    read(service.reset().await)
}

async fn ledger(service: &Service) -> Result<HttpResponse, Problem> {
    read(service.ledger().await)
}

fn read(ledger: Result<super::Ledger, String>) -> Result<HttpResponse, Problem> {
    let unavailable = |detail| Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
    let ledger = ledger.map_err(unavailable)?;
    // Strings and numbers can always be written as JSON.
    let text = serde_json::to_string(&ledger).unwrap_or_default();
    Ok(json(StatusCode::OK, text))
}

/// Checks the services, so that a load balancer learns when no claim can be served.
async fn health(service: &Service) -> Result<HttpResponse, Problem> {
    let problems = service.problems().await.ok_or_else(no_event)?;
    if problems.is_empty() {
        return Ok(json(StatusCode::OK, "{\"status\":\"ok\"}"));
    }
    let detail = problems.join("; ");
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail))
}

async fn page(service: &Service) -> Result<HttpResponse, Problem> {
    let internal = |error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}"));
    let text = service.metrics().await.render().map_err(internal)?;
    Ok(with_type(StatusCode::OK, metrics::CONTENT_TYPE, text))
}
