//! A request that is not measured and has to be answered as expected: in the setup, and in the steps before a claim.

use bytes::Bytes;
use http::{Request, Response};

use super::{
    Event, RequestTemplate, Statuses, Who,
    session::Session,
    stage::{beginning, send},
};
use crate::{adapters::http::Client, text::format::shorten};

/// Characters of a message that are shown.
const SHOWN: usize = 1000;

/// Headers of an answer that are shown.
const HEADERS: usize = 8;

/// A request, and what it should be answered with.
#[derive(Debug)]
pub struct Exchange {
    /// What is sent.
    pub request: RequestTemplate,
    /// What it should be answered with.
    pub expected: Statuses,
}

/// What was sent and what came back.
pub struct Exchanged {
    /// As it left.
    pub request: Request<Bytes>,
    /// As it came.
    pub answer: Response<Bytes>,
}

/// What was sent and what came back, for people: line by line, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialogue {
    /// `POST /reset`, `sql on postgres`, `command ./reset.sh`.
    pub name: String,
    /// Headers and body, or the commands.
    pub sent: Vec<String>,
    /// `status 200`, or that it was done.
    pub answer: String,
    /// Headers and body of the answer.
    pub received: Vec<String>,
}

impl Exchange {
    /// Sends it with the cookies of `session`, and keeps there the cookies of the answer.
    pub async fn make(
        &self,
        client: &Client,
        event: &Event,
        who: Who<'_>,
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
        Err(format!("unexpected status {status}{}", beginning(&answer)))
    }
}

impl Dialogue {
    /// Of a request; `mask` hides secrets.
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
    // Masked before it is cut, so that no half of a secret is left.
    headers
        .chain(body)
        .map(|line| shorten(&mask(&line), SHOWN))
        .collect()
}
