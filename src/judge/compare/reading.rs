//! Parses a report.

use serde_json::Value;

use super::version1;
use crate::model::report::{Report, SCHEMA_VERSION};

/// Why a text is no report that this program can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The text has only white space.
    #[error("it is empty")]
    Empty,
    /// The JSON ends too early, in this line.
    #[error("it is truncated: the JSON ends in line {0}")]
    Truncated(usize),
    /// The text is not JSON; the line and column of the error.
    #[error("it is not JSON (line {0}, column {1})")]
    NoJson(usize, usize),
    /// The JSON is not a report.
    #[error("it is not a report of coupon-bench run --json ({0})")]
    NoReport(String),
    /// The report has a version that this program does not know.
    #[error(
        "it is a report of schema_version {0}, and this program reads 1 and {SCHEMA_VERSION}: run it again"
    )]
    OtherVersion(String),
}

/// Parses a report that `run --json` has written.
///
/// # Errors
///
/// If the text is no report of a known version.
pub fn read(text: &str) -> Result<Report, ReadError> {
    // Some editors and shells on Windows write a byte order mark.
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    let mut value: Value = serde_json::from_str(text).map_err(|error| no_json(&error))?;
    // The version is checked first, because the other fields of an unknown version may have any form.
    if let (Some(version), Some(_)) = (value.get("schema_version"), value.get("runs")) {
        match version.as_u64() {
            Some(1) => version1::convert(&mut value),
            Some(version) if version == u64::from(SCHEMA_VERSION) => {}
            _ => return Err(ReadError::OtherVersion(version.to_string())),
        }
    }
    serde_json::from_value(value).map_err(|error| ReadError::NoReport(error.to_string()))
}

fn no_json(error: &serde_json::Error) -> ReadError {
    if error.is_eof() {
        ReadError::Truncated(error.line())
    } else {
        ReadError::NoJson(error.line(), error.column())
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
    fn a_written_report_is_read() {
        let text = render(&fixtures::comparison()).unwrap();
        assert_eq!(render(&read(&text).unwrap()).unwrap(), text);
        assert!(read(&format!("\u{feff}{text}\n\n")).is_ok());
    }

    #[test]
    fn the_error_names_what_the_text_is_not() {
        assert_eq!(wrong(" \n"), "it is empty");
        assert_eq!(wrong("<html>"), "it is not JSON (line 1, column 1)");
        assert_eq!(
            wrong("{}"),
            "it is not a report of coupon-bench run --json (missing field `schema_version`)"
        );
        assert!(wrong("[1]").starts_with("it is not a report of coupon-bench run --json ("));
        let explored = json!({"schema_version": 1, "explorations": []}).to_string();
        assert!(wrong(&explored).contains("missing field `tool`"));
    }

    #[test]
    fn an_unknown_version_is_named_whether_or_not_other_fields_are_valid() {
        let newer = json!({"schema_version": 3, "runs": {"by": "name"}}).to_string();
        assert_eq!(
            wrong(&newer),
            "it is a report of schema_version 3, and this program reads 1 and 2: run it again"
        );
    }

    proptest! {
        #[test]
        fn a_truncated_report_is_an_error(part in 0..1_000_usize) {
            let text = render(&fixtures::violated()).unwrap();
            let end = (text.trim_end().len() - 1) * part / 1_000;
            let cut = (0..=end).rev().find(|at| text.is_char_boundary(*at));
            let error = read(&text[..cut.unwrap_or(0)]).unwrap_err();
            prop_assert!(matches!(error, ReadError::Truncated(_) | ReadError::Empty), "{error}");
        }
    }
}
