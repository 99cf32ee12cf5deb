//! Figures over several trials of a strategy.

use serde::{Deserialize, Serialize};

/// How often a strategy over-issued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Race {
    /// The name of the strategy.
    pub strategy: String,
    /// Trials whose ledger could be read.
    pub trials: u64,
    /// Trials with more rows than the limit.
    pub over_issued: u64,
    /// `over_issued / trials`.
    pub probability: f64,
    /// 95 % Wilson score interval of the probability.
    pub interval: [f64; 2],
}

/// The spread of the trials of a strategy. Each range is over one value per trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The name of the strategy.
    pub strategy: String,
    /// The number of trials.
    pub trials: u64,
    /// Answers per second.
    pub throughput_per_s: Option<Range<f64>>,
    /// Median response time.
    pub p50_ns: Option<Range<u64>>,
    /// 99th percentile of the response times.
    pub p99_ns: Option<Range<u64>>,
    /// 99th percentile of the response times of attempts with the response "issued".
    pub issued_p99_ns: Option<Range<u64>>,
    /// Median time to durable.
    pub durable_p50_ns: Option<Range<u64>>,
}

/// The smallest value, the median and the largest value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Range<T> {
    /// Smallest.
    pub min: T,
    /// The median; for an even number of values, the midpoint of the two middle ones.
    pub median: T,
    /// Largest.
    pub max: T,
}
