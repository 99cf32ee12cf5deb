//! The parser of expressions, and its errors with their positions.

use std::{fmt, ops::Range};

use super::{
    Assertion,
    metric::Metric,
    value::{MetricKind, Operator, Value},
};
use crate::{
    strategies::{self, REGISTRY},
    text::{is_unsafe, quote::quoted, values},
};

/// A mistake in an expression. Displayed with the expression and carets under the mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ParseError {
    /// The mistake and its remedy, on one line.
    pub message: String,
    /// The wrong bytes of the expression; empty at the end of the expression where a part is missing.
    pub position: Range<usize>,
    expression: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each character takes one column, so that the carets are below the mistake.
        let line: String = self
            .expression
            .chars()
            .map(|c| if is_unsafe(c) { ' ' } else { c })
            .collect();
        let characters = |range: Range<usize>| {
            let text = self.expression.get(range).unwrap_or_default();
            text.chars().count()
        };
        let before = characters(0..self.position.start);
        let carets = characters(self.position.clone()).max(1);
        writeln!(f, "{}", self.message)?;
        writeln!(f, "  {line}")?;
        write!(f, "  {}{}", " ".repeat(before), "^".repeat(carets))
    }
}

/// An expression and its parts.
struct Parts<'a> {
    expression: &'a str,
    path: Range<usize>,
    operator: Range<usize>,
    value: Range<usize>,
}

/// Parses an expression.
///
/// # Errors
///
/// If the text is no expression.
pub fn assertion(expression: &str) -> Result<Assertion, ParseError> {
    let parts = Parts::split(expression)?;
    let (subject, metric) = parts.subject()?;
    let operator = parts.operator(&metric)?;
    let value = parts.value(&metric)?;
    Ok(Assertion {
        expression: expression.to_owned(),
        subject,
        metric,
        operator,
        value,
    })
}

impl<'a> Parts<'a> {
    fn split(expression: &'a str) -> Result<Self, ParseError> {
        let is_operator = |c: char| "=!<>".contains(c);
        // A title may contain any character.
        let from = quoted_name(expression).map_or(0, |(_, end)| end);
        let found = expression[from..].find(is_operator);
        let Some(start) = found.map(|at| at + from) else {
            let end = expression.trim_end().len();
            let message = "an operator is missing: METRIC OP VALUE, such as issued == 100";
            return Err(error(expression, end..end, message));
        };
        let length = expression[start..]
            .find(|c| !is_operator(c))
            .unwrap_or(expression.len() - start);
        let operator = start..start + length;
        Ok(Self {
            expression,
            path: trimmed(expression, 0..start),
            value: trimmed(expression, operator.end..expression.len()),
            operator,
        })
    }

