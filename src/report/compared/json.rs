//! As JSON, for programs: `schema/compare.schema.json` describes it.

use crate::compare::Comparison;

/// Indented, with a newline at the end.
pub fn render(comparison: &Comparison) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(comparison)?;
    text.push('\n');
    Ok(text)
}
