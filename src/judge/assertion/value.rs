//! Kinds of values, and the operators that compare them.

use std::cmp::Ordering;

use serde_json::json;

use crate::{
    model::verdict::Verdict,
    text::{problem::Problem, values},
};

/// The kind of a metric, and of the values that the metric is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// A whole number.
    Count,
    /// A time, typed with a unit.
    Duration,
    /// A number per second.
    Rate,
    /// The name of a verdict.
    Verdict,
}

/// A value of a [`MetricKind`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A whole number.
    Count(u64),
    /// Nanoseconds.
    Duration(u64),
    /// Per second.
    Rate(f64),
    /// The name of a verdict.
    Verdict(Verdict),
}

/// All verdicts, in the order of an error message.
const VERDICTS: [Verdict; 4] = [
    Verdict::Holds,
    Verdict::Finding,
    Verdict::Violated,
    Verdict::Inconclusive,
];

/// The observation of a metric in a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observation {
    /// No value.
    Nothing,
    /// The value.
    Exactly(Value),
    /// A lower bound: the number may still grow.
    AtLeast(Value),
}

impl From<Option<Value>> for Observation {
    fn from(value: Option<Value>) -> Self {
        value.map_or(Self::Nothing, Self::Exactly)
    }
}

impl MetricKind {
    /// Parses a value of this kind.
    ///
    /// # Errors
    ///
    /// If the text is no value of this kind.
    pub fn parse(self, text: &str) -> Result<Value, Problem> {
        match self {
            Self::Count => values::count(text).map(Value::Count),
            Self::Duration => values::nanoseconds(text).map(Value::Duration),
            Self::Rate => values::per_second(text).map(Value::Rate),
            Self::Verdict => verdict(text),
        }
    }

    /// The kind with its article, for "… is a count".
    pub fn description(self) -> &'static str {
        match self {
            Self::Count => "a count",
            Self::Duration => "a duration",
            Self::Rate => "a rate",
            Self::Verdict => "a verdict",
        }
    }

    /// Whether the values have an order.
    pub fn is_ordered(self) -> bool {
        self != Self::Verdict
    }
}

fn verdict(text: &str) -> Result<Value, Problem> {
    if let Some(verdict) = VERDICTS.into_iter().find(|known| known.name() == text) {
        return Ok(Value::Verdict(verdict));
    }
    let names = VERDICTS.map(Verdict::name);
    Err(Problem::invalid(text, values::did_you_mean(text, &names)))
}

impl Value {
    /// The value as JSON. A rate that is not a number becomes null.
    pub fn to_json(self) -> serde_json::Value {
        match self {
            Self::Count(value) | Self::Duration(value) => json!(value),
            Self::Rate(value) => json!(value),
            Self::Verdict(value) => json!(value),
        }
    }

    /// `None` where the values cannot be compared: a rate is not a number, or the verdict is inconclusive.
    fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Verdict(Verdict::Inconclusive), Self::Verdict(wanted))
                if wanted != Verdict::Inconclusive =>
            {
                None
            }
            (Self::Count(a), Self::Count(b)) | (Self::Duration(a), Self::Duration(b)) => {
                Some(a.cmp(&b))
            }
            (Self::Rate(a), Self::Rate(b)) => a.partial_cmp(&b),
            // Verdicts are compared for equality alone.
            (Self::Verdict(a), Self::Verdict(b)) if a == b => Some(Ordering::Equal),
            (Self::Verdict(_), Self::Verdict(_)) => Some(Ordering::Less),
            _ => None,
        }
    }
}

/// The comparison of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Operator {
    /// All operators with their text.
    pub const ALL: [(&str, Self); 6] = [
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        ("<=", Self::AtMost),
        (">", Self::Greater),
        (">=", Self::AtLeast),
    ];

    /// Whether the operator needs no order.
    pub fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    /// Whether `observed OP wanted` holds, and the observed value; `None` where the observation does not decide that.
    pub fn decide(self, observed: Observation, wanted: Value) -> Option<(Value, bool)> {
        match observed {
            Observation::Nothing => None,
            Observation::Exactly(value) => {
                let order = value.compare(wanted)?;
                Some((value, self.fits(order)))
            }
            // A growing number that is above a value stays above that value.
            Observation::AtLeast(value) => match (self, value.compare(wanted)?) {
                (Self::AtLeast, Ordering::Equal) => Some((value, true)),
                (Self::Less, Ordering::Equal) => Some((value, false)),
                (_, Ordering::Greater) => Some((value, self.fits(Ordering::Greater))),
                (_, Ordering::Less | Ordering::Equal) => None,
            },
        }
    }

    fn fits(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}