    fn text(&self, part: &Range<usize>) -> &'a str {
        &self.expression[part.clone()]
    }

    fn error(&self, at: &Range<usize>, message: impl Into<String>) -> ParseError {
        error(self.expression, at.clone(), message)
    }

    /// The strategy or target, if the expression begins with one, and the metric.
    fn subject(&self) -> Result<(Option<String>, Metric), ParseError> {
        let path = self.text(&self.path);
        if path.is_empty() {
            let at = self.path.start..self.path.start;
            return Err(self.error(&at, "a metric is missing, such as issued or p99"));
        }
        if path.starts_with('"') && quoted_name(path).is_none() {
            let message = "the closing quote of the title is missing, as in \"My shop\".issued";
            return Err(self.error(&self.path, message));
        }
        let (first, name, rest) = match (quoted_name(path), path.split_once('.')) {
            (Some((name, end)), _) => (&path[..end], Some(name), path[end..].strip_prefix('.')),
            (None, Some((first, rest))) => (first, None, Some(rest)),
            (None, None) => (path, None, None),
        };
        let known = strategies::find(first).map(|entry| entry.name.to_owned());
        let Some(name) = name.or(known).or_else(|| target_name(first, rest)) else {
            return Ok((None, self.metric(self.path.clone())?));
        };
        if rest.is_none_or(str::is_empty) {
            let at = self.path.end..self.path.end;
            let message = format!("a metric is missing, such as {first}.issued");
            return Err(self.error(&at, message));
        }
        let metric = self.metric(self.path.start + first.len() + 1..self.path.end)?;
        Ok((Some(name), metric))
    }

    fn metric(&self, at: Range<usize>) -> Result<Metric, ParseError> {
        let name = self.text(&at);
        if let Some(metric) = Metric::all().find(|metric| metric.name == name) {
            return Ok(metric);
        }
        Err(self.unknown_metric(name, at))
    }

    /// The error for an unknown name. If the rest is a metric, the name of the strategy is probably wrong.
    fn unknown_metric(&self, name: &str, at: Range<usize>) -> ParseError {
        let names: Vec<_> = Metric::all().map(|metric| metric.name).collect();
        let names = || names.iter().map(String::as_str);
        if let Some((first, rest)) = name.split_once('.')
            && names().any(|known| known == rest)
        {
            let strategies = REGISTRY.iter().map(|entry| entry.name);
            if let Some(near) = values::nearest(first, strategies) {
                let message = format!(
                    "unknown strategy {}: did you mean \"{near}\"?",
                    quoted(first)
                );
                return self.error(&(at.start..at.start + first.len()), message);
            }
        }
        let advice = if name.starts_with("indeterminate.") {
            "attempts without an answer have no response time".to_owned()
        } else if let Some(near) = values::nearest(name, names()) {
            format!("did you mean \"{near}\"?")
        } else {
            "some are issued, over_issued, lost, failed, p99, issued.p99, throughput, verdict"
                .to_owned()
        };
        self.error(&at, format!("unknown metric {}: {advice}", quoted(name)))
    }

    fn operator(&self, metric: &Metric) -> Result<Operator, ParseError> {
        let text = self.text(&self.operator);
        let Some((_, operator)) = Operator::ALL.iter().find(|(known, _)| *known == text) else {
            let advice = match text {
                "=" | "===" => "use ==",
                "=<" => "use <=",
                "=>" => "use >=",
                "!" | "<>" | "!==" => "use !=",
                _ => "it is one of == != < <= > >=",
            };
            let message = format!("unknown operator {}: {advice}", quoted(text));
            return Err(self.error(&self.operator, message));
        };
        if !metric.kind.is_ordered() && !operator.is_equality() {
            let message = format!("{} has no order: use == or !=", metric.name);
            return Err(self.error(&self.operator, message));
        }
        Ok(*operator)
    }

    fn value(&self, metric: &Metric) -> Result<Value, ParseError> {
        let text = self.text(&self.value);
        let Metric { name, kind, .. } = metric;
        let example = match kind {
            MetricKind::Count => "100",
            MetricKind::Duration => "200ms",
            MetricKind::Rate => "5000/s",
            MetricKind::Verdict => "holds",
        };
        let is = kind.description();
        if text.is_empty() {
            let message = format!("a value is missing: {name} is {is}, such as {example}");
            return Err(self.error(&self.value, message));
        }
        kind.parse(text).map_err(|problem| {
            let message = format!("{} ({name} is {is}): {}", problem.what, problem.advice);
            self.error(&self.value, message)
        })
    }
}

/// The name in double quotes at the start of a text, and the position after the closing quote. A backslash escapes a quote.
fn quoted_name(text: &str) -> Option<(String, usize)> {
    let start = text.find(|c: char| !c.is_whitespace())?;
    let mut letters = text.get(start..)?.strip_prefix('"')?.char_indices();
    let mut name = String::new();
    while let Some((at, letter)) = letters.next() {
        match letter {
            // Each quote is one byte.
            '"' => return Some((name, start + 1 + at + 1)),
            '\\' => name.push(letters.next()?.1),
            other => name.push(other),
        }
    }
    None
}

/// The name of a target's file: a word before a metric. No metric begins with the word, and it is not similar to a strategy's name.
fn target_name(first: &str, rest: Option<&str>) -> Option<String> {
    let rest = rest?;
    let is_metric = |text: &str| Metric::all().any(|metric| metric.name == text);
    let begins_metric = || Metric::all().any(|metric| metric.name.split('.').next() == Some(first));
    let mistyped = || values::nearest(first, REGISTRY.iter().map(|entry| entry.name)).is_some();
    (is_metric(rest) && !begins_metric() && !mistyped()).then(|| first.to_owned())
}

/// The range without the spaces at its ends.
fn trimmed(expression: &str, part: Range<usize>) -> Range<usize> {
    let text = &expression[part.clone()];
    let start = part.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}

fn error(expression: &str, position: Range<usize>, message: impl Into<String>) -> ParseError {
    ParseError {
        message: message.into(),
        position,
        expression: expression.to_owned(),
    }
}
