//! The body of a request as JSON, in which placeholders have types.

use serde_json::{Number, Value};

use super::{Escape, Names, Piece, Slot, Template};
use crate::text::problem::Problem;

impl Template {
    /// The JSON text of `value`. A string that is one placeholder with a number for its value becomes a number; within any other
    /// string a placeholder is a part of the string.
    pub fn json(value: &Value, names: &mut Names<'_>) -> Result<Self, Problem> {
        match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| Self::json(item, names));
                let items = items.collect::<Result<Vec<_>, _>>()?;
                Ok(Self::listed("[", items, "]"))
            }
            Value::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let key = Self::json_string(key, names)?;
                    let value = Self::json(value, names)?;
                    Ok(key.then(Self::text(":")).then(value))
                });
                let entries = entries.collect::<Result<Vec<_>, Problem>>()?;
                Ok(Self::listed("{", entries, "}"))
            }
            Value::String(text) => match Self::json_number(text, names)? {
                Some(number) => Ok(number),
                None => Self::json_string(text, names),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(Self::text(&value.to_string())),
        }
    }

    /// Placeholders survive being written as JSON, as braces mean nothing within its strings.
    fn json_string(text: &str, names: &mut Names<'_>) -> Result<Self, Problem> {
        Self::parse(&Value::from(text).to_string(), Escape::Json, names)
    }

    /// Of a string that is one placeholder whose value is a number.
    fn json_number(text: &str, names: &mut Names<'_>) -> Result<Option<Self>, Problem> {
        let Some(name) = only_placeholder(text) else {
            return Ok(None);
        };
        // A variable of the environment is a text.
        if name.starts_with("env.") {
            return Ok(None);
        }
        let slot = Slot::parse(name, names)?;
        Ok(slot.is_json_number().then(|| Self {
            pieces: vec![Piece::Slot(slot, Escape::JsonNumber)],
        }))
    }

    fn listed(open: &str, items: Vec<Self>, close: &str) -> Self {
        let mut whole = Self::text(open);
        for (index, item) in items.into_iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            whole = whole.then(Self::text(comma)).then(item);
        }
        whole.then(Self::text(close))
    }
}

/// The name, where the text is one placeholder and nothing else.
fn only_placeholder(text: &str) -> Option<&str> {
    let name = text.strip_prefix("{{")?.strip_suffix("}}")?;
    (!name.contains(['{', '}'])).then(|| name.trim())
}

/// Whether JSON takes this text for a number.
pub fn is_number(text: &str) -> bool {
    serde_json::from_str::<Number>(text).is_ok()
}
