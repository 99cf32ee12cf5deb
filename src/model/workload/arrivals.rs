//! How the attempts are spread over time.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;

/// How the attempts are spread over time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", remote = "Self")]
pub enum Arrivals {
    /// All attempts start at one instant.
    Burst,
    /// An attempt starts when an earlier attempt has ended.
    ClosedLoop {
        /// Attempts under way at a time.
        in_flight: u64,
    },
    /// Every attempt has an intended start, which does not depend on the end of earlier attempts.
    OpenLoop {
        /// How the rate changes.
        profile: Profile,
        /// How the attempts are spaced within the rate.
        spacing: Spacing,
    },
}

/// How the rate of an open loop changes over time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "shape", rename_all = "snake_case", remote = "Self")]
pub enum Profile {
    /// The rate is constant.
    Constant {
        /// Attempts a second.
        per_second: f64,
    },
    /// The rate rises linearly from zero.
    Ramp {
        /// The time in which the rate rises.
        over: Duration,
        /// Attempts a second at the end of the ramp, where the rate stays. `None` is the rate at which all attempts have started when the ramp ends.
        up_to_per_second: Option<f64>,
    },
    /// An event with a quiet phase, a surge and a tail (see [`Profile::PHASES`]).
    Spike {
        /// The time from the first to the last attempt.
        over: Duration,
    },
}

/// A phase of a spike.
#[derive(Debug, Clone, Copy)]
pub struct Phase {
    /// Share of the duration, 0 to 1.
    pub time: f64,
    /// Share of the attempts, 0 to 1.
    pub attempts: f64,
}

impl Profile {
    /// The phases of a spike. The surge has 20 times the rate of the tail, and 61 times the rate of the quiet phase.
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

/// How the attempts of an open loop are spaced within its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// At equal distances.
    Even,
    /// At random, as independent users arrive: a Poisson process.
    Poisson,
}

impl Arrivals {
    /// Attempts under way at a time; `None` if this is no closed loop.
    pub fn in_flight(&self) -> Option<u64> {
        match self {
            Self::ClosedLoop { in_flight } => Some(*in_flight),
            _ => None,
        }
    }
}

/// Deserializes through a [`Value`]. serde buffers the fields of a tagged enum, and the buffer reads a number of a JSON text as a
/// map, because `serde_json` keeps all digits of numbers (`arbitrary_precision`).
macro_rules! read_through_a_value {
    ($tagged:ty) => {
        impl<'de> Deserialize<'de> for $tagged {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = Value::deserialize(deserializer)?;
                // The derived function, which `remote = "Self"` makes a method of the type.
                <$tagged>::deserialize(value).map_err(D::Error::custom)
            }
        }

        impl Serialize for $tagged {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$tagged>::serialize(self, serializer)
            }
        }
    };
}

read_through_a_value!(Arrivals);
read_through_a_value!(Profile);

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn arrivals_are_read_from_a_text_and_from_a_value() {
        let second = Duration::from_millis(1_500);
        let profiles = [
            Profile::Constant { per_second: 100.0 },
            Profile::Constant { per_second: 0.1 },
            Profile::Ramp {
                over: second,
                up_to_per_second: Some(1e9),
            },
            Profile::Ramp {
                over: second,
                up_to_per_second: None,
            },
            Profile::Spike { over: second },
        ];
        let open = profiles.map(|profile| Arrivals::OpenLoop {
            profile,
            spacing: Spacing::Poisson,
        });
        let others = [Arrivals::Burst, Arrivals::ClosedLoop { in_flight: 50 }];
        for arrivals in open.into_iter().chain(others) {
            let text = serde_json::to_string(&arrivals).unwrap();
            let read: Arrivals = serde_json::from_str(&text).unwrap();
            assert_eq!(read, arrivals, "{text}");
            let value = serde_json::to_value(arrivals).unwrap();
            let read: Arrivals = serde_json::from_value(value).unwrap();
            assert_eq!(read, arrivals);
        }
    }
}
