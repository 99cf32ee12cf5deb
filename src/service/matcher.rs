//! Conditions on a value of a response: a header, the value at a JSON pointer, or the body as text.

use regex::Regex;
use serde_json::Value;

use super::json_number;

/// Conditions on a value. All that are given have to hold.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    /// The value equals this.
    pub equals: Option<Value>,
    /// The value is a text that contains this, or a list with this item.
    pub contains: Option<Value>,
    /// The value as text matches this, anywhere in the text.
    pub matches: Option<Regex>,
    /// The value exists, or does not exist. `null` exists.
    pub exists: Option<bool>,
}

impl Matcher {
    /// Whether the conditions hold. `None`: the value does not exist.
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

    /// Whether there is no condition.
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

/// Whether two values are equal. `1` and `1.0` are equal, also within lists and objects.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => json_number::same(one, other),
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
        Value::Number(number) => json_number::text(number),
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
        let equals = |value| Matcher {
            equals: Some(value),
            ..Matcher::default()
        };
        let has = |value| Matcher {
            contains: Some(value),
            ..Matcher::default()
        };
        let matches = |regex| Matcher {
            matches: Some(Regex::new(regex).unwrap()),
            ..Matcher::default()
        };
        let exists = |yes| Matcher {
            exists: Some(yes),
            ..Matcher::default()
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
