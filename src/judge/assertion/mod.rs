//! `--assert`: what must be true of every run, besides the promises.
//!
//! ```text
//! [strategy.][outcome.]metric OP value      issued == 100 · redis-kafka.issued.p99 < 1s · verdict == holds
//! ```
//!
//! A target stands in place of a strategy by its title in quotes, or by its file's name: `"My shop".issued == 100`,
//! `shop.issued == 100`.
//!
//! What was not observed never passes, and is no violation either: no samples, no ledger, no run, a coupon that may still come.
//! Such an assertion leaves the run inconclusive. `issued` alone is always the *ledger's* count,
//! what the database holds, as that is what the event is about; what users were told is `told.issued`, and
//! confusing the two is the mistake that this program exists to show.
//!
//! The names are in [`metric`], the reading of an expression in [`parse`](mod@parse). Nothing is printed here.

mod metric;
mod parse;
mod value;

use std::fmt;

use serde_json::json;

pub use self::parse::ParseError;
use self::{
    metric::Metric,
    value::{Operator, Value},
};
use crate::model::report::{AssertionResult, Run};

/// One expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    /// As typed.
    expression: String,
    /// The only strategy or target it is about.
    subject: Option<String>,
    metric: Metric,
    operator: Operator,
    value: Value,
}

/// What came of an assertion in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// A number (durations in nanoseconds), a word (a verdict), or null where nothing was observed that decides it.
    pub observed: serde_json::Value,
    /// Whether it held; never without an observation.
    pub ok: bool,
}

impl Assertion {
    /// Reads an expression.
    pub fn parse(expression: &str) -> Result<Self, ParseError> {
        parse::assertion(expression)
    }

    /// As typed.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The only strategy or target it is about; `None` if it is about all of them.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Gives what it is about the name that its runs have.
    pub fn call_subject(&mut self, name: &str) {
        self.subject = Some(name.to_owned());
    }

    /// Whether it says anything of this run.
    pub fn applies_to(&self, run: &Run) -> bool {
        self.subject().is_none_or(|name| name == run.strategy)
    }

    /// Holds the run to it.
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

    /// Holds every run that it applies to to it. A run that breaks it counts more than one in which nothing was observed.
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

/// Holds all runs to all assertions. One that applies to no run is not ok: it proves nothing.
pub fn check_all(assertions: &[Assertion], runs: &[Run]) -> Vec<AssertionResult> {
    assertions
        .iter()
        .map(|assertion| assertion.check_in(runs))
        .collect()
}

#[cfg(test)]
mod tests;
