//! Requests as a target file describes them: everything known but the user.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};

use super::template::{Event, Template, Who};

/// A request with placeholders.
#[derive(Debug, Clone)]
pub struct RequestTemplate {
    /// How.
    pub method: Method,
    /// Path and query, with the path of the base URL before them.
    pub path: Template,
    /// In the order in which they are sent.
    pub headers: Vec<(HeaderName, Template)>,
    /// What is sent with it, where anything is.
    pub body: Option<Template>,
    /// `POST /claim`, with the path of the base URL, its placeholders as typed: what it is called in errors.
    pub name: String,
}

impl RequestTemplate {
    /// The request of one user; or what cannot be sent.
    pub fn build(&self, event: &Event, who: Who<'_>) -> Result<Request<Bytes>, String> {
        self.texts().try_for_each(|text| text.check(event, who))?;
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(self.path.fill(event, who));
        for (name, value) in &self.headers {
            let value = HeaderValue::try_from(value.fill(event, who))
                .map_err(|_| format!("header {name} would have control characters in it"))?;
            request = request.header(name, value);
        }
        let body = self.body.as_ref().map(|body| body.fill(event, who));
        request
            .body(Bytes::from(body.unwrap_or_default()))
            .map_err(|error| error.to_string())
    }

    /// Whether it says which of the user's attempts it is.
    pub fn has_attempt(&self) -> bool {
        self.texts().any(Template::has_attempt)
    }

    /// Whether each run asks for something of its own. A header, such as a login's token, does not say what is asked for.
    pub fn has_run(&self) -> bool {
        let mut all = self.body.iter().chain([&self.path]);
        all.any(Template::has_run)
    }

    /// Whether it says who asks.
    pub fn has_user(&self) -> bool {
        self.texts().any(Template::has_user)
    }

    fn texts(&self) -> impl Iterator<Item = &Template> {
        let headers = self.headers.iter().map(|(_, value)| value);
        headers.chain(&self.body).chain([&self.path])
    }
}
