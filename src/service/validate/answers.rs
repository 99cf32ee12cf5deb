//! Validates `[[outcome]]`: the rules, and their conditions.

use http::HeaderName;
use regex::Regex;
use serde_json::Value;
use toml::Spanned;

use super::{Validator, wrong};
use crate::{
    input::{error::UsageError, raw_value::RawValue},
    service::{Meaning, Rules, Statuses, claim::Rule, file::Outcome, matcher::Matcher},
    text::{problem::Problem, quote::quoted, values::did_you_mean},
};

impl Validator<'_> {
    /// All rules, in their order.
    pub(super) fn rules(&self, typed: &[Spanned<Outcome>]) -> Result<Rules, UsageError> {
        let rules = typed.iter().map(|outcome| self.rule(outcome));
        Ok(Rules(rules.collect::<Result<Vec<_>, _>>()?))
    }

    fn rule(&self, spanned: &Spanned<Outcome>) -> Result<Rule, UsageError> {
        let typed = spanned.get_ref();
        let rule = Rule {
            meaning: self.parse(&typed.is, meaning)?,
            code: self.code(typed)?,
            status: match typed.status.as_slice() {
                [] => None,
                status => Some(self.statuses(status)?),
            },
            header: typed
                .header
                .as_ref()
                .map(|header| {
                    let typed = header.get_ref();
                    let name = self.parse(&typed.name, header_name)?;
                    let check = self.checked(
                        header,
                        (&typed.equals, &typed.contains, &typed.matches, typed.exists),
                    )?;
                    Ok::<_, UsageError>((name, check))
                })
                .transpose()?,
            json: typed
                .json
                .as_ref()
                .map(|json| {
                    let typed = json.get_ref();
                    let pointer = self.pointer(&typed.pointer)?;
                    let check = self.checked(
                        json,
                        (&typed.equals, &typed.contains, &typed.matches, typed.exists),
                    )?;
                    Ok::<_, UsageError>((pointer, check))
                })
                .transpose()?,
            body: typed
                .body
                .as_ref()
                .map(|body| {
                    let typed = body.get_ref();
                    self.checked(body, (&typed.equals, &typed.contains, &typed.matches, None))
                })
                .transpose()?,
        };
        let asks = rule.status.is_some()
            || rule.header.is_some()
            || rule.json.is_some()
            || rule.body.is_some();
        if !asks {
            let problem = Problem::new(
                "outcome without a condition",
                "give status, header, json or body: a rule without a condition would match every unexpected answer",
            );
            return Err(wrong(self.file, &typed.is, problem));
        }
        Ok(rule)
    }

    /// The JSON pointer to the code of a coupon, which only a response that means `issued` can have.
    fn code(&self, typed: &Outcome) -> Result<Option<String>, UsageError> {
        let Some(code) = &typed.code else {
            return Ok(None);
        };
        if typed.is.text != "issued" {
            let problem = Problem::new(
                format!("code of an answer that means {}", quoted(&typed.is.text)),
                "only an answer that means issued has a coupon's code",
            );
            return Err(wrong(self.file, code, problem));
        }
        self.pointer(code).map(Some)
    }

    /// Codes and classes: `201`, `"2xx"`.
    pub(super) fn statuses(&self, typed: &[RawValue]) -> Result<Statuses, UsageError> {
        let ranges = typed.iter().map(|typed| self.parse(typed, statuses));
        ranges.collect::<Result<_, _>>().map(Statuses)
    }

    /// A JSON pointer.
    pub(super) fn pointer(&self, typed: &RawValue) -> Result<String, UsageError> {
        self.parse(typed, |text| {
            if text.is_empty() || text.starts_with('/') {
                return Ok(text.to_owned());
            }
            let advice = format!(
                "a JSON pointer begins with /, as in {}",
                quoted(&format!("/{text}"))
            );
            Err(Problem::invalid(text, advice))
        })
    }

    /// A condition with at least one part. `at` is its place in the file.
    pub(super) fn checked<T>(
        &self,
        at: &Spanned<T>,
        asked: Asked<'_>,
    ) -> Result<Matcher, UsageError> {
        let (equals, contains, matches, exists) = asked;
        let check = Matcher {
            equals: equals.clone(),
            contains: contains.clone(),
            matches: matches
                .as_ref()
                .map(|typed| self.parse(typed, regex))
                .transpose()?,
            exists,
        };
        if check.is_empty() {
            let problem = Problem::new(
                "empty condition",
                "give equals, contains, matches or exists",
            );
            return Err(self.file.wrong_at(at.span().start, problem));
        }
        Ok(check)
    }
}

/// The parts of a condition, as typed: equals, contains, matches, exists.
pub(super) type Asked<'a> = (
    &'a Option<Value>,
    &'a Option<Value>,
    &'a Option<RawValue>,
    Option<bool>,
);

fn meaning(text: &str) -> Result<Meaning, Problem> {
    let found = Meaning::ALL.iter().find(|(name, _)| *name == text);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let names = Meaning::ALL.map(|(name, _)| name);
        Problem::new(
            format!("unknown outcome {}", quoted(text)),
            did_you_mean(text, &names),
        )
    })
}

pub(super) fn header_name(text: &str) -> Result<HeaderName, Problem> {
    let name = HeaderName::try_from(text);
    name.map_err(|_| {
        Problem::invalid(
            text,
            "a header's name is made of letters, digits and dashes",
        )
    })
}

fn statuses(text: &str) -> Result<std::ops::RangeInclusive<u16>, Problem> {
    let class = text
        .strip_suffix("xx")
        .and_then(|digit| digit.parse::<u16>().ok());
    match (class, text.parse::<u16>()) {
        (Some(class @ 1..=5), _) => Ok(class * 100..=class * 100 + 99),
        (None, Ok(code @ 100..=599)) => Ok(code..=code),
        _ => Err(Problem::invalid(
            text,
            "a status is a number from 100 to 599, or a class such as \"2xx\"",
        )),
    }
}

pub(super) fn regex(text: &str) -> Result<Regex, Problem> {
    Regex::new(text).map_err(|error| {
        // The last line is the message. The lines before it show the place.
        let message = error.to_string();
        let why = message
            .lines()
            .last()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned();
        Problem::new(format!("invalid regular expression {}", quoted(text)), why)
    })
}
