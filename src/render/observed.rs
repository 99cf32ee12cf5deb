//! The value that an assertion observed, as text.

use serde_json::Value;

use crate::{
    judge::assertion::{MetricKind, kind},
    model::report::AssertionResult,
    text::format::{NOTHING, clean, count, duration},
};

/// The observed value in the unit of the assertion's metric. A report from a file has no unit beside the value, so the expression
/// is read again.
pub(super) fn observed(assertion: &AssertionResult) -> String {
    match &assertion.observed {
        Value::Null => NOTHING.to_owned(),
        Value::String(word) => clean(word),
        Value::Number(number) => match (number.as_u64(), kind(&assertion.expression)) {
            (Some(ns), Some(MetricKind::Duration)) => duration(ns),
            (Some(number), _) => count(number),
            (None, _) => number.to_string(),
        },
        other => clean(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expression: &str) -> String {
        observed(&AssertionResult {
            expression: expression.to_owned(),
            observed: 1_500_000.into(),
            ok: true,
            broken_by: None,
        })
    }

    #[test]
    fn the_metric_decides_on_the_unit() {
        for expression in [
            "p99 < 200ms",
            "issued.p99<=1.5 s",
            "\"My < shop\".issued.p99 < 1s",
            "drain<1m",
        ] {
            assert_eq!(shown(expression), "1.50 ms", "{expression}");
        }
        for expression in ["issued == 100", "verdict == holds", "no expression in ms"] {
            assert_eq!(shown(expression), "1,500,000", "{expression}");
        }
    }
}
