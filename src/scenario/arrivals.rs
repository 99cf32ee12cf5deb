//! How the attempts are spread over time, as asked for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How the attempts are spread over time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Arrivals {
    /// All of them at one instant.
    Burst,
    /// The next one starts when one has ended.
    ClosedLoop {
        /// So many are under way at a time.
        in_flight: u64,
    },
    /// Every attempt has an intended start, whether or not those before it have ended.
    OpenLoop {
        /// How the rate changes.
        profile: Profile,
        /// How the attempts lie within it.
        spacing: Spacing,
    },
}

/// How the rate of an open loop changes over time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "shape", rename_all = "snake_case")]
pub enum Profile {
    /// It does not.
    Constant {
        /// Attempts a second.
        per_second: f64,
    },
    /// It rises in a straight line from zero.
    Ramp {
        /// For so long.
        over: Duration,
        /// Up to here, where it stays; without it, up to where everybody has come when the ramp ends.
        up_to_per_second: Option<f64>,
    },
    /// An event: quiet, surge, tail (see [`Profile::PHASES`]).
    Spike {
        /// From the first to the last attempt.
        over: Duration,
    },
}

/// A part of a spike: which share of the time it takes, and which share of the attempts it has.
#[derive(Debug, Clone, Copy)]
pub struct Phase {
    /// Of the whole duration.
    pub time: f64,
    /// Of all attempts.
    pub attempts: f64,
}

impl Profile {
    /// A spike's phases. The surge has 20 times the rate of the tail, and 61 times that of the quiet.
    pub const PHASES: [Phase; 3] = [
        Phase {
            time: 0.4,
            attempts: 0.05,
        },
        Phase {
            time: 0.1,
            attempts: 0.76,
        },
        Phase {
            time: 0.5,
            attempts: 0.19,
        },
    ];
}

/// How the attempts of an open loop lie within its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// At even distances.
    Even,
    /// As independent people come: a Poisson process.
    Poisson,
}

impl Arrivals {
    /// Attempts under way at a time, in a closed loop.
    pub fn in_flight(&self) -> Option<u64> {
        match self {
            Self::ClosedLoop { in_flight } => Some(*in_flight),
            _ => None,
        }
    }
}
