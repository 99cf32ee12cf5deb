//! A request that is not measured and whose response has to have an expected status: in the setup, and in the steps before a claim.

use bytes::Bytes;
use http::{Request, Response};

use super::{
    RequestTemplate,
    session::Session,
    unmeasured::{excerpt, send},
};
use crate::{
    adapters::http::Client,
    service::{AttemptValues, EventValues, Statuses},
    text::format::shorten,
};

/// The number of characters of a line that are shown.
const SHOWN: usize = 1000;

/// The number of response headers that are shown.
const HEADERS: usize = 8;

/// A request, and the statuses that are expected in its response.
#[derive(Debug)]
pub struct Exchange {
    /// The request.
    pub request: RequestTemplate,
    /// The expected statuses.
    pub expected: Statuses,
}

/// A request and its response.
pub struct Exchanged {
    /// The request as it was sent.
    pub request: Request<Bytes>,
    /// The response as it was received.
    pub answer: Response<Bytes>,
}

/// The text of a request and its response, line by line, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeText {
    /// As in `POST /reset`, `sql on postgres`, `command ./reset.sh`.
    pub name: String,
    /// The headers and the body of the request, or the SQL, or the commands.
    pub sent: Vec<String>,
    /// As in `status 200`; `done` for SQL, commands and programs.
    pub answer: String,
    /// The headers and the body of the response, or the output.
    pub received: Vec<String>,
}

impl Exchange {
    /// Sends the request with the cookies of `session`, and stores the cookies of the response there.
    ///
    /// # Errors
    /// The request cannot be built or sent, there is no response in time, or its status is not expected.
    pub async fn make(
        &self,
        client: &Client,
        event: &EventValues,
        who: AttemptValues<'_>,
        session: &mut Session,
    ) -> Result<Exchanged, String> {
        let mut request = self.request.build(event, who)?;
        session.send_with(&mut request);
        let answer = send(client, request.clone()).await?;
        session.keep_cookies(&answer);
        let status = answer.status().as_u16();
        if self.expected.contain(status) {
            return Ok(Exchanged { request, answer });
        }
        Err(format!("unexpected status {status}{}", excerpt(&answer)))
    }
}

impl ExchangeText {
    /// The text of a request and its response. `mask` removes secrets.
    pub fn of(
        request: &Request<Bytes>,
        answer: &Response<Bytes>,
        mask: impl Fn(&str) -> String,
    ) -> Self {
        let (method, uri) = (request.method(), request.uri());
        let headers = request.headers().iter().map(header);
        let received = answer.headers().iter().take(HEADERS).map(header);
        Self {
            name: mask(&format!("{method} {uri}")),
            sent: lines(headers, request.body(), &mask),
            answer: format!("status {}", answer.status().as_u16()),
            received: lines(received, answer.body(), &mask),
        }
    }
}

fn header((name, value): (&http::HeaderName, &http::HeaderValue)) -> String {
    format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
}

fn lines(
    headers: impl Iterator<Item = String>,
    body: &Bytes,
    mask: &impl Fn(&str) -> String,
) -> Vec<String> {
    let body = String::from_utf8_lossy(body).into_owned();
    let body = Some(body).filter(|body| !body.trim().is_empty());
    // Masked before it is shortened, so that no part of a secret remains.
    headers
        .chain(body)
        .map(|line| shorten(&mask(&line), SHOWN))
        .collect()
}
