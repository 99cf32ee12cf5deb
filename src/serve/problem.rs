//! Responses, and problem documents for errors (RFC 9457).

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE, HeaderValue},
};
use serde::Serialize;

use crate::text::redact;

/// A response with a complete body.
pub(super) type HttpResponse = Response<Full<Bytes>>;

/// A problem document. Its type is `about:blank`, so its title is the reason phrase of the status.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(flatten)]
    of_claim: Option<OfClaim>,
    #[serde(skip)]
    code: StatusCode,
    #[serde(skip)]
    allow: Option<&'static str>,
}

/// The user and the outcome of a claim.
#[derive(Debug, Serialize)]
struct OfClaim {
    user: u64,
    outcome: &'static str,
}

impl Problem {
    pub fn new(code: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            title: code.canonical_reason().unwrap_or_default(),
            status: code.as_u16(),
            detail: redact::foreign(&detail.into()),
            of_claim: None,
            code,
            allow: None,
        }
    }

    /// The problem of an invalid request.
    pub fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// Adds the allowed methods.
    pub fn allowing(self, methods: &'static str) -> Self {
        Self {
            allow: Some(methods),
            ..self
        }
    }

    /// Adds the user and the outcome of a claim that ended without a decision.
    pub fn of_claim(self, user: u64, outcome: &'static str) -> Self {
        Self {
            of_claim: Some(OfClaim { user, outcome }),
            ..self
        }
    }

    pub fn answer(&self) -> HttpResponse {
        // Strings and numbers can always be written as JSON.
        let text = serde_json::to_string(self).unwrap_or_default();
        let mut answer = with_type(self.code, "application/problem+json", text);
        if let Some(methods) = self.allow {
            let methods = HeaderValue::from_static(methods);
            answer.headers_mut().insert(ALLOW, methods);
        }
        answer
    }
}

pub(super) fn json(code: StatusCode, text: impl Into<Bytes>) -> HttpResponse {
    with_type(code, "application/json", text)
}

pub(super) fn with_type(
    code: StatusCode,
    content_type: &'static str,
    text: impl Into<Bytes>,
) -> HttpResponse {
    let mut answer = Response::new(Full::new(text.into()));
    *answer.status_mut() = code;
    let content_type = HeaderValue::from_static(content_type);
    answer.headers_mut().insert(CONTENT_TYPE, content_type);
    answer
}
