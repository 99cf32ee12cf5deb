//! A JSON body in which placeholders have types.

use serde_json::{Number, Value};

use super::{Escape, Names, Piece, Placeholder, Template};
use crate::text::problem::Problem;

impl Template {
    /// The JSON text of `value`. A string that is only a placeholder with a number as its value becomes a number. In any other
    /// string, a placeholder is a part of the string.
    ///
    /// # Errors
    /// A placeholder is unknown.
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

    /// JSON does not escape braces in strings, so placeholders remain unchanged.
    fn json_string(text: &str, names: &mut Names<'_>) -> Result<Self, Problem> {
        Self::parse(&Value::from(text).to_string(), Escape::Json, names)
    }

    /// The template of a string that is only a placeholder with a number as its value.
    fn json_number(text: &str, names: &mut Names<'_>) -> Result<Option<Self>, Problem> {
        let Some(name) = only_placeholder(text) else {
            return Ok(None);
        };
        // A variable of the environment is a text.
        if name.starts_with("env.") {
            return Ok(None);
        }
        let placeholder = Placeholder::parse(name, names)?;
        Ok(placeholder.is_json_number().then(|| Self {
            pieces: vec![Piece::Placeholder(placeholder, Escape::JsonNumber)],
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

/// The name, if the text is only a placeholder.
fn only_placeholder(text: &str) -> Option<&str> {
    let name = text.strip_prefix("{{")?.strip_suffix("}}")?;
    (!name.contains(['{', '}'])).then(|| name.trim())
}

/// Whether the text is a JSON number.
pub fn is_number(text: &str) -> bool {
    serde_json::from_str::<Number>(text).is_ok()
}
