//! What an answer means: the first rule that matches says it. Pure.

use std::cell::OnceCell;

use bytes::Bytes;
use http::{HeaderName, Response};
use serde_json::Value;

use super::check::{self, Check};
use crate::{adapters::http::Undecoded, strategies::Decision};

/// What users are told, in the words of a target file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// An answer.
    Told(Decision),
    /// An error that cannot have issued a coupon.
    Failed,
    /// An error that leaves it open.
    Indeterminate,
    /// Not decided yet: a coupon is held back until the user confirms.
    Reserved,
    /// Not decided yet: the user asks again.
    Waiting,
}

impl Meaning {
    /// As a file spells them.
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

    /// As a file spells it.
    pub fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, meaning)| *meaning == self);
        named.map_or("", |(name, _)| name)
    }
}

/// Status codes that a rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuses(pub Vec<std::ops::RangeInclusive<u16>>);

impl Statuses {
    /// What a request that is not measured should be answered with.
    pub fn success() -> Self {
        Self(vec![200..=299])
    }

    /// Whether it is one of them.
    pub fn contain(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

/// When an answer means what. All that is given must hold.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What it means.
    pub meaning: Meaning,
    /// The status is one of these.
    pub status: Option<Statuses>,
    /// This header is so.
    pub header: Option<(HeaderName, Check)>,
    /// What this JSON pointer points to is so.
    pub json: Option<(String, Check)>,
    /// The body as text is so.
    pub body: Option<Check>,
    /// Where an answer that it fits has the coupon's code.
    pub code: Option<String>,
}

/// The rules, in their order.
#[derive(Debug, Clone)]
pub struct Rules(pub Vec<Rule>);

impl Rules {
    /// The first that matches, with its number from 1; `None` is an answer that nobody thought of.
    pub fn classify(&self, answer: &Response<Bytes>) -> Option<(usize, Meaning)> {
        let parsed = OnceCell::new();
        let rules = self.0.iter().enumerate();
        let mut matching = rules.filter(|(_, rule)| rule.matches(answer, &parsed));
        matching
            .next()
            .map(|(index, rule)| (index + 1, rule.meaning))
    }

    /// The code of the coupon in an answer that a rule fits, by the rule's number.
    pub fn code(&self, number: usize, answer: &Response<Bytes>) -> Option<String> {
        let pointer = self.0.get(number.checked_sub(1)?)?.code.as_deref()?;
        let body: Value = serde_json::from_slice(answer.body()).ok()?;
        match body.pointer(pointer)? {
            code @ (Value::String(_) | Value::Number(_)) => Some(check::text(code)),
            _ => None,
        }
    }

    /// Why no rule is for this answer, rule by rule.
    pub fn why_none(&self, answer: &Response<Bytes>) -> Vec<String> {
        let parsed = OnceCell::new();
        let rules = self.0.iter().enumerate();
        let unfit = rules.filter_map(|(index, rule)| {
            let unfit = rule.unfit(answer, &parsed)?;
            let (number, meaning) = (index + 1, rule.meaning.name());
            Some(format!(
                "rule {number}, {meaning}: {}",
                words(unfit, answer)
            ))
        });
        unfit.collect()
    }

    /// Whether any answer means this.
    pub fn has(&self, meaning: Meaning) -> bool {
        self.0.iter().any(|rule| rule.meaning == meaning)
    }
}

/// What of an answer a rule does not fit.
#[derive(Clone, Copy)]
enum Unfit<'a> {
    Status,
    Header(&'a HeaderName),
    Json(&'a str),
    Body,
}

impl Rule {
    fn matches(&self, answer: &Response<Bytes>, parsed: &OnceCell<Option<Value>>) -> bool {
        self.unfit(answer, parsed).is_none()
    }

    fn unfit(
        &self,
        answer: &Response<Bytes>,
        parsed: &OnceCell<Option<Value>>,
    ) -> Option<Unfit<'_>> {
        let status = answer.status().as_u16();
        if let Some(statuses) = &self.status
            && !statuses.contain(status)
        {
            return Some(Unfit::Status);
        }
        if let Some((name, check)) = &self.header
            && !check.holds(header(answer, name).map(Value::from).as_ref())
        {
            return Some(Unfit::Header(name));
        }
        if let Some((pointer, check)) = &self.json {
            // Read once, and only if a rule asks for it.
            let body = parsed.get_or_init(|| serde_json::from_slice(answer.body()).ok());
            if !check.holds(body.as_ref().and_then(|body| body.pointer(pointer))) {
                return Some(Unfit::Json(pointer));
            }
        }
        if let Some(check) = &self.body {
            let text = String::from_utf8_lossy(answer.body());
            if !check.holds(Some(&Value::from(text.trim()))) {
                return Some(Unfit::Body);
            }
        }
        None
    }
}

/// In words.
fn words(unfit: Unfit<'_>, answer: &Response<Bytes>) -> String {
    match unfit {
        Unfit::Status => format!("it is for another status than {}", answer.status().as_u16()),
        Unfit::Header(name) => match header(answer, name) {
            None => format!("there is no header {name}"),
            Some(value) => format!("the header {name} is {value:?}"),
        },
        Unfit::Json(_) | Unfit::Body if answer.extensions().get::<Undecoded>().is_some() => {
            let why = answer.extensions().get::<Undecoded>();
            why.map_or(String::new(), |undecoded| undecoded.0.clone())
        }
        Unfit::Json(pointer) => match serde_json::from_slice::<Value>(answer.body()) {
            Err(_) => "the body is no JSON".to_owned(),
            Ok(body) => match body.pointer(pointer) {
                None => format!("there is nothing at \"{pointer}\""),
                Some(value) => format!("at \"{pointer}\" there is {value}"),
            },
        },
        Unfit::Body => "the body is another".to_owned(),
    }
}

/// The values of a header, as one.
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

    fn equals(value: Value) -> Check {
        Check {
            equals: Some(value),
            ..Check::default()
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
                "rule 2, sold_out: it is for another status than 201",
                "rule 3, duplicate: the header x-result is \"once\"",
                "rule 4, failed: the body is another",
            ]
        );
    }
}
