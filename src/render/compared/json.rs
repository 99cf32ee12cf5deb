//! As JSON, for programs: `schema/compare.schema.json` describes it.

use crate::judge::compare::Comparison;

/// Indented, with a newline at the end.
pub fn render(comparison: &Comparison) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string_pretty(comparison)?;
    let mut text = crate::text::printable_json(&text).into_owned();
    text.push('\n');
    Ok(text)
}
