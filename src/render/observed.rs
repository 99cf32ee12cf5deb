//! What an assertion observed, as text.

use serde_json::Value;

use crate::{
    model::report::AssertionResult,
    text::format::{NOTHING, clean, count, duration},
};

/// What an assertion met, in the unit that it asks for.
pub fn observed(assertion: &AssertionResult) -> String {
    match &assertion.observed {
        Value::Null => NOTHING.to_owned(),
        Value::String(word) => clean(word),
        Value::Number(number) => match number.as_u64() {
            Some(ns) if is_about_time(&assertion.expression) => duration(ns),
            Some(number) => count(number),
            None => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// Durations are compared with durations: `p99 < 200ms`.
fn is_about_time(expression: &str) -> bool {
    let wanted = expression
        .rsplit(['<', '>', '='])
        .next()
        .unwrap_or_default()
        .trim();
    let unit = wanted.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '_');
    unit.len() < wanted.len()
        && matches!(unit.trim(), "ns" | "us" | "µs" | "ms" | "s" | "m" | "min")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_from_counts() {
        assert!(is_about_time("p99 < 200ms"));
        assert!(is_about_time("issued.p99<=1.5 s"));
        assert!(!is_about_time("issued == 100"));
        assert!(!is_about_time("verdict == holds"));
        assert!(!is_about_time("nonsense"));
    }
}
