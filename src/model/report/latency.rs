//! Latencies by outcome.

use serde::{Deserialize, Serialize};

/// Latencies by outcome.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Latency {
    /// Response times: from the intended start to the first answer.
    pub response: ByOutcome,
    /// Service times: from the actual start to the first answer.
    pub service: ByOutcome,
    /// The time from the intended start to the decision, for attempts whose first answer was no decision: the service is polled for
    /// it, or asked to confirm. `None` if every answer was the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Distribution>,
}

/// One distribution of all answers and one for each outcome.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ByOutcome {
    /// All attempts with an answer.
    pub all: Distribution,
    /// Attempts with the response "issued".
    pub issued: Distribution,
    /// Attempts with the response "sold out".
    pub sold_out: Distribution,
    /// Attempts with the response "duplicate".
    pub duplicate: Distribution,
    /// Attempts with an error.
    pub failed: Distribution,
    /// Attempts with the response "accepted". Reports of older versions do not have this field.
    #[serde(default)]
    pub accepted: Distribution,
}

/// A distribution of durations in nanoseconds. A percentile is null if there are too few samples for it; without samples, every
/// value is null.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Distribution {
    /// The number of samples.
    pub count: u64,
    /// Smallest.
    pub min_ns: Option<u64>,
    /// Arithmetic mean.
    pub mean_ns: Option<u64>,
    /// Median.
    pub p50_ns: Option<u64>,
    /// 90th percentile.
    pub p90_ns: Option<u64>,
    /// 95th percentile.
    pub p95_ns: Option<u64>,
    /// 99th percentile.
    pub p99_ns: Option<u64>,
    /// 99.9th percentile.
    pub p999_ns: Option<u64>,
    /// Largest.
    pub max_ns: Option<u64>,
    /// The HDR histogram, V2 compressed, base64; null without samples.
    pub hdr: Option<String>,
}
