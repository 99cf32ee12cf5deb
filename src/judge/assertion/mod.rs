//! `--assert`: conditions on every run, besides the promises.
//!
//! ```text
//! [strategy.][outcome.]metric OP value      issued == 100 · redis-kafka.issued.p99 < 1s · verdict == holds
//! ```
//!
//! A target stands in place of a strategy by its title in quotes, or by its file's name: `"My shop".issued == 100`,
//! `shop.issued == 100`.
//!
//! An assertion without an observation neither passes nor fails: there were no samples, no ledger or no run, or a coupon may still
//! be issued. Such an assertion makes the run inconclusive. `issued` is the number of coupons in the *ledger*, and `told.issued`
//! the number of users with the answer "issued": this program exists to show the difference between the two.
//!
//! # Layout
//!
//! - `mod`: an assertion, and its check against runs
//! - [`metric`]: the names of all metrics; [`value`]: kinds of values, and operators
//! - [`parse`](mod@parse): the parser of expressions

mod metric;
mod parse;
mod value;

use std::fmt;

use serde_json::json;

use self::{
    metric::Metric,
    value::{Operator, Value},
};
pub use self::{parse::ParseError, value::MetricKind};
use crate::model::report::{AssertionResult, Run};

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    /// As typed.
    expression: String,
    /// The strategy or the target to which the assertion is limited.
    subject: Option<String>,
    metric: Metric,
    operator: Operator,
    value: Value,
}

/// The result of an assertion for one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// A number (durations in nanoseconds), a word (a verdict), or null where no observation decides the assertion.
    pub observed: serde_json::Value,
    /// Whether the assertion held; never without an observation.
    pub ok: bool,
}

impl Assertion {
    /// Parses an expression.
    ///
    /// # Errors
    ///
    /// If the text is no expression, with the position of the mistake.
    pub fn parse(expression: &str) -> Result<Self, ParseError> {
        parse::assertion(expression)
    }

    /// As typed.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The strategy or the target to which the assertion is limited; `None` if the assertion applies to all.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Replaces the name of the strategy or target by the name that its runs have.
    pub fn call_subject(&mut self, name: &str) {
        self.subject = Some(name.to_owned());
    }

    /// Whether the assertion applies to this run.
    pub fn applies_to(&self, run: &Run) -> bool {
        self.subject().is_none_or(|name| name == run.strategy)
    }

    /// Checks one run.
    pub fn check(&self, run: &Run) -> Check {
        match self.operator.decide(self.metric.read(run), self.value) {
            Some((observed, ok)) => Check {
                ok,
                observed: observed.to_json(),
            },
            None => Check {
                observed: json!(null),
                ok: false,
            },
        }
    }

    /// Checks every run to which the assertion applies. A run that breaks the assertion takes precedence over a run without an
    /// observation.
    fn check_in(&self, runs: &[Run]) -> AssertionResult {
        let mut result = AssertionResult {
            expression: self.expression.clone(),
            observed: json!(null),
            ok: false,
            broken_by: None,
        };
        for run in runs.iter().filter(|run| self.applies_to(run)) {
            let Check { observed, ok } = self.check(run);
            let place = format!("{}, trial {}", run.strategy, run.trial);
            match (ok, observed.is_null()) {
                (true, _) if result.broken_by.is_none() => {
                    (result.observed, result.ok) = (observed, true);
                }
                (false, true) if result.broken_by.is_none() => {
                    (result.observed, result.ok) = (observed, false);
                    result.broken_by = Some(place);
                }
                (false, false) => {
                    (result.observed, result.ok) = (observed, false);
                    result.broken_by = Some(place);
                    break;
                }
                _ => {}
            }
        }
        result
    }
}

impl fmt::Display for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expression)
    }
}

/// The kind of the values that an expression compares; `None` where the text is no expression.
pub fn kind(expression: &str) -> Option<MetricKind> {
    let assertion = Assertion::parse(expression).ok()?;
    Some(assertion.metric.kind)
}

/// Checks all runs against all assertions. An assertion that applies to no run is not ok, as nothing was observed.
pub fn check_all(assertions: &[Assertion], runs: &[Run]) -> Vec<AssertionResult> {
    assertions
        .iter()
        .map(|assertion| assertion.check_in(runs))
        .collect()
}

#[cfg(test)]
mod tests;
