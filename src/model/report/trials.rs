//! What several trials of a strategy say together.

use serde::{Deserialize, Serialize};

/// How often a strategy over-issued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Race {
    /// By name.
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

/// How far the trials of a strategy lie apart: each value is one trial's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// By name.
    pub strategy: String,
    /// Trials.
    pub trials: u64,
    /// Answers a second.
    pub throughput_per_s: Option<Range<f64>>,
    /// Median response time.
    pub p50_ns: Option<Range<u64>>,
    /// 99th percentile of the response times.
    pub p99_ns: Option<Range<u64>>,
    /// 99th percentile of the response times of those who were told "issued".
    pub issued_p99_ns: Option<Range<u64>>,
    /// Median time to durable.
    pub durable_p50_ns: Option<Range<u64>>,
}

/// The smallest, the middle and the largest of some values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Range<T> {
    /// Smallest.
    pub min: T,
    /// Half of the values are below; of an even number, the middle of the two.
    pub median: T,
    /// Largest.
    pub max: T,
}
