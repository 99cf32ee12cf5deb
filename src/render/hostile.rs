//! Control characters in every field of a report: no output contains them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use serde_json::Value;

use super::{FORMATS, Format, Style, fixtures, json::Json};
use crate::{model::report::Report, text::is_unsafe};

/// Escape sequences that set colours, clear the screen, rename the window, reverse and hide letters. No tone has the colour 95.
const HOSTILE: &str = "\u{1b}[95mx\u{1b}[2J\u{1b}]0;y\u{7}\u{9b}31m\r\u{8}z\u{202e}\u{2066}\u{200b}\u{2028}\u{feff}\u{e0041}\n";

/// The JSON pointers of all texts.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::String(_) => all.push(at.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), all);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                places(field, &format!("{at}/{key}"), all);
            }
        }
        _ => {}
    }
}

/// The report with this text in every field that takes any text, and the number of these fields.
fn poisoned(report: &Report, hostile: &str) -> (Report, usize) {
    let mut value = serde_json::to_value(report).unwrap();
    let mut all = Vec::new();
    places(&value, "", &mut all);
    let mut poisoned = 0;
    for place in all {
        let text = value.pointer_mut(&place).unwrap();
        let before = std::mem::replace(text, Value::from(hostile));
        if serde_json::from_value::<Report>(value.clone()).is_ok() {
            poisoned += 1;
        } else {
            // The field takes only certain words.
            *value.pointer_mut(&place).unwrap() = before;
        }
    }
    (serde_json::from_value(value).unwrap(), poisoned)
}

fn outputs(report: &Report) -> Vec<(&'static str, String)> {
    let mut formats: Vec<(&str, &dyn Format)> = vec![("terminal", &Style::PLAIN)];
    formats.extend(FORMATS);
    let texts = formats.into_iter();
    texts
        .map(|(name, format)| (name, format.render(report).unwrap()))
        .collect()
}

#[test]
fn no_output_contains_control_characters() {
    for report in [
        fixtures::not_understood(),
        fixtures::failed_assertions(),
        fixtures::comparison(),
    ] {
        let (report, places) = poisoned(&report, HOSTILE);
        assert!(places > 20, "{places}");
        for (name, text) in outputs(&report) {
            let found = text.chars().find(|c| is_unsafe(*c) && *c != '\n');
            assert_eq!(found, None, "{name}: {text:?}");
        }
        let color = Style {
            color: true,
            ..Style::PLAIN
        };
        let text = color.render(&report).unwrap();
        assert!(text.contains("\u{1b}[") && !text.contains("\u{1b}[95m"));
        // The JSON keeps the text.
        let read: Value = serde_json::from_str(&Json.render(&report).unwrap()).unwrap();
        assert_eq!(read, serde_json::to_value(&report).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn no_output_contains_unsafe_characters(hostile in "[\u{1b}\\[\\]A-Z0-9;m\u{80}-\u{9f}\u{200b}-\u{206f}\u{0}-\u{1f}<&|`\u{feff}]{1,12}") {
        let (report, _) = poisoned(&fixtures::not_understood(), &hostile);
        for (name, text) in outputs(&report) {
            let found = text.chars().find(|c| is_unsafe(*c) && *c != '\n');
            prop_assert_eq!(found, None, "{}: {:?}", name, text);
        }
    }
}
