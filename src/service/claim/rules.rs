//! The meaning of a response: that of the first rule that matches. Pure.

use std::cell::OnceCell;

use bytes::Bytes;
use http::{HeaderName, Response};
use serde_json::Value;

use crate::{
    adapters::http::Undecoded,
    service::matcher::{self, Matcher},
    strategies::Decision,
};

/// The meaning of a response, in the words of a target file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A decision.
    Told(Decision),
    /// An error. No coupon was issued.
    Failed,
    /// An error. It is not known whether a coupon was issued.
    Indeterminate,
    /// Not decided yet: a coupon is reserved until the user confirms.
    Reserved,
    /// Not decided yet: the user polls.
    Waiting,
}

impl Meaning {
    /// All meanings, with their spelling in a target file.
    pub const ALL: [(&str, Self); 8] = [
        ("issued", Self::Told(Decision::Issued)),
        ("sold_out", Self::Told(Decision::SoldOut)),
        ("duplicate", Self::Told(Decision::Duplicate)),
        ("accepted", Self::Told(Decision::Accepted)),
        ("failed", Self::Failed),
        ("indeterminate", Self::Indeterminate),
        ("reserved", Self::Reserved),
        ("waiting", Self::Waiting),
    ];

    /// The spelling in a target file.
    pub fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, meaning)| *meaning == self);
        named.map_or("", |(name, _)| name)
    }
}

/// A set of status codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuses(pub Vec<std::ops::RangeInclusive<u16>>);

impl Statuses {
    /// 2xx: the expected statuses of a request that is not measured, unless the file gives others.
    pub fn success() -> Self {
        Self(vec![200..=299])
    }

    /// Whether `status` is in the set.
    pub fn contain(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

/// A rule: conditions on a response, and its meaning if all of them hold.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The meaning of a response that matches.
    pub meaning: Meaning,
    /// The status is in this set.
    pub status: Option<Statuses>,
    /// The header of this name matches.
    pub header: Option<(HeaderName, Matcher)>,
    /// The value at this JSON pointer matches.
    pub json: Option<(String, Matcher)>,
    /// The body as text matches.
    pub body: Option<Matcher>,
    /// The JSON pointer to the code of the coupon, in a response that matches.
    pub code: Option<String>,
}

/// The rules, in their order.
#[derive(Debug, Clone)]
pub struct Rules(pub Vec<Rule>);

impl Rules {
    /// The number, from 1, and the meaning of the first rule that matches. `None` if no rule matches.
    pub fn classify(&self, answer: &Response<Bytes>) -> Option<(usize, Meaning)> {
        let parsed = OnceCell::new();
        let rules = self.0.iter().enumerate();
        let mut matching = rules.filter(|(_, rule)| rule.matches(answer, &parsed));
        matching
            .next()
            .map(|(index, rule)| (index + 1, rule.meaning))
    }

    /// The code of the coupon, in a response that matches the rule of this number.
    pub fn code(&self, number: usize, answer: &Response<Bytes>) -> Option<String> {
        let pointer = self.0.get(number.checked_sub(1)?)?.code.as_deref()?;
        let body: Value = serde_json::from_slice(answer.body()).ok()?;
        match body.pointer(pointer)? {
            code @ (Value::String(_) | Value::Number(_)) => Some(matcher::text(code)),
            _ => None,
        }
    }

    /// Why each rule does not match this response.
    pub fn why_none(&self, answer: &Response<Bytes>) -> Vec<String> {
        let parsed = OnceCell::new();
        let rules = self.0.iter().enumerate();
        let mismatch = rules.filter_map(|(index, rule)| {
            let mismatch = rule.mismatch(answer, &parsed)?;
            let (number, meaning) = (index + 1, rule.meaning.name());
            Some(format!(
                "rule {number}, {meaning}: {}",
                words(mismatch, answer)
            ))
        });
        mismatch.collect()
    }

