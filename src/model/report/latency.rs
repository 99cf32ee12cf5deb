//! How long answers took.

use serde::{Deserialize, Serialize};

/// How long answers took, by outcome.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Latency {
    /// From the intended start.
    pub response: ByOutcome,
    /// From the actual start.
    pub service: ByOutcome,
    /// From the intended start to the decision, over the attempts whose first answer decided nothing: a service that is polled, or
    /// that is asked to confirm. `None` where every answer was the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Distribution>,
}

/// A distribution for all answers and for each outcome.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ByOutcome {
    /// Every attempt that was answered.
    pub all: Distribution,
    /// Those that were told "issued".
    pub issued: Distribution,
    /// Those that were told "sold out".
    pub sold_out: Distribution,
    /// Those that were told "duplicate".
    pub duplicate: Distribution,
    /// Those that got an error.
    pub failed: Distribution,
    /// Those that were told "noted". Files of versions that knew no such answer lack it.
    #[serde(default)]
    pub accepted: Distribution,
}

/// Durations in nanoseconds. A percentile that the sample cannot carry is null, as is everything of an empty one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Distribution {
    /// Samples.
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
    /// The HDR histogram, V2 compressed, base64; null where there are no samples.
    pub hdr: Option<String>,
}
