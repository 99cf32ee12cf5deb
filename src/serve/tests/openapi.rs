//! The OpenAPI description matches the server.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::serve::{OPENAPI, routes::Route};

fn description() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

/// Compares a response with the description: its status, its content type and its content, which may have no field that is not
/// described.
pub fn check(route: Route, status: u16, content_type: &str, content: &str) {
    let description = description();
    let method = route.method().0.as_str().to_lowercase();
    let answers = &description["paths"][route.path()][&method]["responses"];
    let mut answer = &answers[status.to_string()];
    if let Some(name) = answer["$ref"].as_str() {
        answer = description.pointer(&name[1..]).unwrap();
    }
    let path = route.path();
    assert!(answer.is_object(), "{path}: {status} is not described");
    let schema = &answer["content"][content_type]["schema"];
    assert!(schema.is_object(), "{path}: {status} has no {content_type}");
    let content = if content_type.contains("json") {
        serde_json::from_str(content).unwrap()
    } else {
        json!(content)
    };
    let problems = problems(&description, schema, &content);
    assert_eq!(
        problems,
        Vec::<String>::new(),
        "{path}: {status}: {content}"
    );
}

fn problems(description: &Value, schema: &Value, content: &Value) -> Vec<String> {
    let mut components = description["components"].clone();
    close(&mut components);
    let schema = json!({"allOf": [schema], "components": components});
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors = validator.iter_errors(content);
    errors.map(|error| error.to_string()).collect()
}

/// Forbids additional fields, so that a field without a description is noticed.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            if keywords.get("properties").is_some_and(Value::is_object) {
                keywords.insert("additionalProperties".to_owned(), json!(false));
            }
            keywords.values_mut().for_each(close);
        }
        Value::Array(parts) => parts.iter_mut().for_each(close),
        _ => {}
    }
}

#[test]
fn exactly_the_existing_routes_are_described() {
    let description = description();
    let described: BTreeSet<_> = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let served: BTreeSet<_> = Route::ALL
        .map(|route| format!("{} {}", route.method().0, route.path()))
        .into();
    assert_eq!(described, served);
}

#[test]
fn every_schema_is_valid_and_every_reference_exists() {
    let description = description();
    let schemas = description["components"]["schemas"].as_object().unwrap();
    for schema in schemas.values() {
        jsonschema::meta::validate(schema).unwrap();
    }
    let mut references = BTreeSet::new();
    collect(&description, &mut references);
    assert!(references.len() > 10);
    for reference in references {
        assert!(
            description.pointer(&reference[1..]).is_some(),
            "{reference}"
        );
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            references.extend(
                members
                    .get("$ref")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            members
                .values()
                .for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

#[test]
fn every_example_matches_its_schema() {
    let description = description();
    let responses = description["components"]["responses"].as_object().unwrap();
    let contents = responses
        .values()
        .filter_map(|response| response["content"]["application/json"].as_object());
    let mut seen = 0;
    for content in contents {
        let found = problems(&description, &content["schema"], &content["example"]);
        assert_eq!(found, Vec::<String>::new());
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn the_check_reports_fields_without_a_description() {
    let noticed = |status, content_type: &'static str, content: &'static str| {
        std::panic::catch_unwind(|| check(Route::Claim, status, content_type, content)).is_err()
    };
    let good = r#"{"user": 17, "outcome": "issued"}"#;
    assert!(!noticed(201, "application/json", good));
    assert!(noticed(203, "application/json", good));
    assert!(noticed(201, "text/plain", good));
    assert!(noticed(201, "application/json", r#"{"user": 17}"#));
    assert!(noticed(
        201,
        "application/json",
        r#"{"user": 17, "outcome": "won"}"#
    ));
    let more = r#"{"user": 17, "outcome": "issued", "more": 1}"#;
    assert!(noticed(201, "application/json", more));
}
