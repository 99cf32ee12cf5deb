//! Helpers of several tests.

use serde_json::Value;

/// The published schema of the JSON report.
pub const REPORT_SCHEMA: &str = include_str!("../../schema/report.schema.json");

/// Validates a report against the schema, more strictly than a reader may: a field that the schema does not describe is an
/// error. The error names every invalid place.
pub fn validate(report: &Value) -> Result<(), String> {
    validate_with(REPORT_SCHEMA, report)
}

/// The same with another schema.
pub fn validate_with(schema: &str, report: &Value) -> Result<(), String> {
    let mut schema: Value =
        serde_json::from_str(schema).map_err(|error| format!("the schema is no JSON: {error}"))?;
    forbid_unknown_fields(&mut schema);
    let validator = jsonschema::draft202012::new(&schema)
        .map_err(|error| format!("the schema is no schema: {error}"))?;
    let errors: Vec<String> = validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors.join("\n"))
    }
}

/// Readers must accept undescribed fields, because later versions add fields. The tests must reject them.
fn forbid_unknown_fields(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            if keywords.get("properties").is_some_and(Value::is_object) {
                keywords.remove("additionalProperties");
                keywords.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
            }
            keywords.values_mut().for_each(forbid_unknown_fields);
        }
        Value::Array(parts) => parts.iter_mut().for_each(forbid_unknown_fields),
        _ => {}
    }
}
