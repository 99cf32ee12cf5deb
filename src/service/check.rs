//! Conditions on a value of an answer: a header, what a JSON pointer points to, or the body as text.

use regex::Regex;
use serde_json::Value;

use super::number;

/// What must be true of a value; all that is given.
#[derive(Debug, Clone, Default)]
pub struct Check {
    /// Is this.
    pub equals: Option<Value>,
    /// A text with this in it, or a list of which this is an item.
    pub contains: Option<Value>,
    /// As text, matches this somewhere.
    pub matches: Option<Regex>,
    /// Is there, or is not; `null` is there.
    pub exists: Option<bool>,
}

impl Check {
    /// Whether it holds of `value`, where there is one.
    pub fn holds(&self, value: Option<&Value>) -> bool {
        let wants_value =
            self.equals.is_some() || self.contains.is_some() || self.matches.is_some();
        let Some(value) = value else {
            return self.exists == Some(false) && !wants_value;
        };
        self.exists != Some(false)
            && self
                .equals
                .as_ref()
                .is_none_or(|wanted| same(wanted, value))
            && self
                .contains
                .as_ref()
                .is_none_or(|part| contains(value, part))
            && self
                .matches
                .as_ref()
                .is_none_or(|regex| regex.is_match(&text(value)))
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        let Self {
            equals,
            contains,
            matches,
            exists,
        } = self;
        equals.is_none() && contains.is_none() && matches.is_none() && exists.is_none()
    }
}

/// Whether two values are the same. `1` and `1.0` are the same number, within lists and objects as well.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => number::same(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let has = |(key, one): (&String, &Value)| {
                other.get(key).is_some_and(|other| same(one, other))
            };
            one.len() == other.len() && one.iter().all(has)
        }
        _ => one == other,
    }
}

fn contains(value: &Value, part: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| same(item, part)),
        Value::String(text) => part.as_str().is_some_and(|part| text.contains(part)),
        _ => false,
    }
}

/// A text as it is, an integer as its digits, anything else as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number::text(number),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    #[test]
    fn all_that_is_given_must_hold() {
        let exact = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let equals = |value| Check {
            equals: Some(value),
            ..Check::default()
        };
        let has = |value| Check {
            contains: Some(value),
            ..Check::default()
        };
        let matches = |regex| Check {
            matches: Some(Regex::new(regex).unwrap()),
            ..Check::default()
        };
        let exists = |yes| Check {
            exists: Some(yes),
            ..Check::default()
        };
        for (check, value, holds) in [
            (equals(json!(1)), Some(json!(1.0)), true),
            (equals(json!(1)), Some(json!("1")), false),
            (
                equals(exact("9007199254740993")),
                Some(exact("9007199254740992")),
                false,
            ),
            (
                equals(exact("9007199254740993")),
                Some(exact("9007199254740993.0")),
                true,
            ),
            (
                equals(exact("[1, {\"a\": 2}]")),
                Some(exact("[1.0, {\"a\": 2e0}]")),
                true,
            ),
            (
                has(exact("123456789012345678901234567890")),
                Some(exact("[123456789012345678901234567891]")),
                false,
            ),
            (
                matches("^123456789012345678901234567890$"),
                Some(exact("123456789012345678901234567890")),
                true,
            ),
            (matches("^1000$"), Some(exact("1e3")), true),
            (equals(json!(null)), None, false),
            (has(json!("old")), Some(json!("sold out")), true),
            (has(json!(2)), Some(json!([1, 2])), true),
            (has(json!(2)), Some(json!(2)), false),
            (matches("^[0-9]+$"), Some(json!(42)), true),
            (matches("^sold"), Some(json!("unsold")), false),
            (exists(true), Some(json!(null)), true),
            (exists(true), None, false),
            (exists(false), None, true),
            (exists(false), Some(json!(false)), false),
        ] {
            assert_eq!(check.holds(value.as_ref()), holds, "{check:?} {value:?}");
        }
    }
}