    /// Whether a rule has this meaning.
    pub fn has(&self, meaning: Meaning) -> bool {
        self.0.iter().any(|rule| rule.meaning == meaning)
    }
}

/// The first part of a response that does not match a rule.
#[derive(Clone, Copy)]
enum Mismatch<'a> {
    Status,
    Header(&'a HeaderName),
    Json(&'a str),
    Body,
}

impl Rule {
    fn matches(&self, answer: &Response<Bytes>, parsed: &OnceCell<Option<Value>>) -> bool {
        self.mismatch(answer, parsed).is_none()
    }

    fn mismatch(
        &self,
        answer: &Response<Bytes>,
        parsed: &OnceCell<Option<Value>>,
    ) -> Option<Mismatch<'_>> {
        let status = answer.status().as_u16();
        if let Some(statuses) = &self.status
            && !statuses.contain(status)
        {
            return Some(Mismatch::Status);
        }
        if let Some((name, check)) = &self.header
            && !check.holds(header(answer, name).map(Value::from).as_ref())
        {
            return Some(Mismatch::Header(name));
        }
        if let Some((pointer, check)) = &self.json {
            // Parsed once, and only if a rule has a condition on JSON.
            let body = parsed.get_or_init(|| serde_json::from_slice(answer.body()).ok());
            if !check.holds(body.as_ref().and_then(|body| body.pointer(pointer))) {
                return Some(Mismatch::Json(pointer));
            }
        }
        if let Some(check) = &self.body {
            let text = String::from_utf8_lossy(answer.body());
            if !check.holds(Some(&Value::from(text.trim()))) {
                return Some(Mismatch::Body);
            }
        }
        None
    }
}

/// The mismatch in words.
fn words(mismatch: Mismatch<'_>, answer: &Response<Bytes>) -> String {
    match mismatch {
        Mismatch::Status => format!("it is not for status {}", answer.status().as_u16()),
        Mismatch::Header(name) => match header(answer, name) {
            None => format!("there is no header {name}"),
            Some(value) => format!("the header {name} is {value:?}"),
        },
        Mismatch::Json(_) | Mismatch::Body if answer.extensions().get::<Undecoded>().is_some() => {
            let why = answer.extensions().get::<Undecoded>();
            why.map_or(String::new(), |undecoded| undecoded.0.clone())
        }
        Mismatch::Json(pointer) => match serde_json::from_slice::<Value>(answer.body()) {
            Err(_) => "the body is not JSON".to_owned(),
            Ok(body) => match body.pointer(pointer) {
                None => format!("there is nothing at \"{pointer}\""),
                Some(value) => format!("at \"{pointer}\" there is {value}"),
            },
        },
        Mismatch::Body => "the body is different".to_owned(),
    }
}

/// The values of a header, joined by commas.
fn header(answer: &Response<Bytes>, name: &HeaderName) -> Option<String> {
    let values = answer.headers().get_all(name).iter();
    let values: Vec<_> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    fn rule(meaning: Meaning) -> Rule {
        Rule {
            meaning,
            status: None,
            header: None,
            json: None,
            body: None,
            code: None,
        }
    }

    fn equals(value: Value) -> Matcher {
        Matcher {
            equals: Some(value),
            ..Matcher::default()
        }
    }

    fn answer(status: u16, header: &str, body: &'static str) -> Response<Bytes> {
        Response::builder()
            .status(status)
            .header("x-result", header)
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap()
    }

    const ISSUED: Meaning = Meaning::Told(Decision::Issued);
    const SOLD_OUT: Meaning = Meaning::Told(Decision::SoldOut);

    #[test]
    fn the_first_rule_that_matches_decides() {
        let rules = Rules(vec![
            Rule {
                status: Some(Statuses(vec![200..=299])),
                json: Some(("/result".to_owned(), equals(json!("won")))),
                ..rule(ISSUED)
            },
            Rule {
                status: Some(Statuses(vec![200..=200, 409..=409])),
                ..rule(SOLD_OUT)
            },
            Rule {
                header: Some((HeaderName::from_static("x-result"), equals(json!("twice")))),
                ..rule(Meaning::Told(Decision::Duplicate))
            },
            Rule {
                body: Some(equals(json!("busy"))),
                ..rule(Meaning::Failed)
            },
        ]);
        for (answer, expected) in [
            (answer(201, "", r#"{"result": "won"}"#), Some((1, ISSUED))),
            (
                answer(200, "", r#"{"result": "lost"}"#),
                Some((2, SOLD_OUT)),
            ),
            (answer(409, "", r#"{"result": "won"}"#), Some((2, SOLD_OUT))),
            (
                answer(201, "twice", "no JSON"),
                Some((3, Meaning::Told(Decision::Duplicate))),
            ),
            (answer(503, "", "busy\n"), Some((4, Meaning::Failed))),
            (answer(503, "", "very busy"), None),
            (answer(302, "", ""), None),
        ] {
            assert_eq!(rules.classify(&answer), expected, "{answer:?}");
            assert_eq!(expected.is_none(), rules.why_none(&answer).len() == 4);
        }
        assert_eq!(
            rules.why_none(&answer(201, "once", r#"{"result": "lost"}"#)),
            [
                "rule 1, issued: at \"/result\" there is \"lost\"",
                "rule 2, sold_out: it is not for status 201",
                "rule 3, duplicate: the header x-result is \"once\"",
                "rule 4, failed: the body is different",
            ]
        );
    }
}
