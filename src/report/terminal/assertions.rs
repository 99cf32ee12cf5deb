//! What else was asked of the runs, and what it met.

use serde_json::Value;

use super::{
    Style, Tone,
    layout::{Grid, Page},
};
use crate::report::{
    AssertionResult,
    format::{NOTHING, clean, count, duration},
};

pub(super) fn write(page: &mut Page, assertions: &[AssertionResult]) {
    if assertions.is_empty() {
        return;
    }
    let style = page.style;
    let head =
        ["assertion", "", "observed", "broken by"].map(|head| style.paint(Tone::Heading, head));
    let any_names = assertions
        .iter()
        .any(|assertion| assertion.broken_by.is_some());
    let mut rows = vec![Vec::from(head)];
    rows.extend(assertions.iter().map(|assertion| row(style, assertion)));
    if !any_names {
        for row in &mut rows {
            row.truncate(3);
        }
    }
    let grid = Grid {
        rows,
        left: vec![0, 1, 3],
        divider: None,
    };
    page.gap();
    page.block(&grid.draw(style));
}

fn row(style: Style, assertion: &AssertionResult) -> Vec<String> {
    let result = if assertion.ok {
        style.paint(Tone::Good, "ok")
    } else {
        style.paint(Tone::Bad, "failed")
    };
    vec![
        clean(&assertion.expression),
        result,
        observed(assertion),
        clean(assertion.broken_by.as_deref().unwrap_or_default()),
    ]
}

fn observed(assertion: &AssertionResult) -> String {
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
