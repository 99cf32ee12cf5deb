//! Values that are captured from a response, for the requests that follow.

use bytes::Bytes;
use cookie::Cookie;
use http::{HeaderName, Response, header::SET_COOKIE};
use regex::Regex;
use serde_json::Value;

use crate::service::{matcher, template::Values};

/// A value that is captured from a response.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The index of its name in [`Values`].
    pub index: usize,
    /// Its place in the response.
    pub place: Place,
}

/// The place of a value in a response.
#[derive(Debug, Clone)]
pub enum Place {
    /// A JSON pointer into the body.
    Json(String),
    /// The first header of this name.
    Header(HeaderName),
    /// The last cookie of this name that the response sets.
    Cookie(String),
    /// The first group of a regular expression that matches in the body, or the whole match if the expression has no group.
    Matches(Regex),
    /// The whole body, without white space at its ends.
    Text,
}

/// All values that are captured from one response.
#[derive(Debug, Clone, Default)]
pub struct Captures(pub Vec<Capture>);

impl Captures {
    /// Stores the values that the response has in `values`.
    ///
    /// # Errors
    /// The first value that the response does not have, with its placeholder.
    pub fn take(&self, answer: &Response<Bytes>, values: &mut Values) -> Result<(), String> {
        let mut missing = None;
        for Capture { index, place } in &self.0 {
            match place.find(answer) {
                Ok(value) => values.set(*index, value),
                Err(why) => {
                    let name = values.placeholder(*index);
                    missing = missing.or(Some(format!("no value for {{{{{name}}}}}: {why}")));
                }
            }
        }
        missing.map_or(Ok(()), Err)
    }
}

impl Place {
    fn find(&self, answer: &Response<Bytes>) -> Result<String, String> {
        match self {
            Self::Json(pointer) => at(answer, pointer),
            Self::Header(name) => {
                let value = answer.headers().get(name);
                let value = value.ok_or_else(|| format!("the answer has no header {name}"))?;
                Ok(String::from_utf8_lossy(value.as_bytes()).into_owned())
            }
            Self::Cookie(name) => {
                let mut set = cookies(answer).filter(|cookie| cookie.name() == name);
                let cookie = set.next_back();
                let cookie = cookie.ok_or_else(|| format!("the answer sets no cookie {name}"))?;
                Ok(cookie.value().to_owned())
            }
            Self::Matches(regex) => {
                let body = String::from_utf8_lossy(answer.body());
                let found = regex.captures(&body);
                let found =
                    found.ok_or_else(|| format!("the body has nothing that matches {regex}"))?;
                let part = found.get(1).or_else(|| found.get(0));
                Ok(part.map_or_else(String::new, |part| part.as_str().to_owned()))
            }
            Self::Text => {
                let text = String::from_utf8_lossy(answer.body());
                let text = text.trim();
                if text.is_empty() {
                    return Err("the answer is empty".to_owned());
                }
                Ok(text.to_owned())
            }
        }
    }
}

fn at(answer: &Response<Bytes>, pointer: &str) -> Result<String, String> {
    let body: Value =
        serde_json::from_slice(answer.body()).map_err(|_| "the answer is not JSON".to_owned())?;
    match body.pointer(pointer) {
        None | Some(Value::Null) => Err(format!("the answer has nothing at \"{pointer}\"")),
        Some(value) => Ok(matcher::text(value)),
    }
}

/// The cookies that a response sets, in their order.
pub fn cookies(answer: &Response<Bytes>) -> impl DoubleEndedIterator<Item = Cookie<'_>> {
    let headers: Vec<_> = answer.headers().get_all(SET_COOKIE).iter().collect();
    let texts = headers.into_iter().filter_map(|value| value.to_str().ok());
    texts.filter_map(|text| Cookie::parse(text).ok())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::sync::Arc;

    use super::*;
    use crate::service::template::Name;

    fn answer() -> Response<Bytes> {
        let body = r#"{"token":"a.b","id":12345678901234567890123,"none":null,"csrf":"name=\"_csrf\" value=\"q7\""}"#;
        Response::builder()
            .header("x-csrf", "c1")
            .header("set-cookie", "SESSION=s1; Path=/; HttpOnly")
            .header("set-cookie", "SESSION=s2")
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap()
    }

    fn captured(place: Place) -> Result<String, String> {
        let name = Name {
            placeholder: "step.it".to_owned(),
            secret: true,
        };
        let mut values = Values::new(Arc::from([name]));
        let captures = Captures(vec![Capture { index: 0, place }]);
        captures.take(&answer(), &mut values)?;
        Ok(values.get(0).unwrap().to_owned())
    }

    #[test]
    fn a_value_is_captured_from_each_place() {
        let regex = |text| Place::Matches(Regex::new(text).unwrap());
        for (place, expected) in [
            (Place::Json("/token".to_owned()), "a.b"),
            // A number keeps all its digits.
            (Place::Json("/id".to_owned()), "12345678901234567890123"),
            (Place::Header(HeaderName::from_static("x-csrf")), "c1"),
            // The last cookie counts, as in a browser.
            (Place::Cookie("SESSION".to_owned()), "s2"),
            (regex(r#"_csrf\\" value=\\"([^\\]+)"#), "q7"),
            (regex("a.b"), "a.b"),
        ] {
            assert_eq!(
                captured(place.clone()).as_deref(),
                Ok(expected),
                "{place:?}"
            );
        }
    }

    #[test]
    fn a_missing_value_is_reported_with_its_placeholder() {
        for (place, why) in [
            (
                Place::Json("/none".to_owned()),
                "the answer has nothing at \"/none\"",
            ),
            (
                Place::Header(HeaderName::from_static("x-none")),
                "the answer has no header x-none",
            ),
            (
                Place::Cookie("NONE".to_owned()),
                "the answer sets no cookie NONE",
            ),
        ] {
            let error = captured(place).unwrap_err();
            assert_eq!(error, format!("no value for {{{{step.it}}}}: {why}"));
        }
    }
}
