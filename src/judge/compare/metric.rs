//! What is fast: the figures of every trial, and which of them counts.

use std::fmt;

use serde::Serialize;

use crate::{
    model::report::{Report, Run},
    statistics::{geometric_mean, ratio},
};

use super::Against;

/// What is fast. Named as in assertions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Metric {
    /// Answers a second.
    #[serde(rename = "throughput")]
    Throughput,
    /// Median response time.
    #[serde(rename = "p50")]
    P50,
    /// 99th percentile of the response times.
    #[serde(rename = "p99")]
    P99,
    /// 99th percentile of the response times of those who were told "issued".
    #[serde(rename = "issued.p99")]
    IssuedP99,
    /// Median time to durable.
    #[serde(rename = "time_to_durable.p50")]
    DurableP50,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Throughput,
        Self::P50,
        Self::P99,
        Self::IssuedP99,
        Self::DurableP50,
    ];

    /// As typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::IssuedP99 => "issued.p99",
            Self::DurableP50 => "time_to_durable.p50",
        }
    }

    /// Where nobody says: what the load leaves open. An open loop prescribes the throughput.
    pub(super) fn usual(report: &Report) -> Self {
        if report.scenario.open_loop.is_some() {
            Self::P99
        } else {
            Self::Throughput
        }
    }

    fn of(self, run: &Run) -> Option<f64> {
        let response = &run.latency.response;
        let nanoseconds = match self {
            Self::Throughput => return Some(run.throughput_per_s),
            Self::P50 => response.all.p50_ns,
            Self::P99 => response.all.p99_ns,
            Self::IssuedP99 => response.issued.p99_ns,
            Self::DurableP50 => run.time_to_durable.p50_ns,
        };
        nanoseconds.map(|nanoseconds| nanoseconds as f64)
    }

    /// How much slower `one` is than `other`; `None` where either has no figures.
    pub(super) fn against(self, one: &Figures, other: &Figures) -> Option<Against> {
        let (one, other) = (one.of(self), other.of(self));
        // Slower is fewer answers, or more time.
        let (over, under) = match self {
            Self::Throughput => (other, one),
            _ => (one, other),
        };
        let estimate = over.mean? / under.mean?;
        Some(Against::new(estimate, ratio(&over.values, &under.values)))
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Values of all trials, by metric; durations in nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Answers a second.
    pub throughput_per_s: Figure,
    /// Median response time.
    pub p50_ns: Figure,
    /// 99th percentile.
    pub p99_ns: Figure,
    /// 99th percentile of those who were told "issued".
    pub issued_p99_ns: Figure,
    /// Median time to durable.
    pub durable_p50_ns: Figure,
}

/// Values of all trials.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// One a trial, in their order; trials without one are left out.
    pub values: Vec<f64>,
    /// Their geometric mean, which is what ratios are of.
    pub mean: Option<f64>,
}

impl Figures {
    pub(super) fn new(runs: &[&Run]) -> Self {
        let figure = |metric: Metric| {
            let values = runs.iter().filter_map(|run| metric.of(run));
            // Nothing is infinitely fast; such a value says that there was nothing to measure.
            let values: Vec<_> = values
                .filter(|value| value.is_normal() && *value > 0.0)
                .collect();
            let mean = geometric_mean(&values);
            Figure { values, mean }
        };
        Self {
            throughput_per_s: figure(Metric::Throughput),
            p50_ns: figure(Metric::P50),
            p99_ns: figure(Metric::P99),
            issued_p99_ns: figure(Metric::IssuedP99),
            durable_p50_ns: figure(Metric::DurableP50),
        }
    }

    /// Those of one metric.
    pub fn of(&self, metric: Metric) -> &Figure {
        match metric {
            Metric::Throughput => &self.throughput_per_s,
            Metric::P50 => &self.p50_ns,
            Metric::P99 => &self.p99_ns,
            Metric::IssuedP99 => &self.issued_p99_ns,
            Metric::DurableP50 => &self.durable_p50_ns,
        }
    }
}
