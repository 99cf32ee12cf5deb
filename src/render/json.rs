//! The report as JSON, for programs: `schema/report.schema.json` describes it.

use std::io;

use serde::Serialize;

use super::Format;
use crate::{model::report::Report, text::printable_json};

/// The JSON format.
#[derive(Debug, Clone, Copy)]
pub struct Json;

impl Format for Json {
    fn render(&self, report: &Report) -> io::Result<String> {
        Ok(render(report)?)
    }
}

/// Indented, so that two reports can be compared line by line.
///
/// # Errors
///
/// If a value cannot be written as JSON.
pub fn render(report: &Report) -> Result<String, serde_json::Error> {
    indented(report)
}

/// Any value as JSON, indented, with a newline at the end. Characters that a terminal would act on are escaped.
pub(super) fn indented(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(printable_json(&text).into_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::render::fixtures;

    #[test]
    fn a_written_report_can_be_read() {
        let text = render(&fixtures::redis_kafka_holds()).unwrap();
        assert!(text.ends_with("}\n"));
        let again: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(render(&again).unwrap(), text);
    }
}
