//! The kinds of values that are compared, their units and the operators.

use std::cmp::Ordering;

use serde_json::json;

use crate::{
    model::verdict::Verdict,
    text::{problem::Problem, values},
};

/// What a metric is, and so what it can be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Count,
    /// With a unit.
    Duration,
    /// A number a second.
    Rate,
    /// A word.
    Verdict,
}

/// A value of a [`Kind`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A whole number.
    Count(u64),
    /// Nanoseconds.
    Duration(u64),
    /// A second.
    Rate(f64),
    /// A word.
    Verdict(Verdict),
}

/// In the order in which a message lists them.
const VERDICTS: [Verdict; 4] = [
    Verdict::Holds,
    Verdict::Finding,
    Verdict::Violated,
    Verdict::Inconclusive,
];

/// What a run holds of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observation {
    /// Nothing that could prove anything.
    Nothing,
    /// The value.
    Exactly(Value),
    /// A number that may still grow.
    AtLeast(Value),
}

impl From<Option<Value>> for Observation {
    fn from(value: Option<Value>) -> Self {
        value.map_or(Self::Nothing, Self::Exactly)
    }
}

impl Kind {
    /// Reads a value of this kind.
    pub fn parse(self, text: &str) -> Result<Value, Problem> {
        match self {
            Self::Count => values::count(text).map(Value::Count),
            Self::Duration => values::nanoseconds(text).map(Value::Duration),
            Self::Rate => values::per_second(text).map(Value::Rate),
            Self::Verdict => verdict(text),
        }
    }

    /// Completes "… is".
    pub fn description(self) -> &'static str {
        match self {
            Self::Count => "a count",
            Self::Duration => "a duration",
            Self::Rate => "a rate",
            Self::Verdict => "a verdict",
        }
    }

    /// Whether more and less mean anything.
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
    /// As the report has it; a rate that is no number is null.
    pub fn to_json(self) -> serde_json::Value {
        match self {
            Self::Count(value) | Self::Duration(value) => json!(value),
            Self::Rate(value) => json!(value),
            Self::Verdict(value) => json!(value),
        }
    }

    /// `None` for what cannot be compared: a rate that is no number, and a verdict that is not known.
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
            // Only the equality of the two is ever asked for.
            (Self::Verdict(a), Self::Verdict(b)) if a == b => Some(Ordering::Equal),
            (Self::Verdict(_), Self::Verdict(_)) => Some(Ordering::Less),
            _ => None,
        }
    }
}

/// How two values are compared.
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
    /// By their text.
    pub const ALL: [(&str, Self); 6] = [
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        ("<=", Self::AtMost),
        (">", Self::Greater),
        (">=", Self::AtLeast),
    ];

    /// Whether it can be used where there is no order.
    pub fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    /// Whether `observed OP wanted`, and the value that shows it; `None` where what was observed does not decide it.
    pub fn decide(self, observed: Observation, wanted: Value) -> Option<(Value, bool)> {
        match observed {
            Observation::Nothing => None,
            Observation::Exactly(value) => {
                let order = value.compare(wanted)?;
                Some((value, self.fits(order)))
            }
            // However much it grows, it stays above a value that it is above of.
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
