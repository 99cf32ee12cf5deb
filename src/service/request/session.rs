//! The captured values and the cookies of one user, or of the setup.

use bytes::Bytes;
use cookie::Expiration;
use http::{HeaderValue, Request, Response, header::COOKIE};
use time::OffsetDateTime;

use super::capture::cookies;
use crate::service::{Secrets, template::Values};

/// The session of one user, or of the setup.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// The values that were captured from responses.
    pub values: Values,
    jar: Jar,
}

impl Session {
    /// A session without cookies.
    pub fn new(values: Values) -> Self {
        Self {
            values,
            jar: Jar::default(),
        }
    }

    /// Adds the cookies to a request.
    pub fn send_with(&self, request: &mut Request<Bytes>) {
        self.jar.add_to(request);
    }

    /// Stores the cookies that a response sets.
    pub fn keep_cookies(&mut self, answer: &Response<Bytes>) {
        self.jar.keep(answer);
    }

    /// Masks the cookies and the secret captured values in `text`.
    pub fn hide(&self, text: &str) -> String {
        let cookies = self.jar.0.iter().map(|(_, value)| value.as_str());
        let mut secrets = Secrets::default();
        secrets.add_all(self.values.secrets().chain(cookies));
        secrets.mask(text)
    }
}

/// Cookies by name. There is one service, so host and path are ignored.
#[derive(Debug, Clone, Default)]
struct Jar(Vec<(String, String)>);

impl Jar {
    fn keep(&mut self, answer: &Response<Bytes>) {
        for cookie in cookies(answer) {
            let age = cookie.max_age();
            let expired = match (age, cookie.expires()) {
                // RFC 6265: Max-Age takes precedence over Expires.
                (Some(age), _) => age <= time::Duration::ZERO,
                (None, Some(Expiration::DateTime(date))) => date <= OffsetDateTime::now_utc(),
                (None, _) => false,
            };
            self.0.retain(|(name, _)| name != cookie.name());
            if !expired {
                let (name, value) = (cookie.name().to_owned(), cookie.value().to_owned());
                self.0.push((name, value));
            }
        }
    }

    /// Leaves a request unchanged that has a `Cookie` header of its own.
    fn add_to(&self, request: &mut Request<Bytes>) {
        if self.0.is_empty() || request.headers().contains_key(COOKIE) {
            return;
        }
        let pairs = self.0.iter().map(|(name, value)| format!("{name}={value}"));
        let pairs: Vec<_> = pairs.collect();
        // The values come from headers, so they are valid in a header.
        if let Ok(mut value) = HeaderValue::try_from(pairs.join("; ")) {
            value.set_sensitive(true);
            request.headers_mut().insert(COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn sent(session: &Session) -> Option<String> {
        let mut request = Request::new(Bytes::new());
        session.send_with(&mut request);
        let value = request.headers().get(COOKIE)?;
        Some(value.to_str().unwrap().to_owned())
    }

    fn answers(session: &mut Session, cookies: &[&str]) {
        let mut answer = Response::builder();
        for cookie in cookies {
            answer = answer.header("set-cookie", *cookie);
        }
        session.keep_cookies(&answer.body(Bytes::new()).unwrap());
    }

    #[test]
    fn cookies_are_kept_replaced_and_deleted() {
        let mut session = Session::default();
        assert_eq!(sent(&session), None);
        answers(
            &mut session,
            &["a=1; Path=/; HttpOnly", "b=\"2 3\"; Max-Age=60"],
        );
        assert_eq!(sent(&session).as_deref(), Some("a=1; b=\"2 3\""));
        answers(
            &mut session,
            &["a=4; Expires=Wed, 21 Oct 2099 07:28:00 GMT"],
        );
        assert_eq!(sent(&session).as_deref(), Some("b=\"2 3\"; a=4"));
        answers(
            &mut session,
            &[
                "b=; Max-Age=0",
                "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                "c=5",
            ],
        );
        assert_eq!(sent(&session).as_deref(), Some("c=5"));
    }

    #[test]
    fn a_request_with_its_own_cookie_header_is_unchanged() {
        let mut session = Session::default();
        answers(&mut session, &["a=1"]);
        let mut request = Request::new(Bytes::new());
        request
            .headers_mut()
            .insert(COOKIE, HeaderValue::from_static("own=1"));
        session.send_with(&mut request);
        assert_eq!(request.headers()[COOKIE], "own=1");
    }

    #[test]
    fn cookies_are_masked() {
        let mut session = Session::default();
        answers(&mut session, &["SESSION=abcdefgh1234", "lang=ko"]);
        assert_eq!(
            session.hide("cookie: SESSION=abcdefgh1234; lang=ko"),
            "cookie: SESSION=***; lang=ko"
        );
    }
}
