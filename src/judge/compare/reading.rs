//! A text becomes a report, or it is said why not.

use serde_json::Value;

use super::version1;
use crate::model::report::{Report, SCHEMA_VERSION};

/// Why a text is no report that this program can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing but space.
    #[error("it is empty")]
    Empty,
    /// Ends too early.
    #[error("it is truncated: the JSON ends in line {0}")]
    Truncated(usize),
    /// Something else.
    #[error("it is no JSON (line {0}, column {1})")]
    NoJson(usize, usize),
    /// JSON of something else.
    #[error("it is no report of coupon-bench run --json ({0})")]
    NoReport(String),
    /// By an older or newer program.
    #[error(
        "it is a report of schema_version {0}, and this program reads 1 and {SCHEMA_VERSION}: run it again"
    )]
    OtherVersion(String),
}

/// Reads what `run --json` wrote.
pub fn read(text: &str) -> Result<Report, Unreadable> {
    // Editors and shells on Windows put it there.
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    let mut value: Value = serde_json::from_str(text).map_err(|error| no_json(&error))?;
    // First of all: the rest of another version may look like anything.
    if let (Some(version), Some(_)) = (value.get("schema_version"), value.get("runs")) {
        match version.as_u64() {
            Some(1) => version1::translate(&mut value),
            Some(version) if version == u64::from(SCHEMA_VERSION) => {}
            _ => return Err(Unreadable::OtherVersion(version.to_string())),
        }
    }
    serde_json::from_value(value).map_err(|error| Unreadable::NoReport(error.to_string()))
}

fn no_json(error: &serde_json::Error) -> Unreadable {
    if error.is_eof() {
        Unreadable::Truncated(error.line())
    } else {
        Unreadable::NoJson(error.line(), error.column())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::render::{fixtures, json::render};

    fn wrong(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn what_was_written_is_read() {
        let text = render(&fixtures::comparison()).unwrap();
        assert_eq!(render(&read(&text).unwrap()).unwrap(), text);
        assert!(read(&format!("\u{feff}{text}\n\n")).is_ok());
    }

    #[test]
    fn what_is_no_report_is_said_to_be_none() {
        assert_eq!(wrong(" \n"), "it is empty");
        assert_eq!(wrong("<html>"), "it is no JSON (line 1, column 1)");
        assert_eq!(
            wrong("{}"),
            "it is no report of coupon-bench run --json (missing field `schema_version`)"
        );
        assert!(wrong("[1]").starts_with("it is no report of coupon-bench run --json ("));
        let explored = json!({"schema_version": 1, "explorations": []}).to_string();
        assert!(wrong(&explored).contains("missing field `tool`"));
    }

    #[test]
    fn another_version_is_named_whatever_else_is_there() {
        let newer = json!({"schema_version": 3, "runs": {"by": "name"}}).to_string();
        assert_eq!(
            wrong(&newer),
            "it is a report of schema_version 3, and this program reads 1 and 2: run it again"
        );
    }

    proptest! {
        #[test]
        fn no_beginning_of_a_report_is_one(part in 0..1_000_usize) {
            let text = render(&fixtures::violated()).unwrap();
            let end = (text.trim_end().len() - 1) * part / 1_000;
            let cut = (0..=end).rev().find(|at| text.is_char_boundary(*at));
            let error = read(&text[..cut.unwrap_or(0)]).unwrap_err();
            prop_assert!(matches!(error, Unreadable::Truncated(_) | Unreadable::Empty), "{error}");
        }
    }
}
