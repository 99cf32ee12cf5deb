//! Requests: their templates, the exchange with the service, sessions, captured values, and the table of users.
//!
//! A [`RequestTemplate`] is a request of the target file in which only the values of the event and the user are missing.

pub mod capture;
pub mod exchange;
pub mod session;
pub mod unmeasured;
pub mod users;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};

use super::template::{AttemptValues, EventValues, Template};

/// A request with placeholders.
#[derive(Debug, Clone)]
pub struct RequestTemplate {
    /// The method.
    pub method: Method,
    /// Path and query, after the path of the base URL.
    pub path: Template,
    /// The headers, in the order in which they are sent.
    pub headers: Vec<(HeaderName, Template)>,
    /// The body, if there is one.
    pub body: Option<Template>,
    /// The name in error messages: method and path as in `POST /claim`, with the placeholders as typed.
    pub name: String,
}

impl RequestTemplate {
    /// Builds the request of one user.
    ///
    /// # Errors
    /// A placeholder has no value, or a value cannot be sent where it is.
    pub fn build(
        &self,
        event: &EventValues,
        who: AttemptValues<'_>,
    ) -> Result<Request<Bytes>, String> {
        self.texts().try_for_each(|text| text.check(event, who))?;
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(self.path.fill(event, who));
        for (name, value) in &self.headers {
            let value = HeaderValue::try_from(value.fill(event, who))
                .map_err(|_| format!("header {name} would contain control characters"))?;
            request = request.header(name, value);
        }
        let body = self.body.as_ref().map(|body| body.fill(event, who));
        request
            .body(Bytes::from(body.unwrap_or_default()))
            .map_err(|error| error.to_string())
    }

    /// Whether the request contains the number of the user's attempt.
    pub fn has_attempt(&self) -> bool {
        self.texts().any(Template::has_attempt)
    }

    /// Whether path or body differ from run to run. Headers are ignored: a login token differs, but does not select an event.
    pub fn has_run(&self) -> bool {
        let mut all = self.body.iter().chain([&self.path]);
        all.any(Template::has_run)
    }

    /// Whether the request identifies the user.
    pub fn has_user(&self) -> bool {
        self.texts().any(Template::has_user)
    }

    fn texts(&self) -> impl Iterator<Item = &Template> {
        let headers = self.headers.iter().map(|(_, value)| value);
        headers.chain(&self.body).chain([&self.path])
    }
}
