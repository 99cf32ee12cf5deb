//! The metric of speed, and the figures of every trial.

use std::fmt;

use serde::Serialize;

use crate::{
    model::report::{Report, Run},
    statistics::{geometric_mean, ratio},
};

use super::RelativeSpeed;

/// The metric of speed. The names are those of assertions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Metric {
    /// Answers per second.
    #[serde(rename = "throughput")]
    Throughput,
    /// Median response time.
    #[serde(rename = "p50")]
    P50,
    /// 99th percentile of the response times.
    #[serde(rename = "p99")]
    P99,
    /// 99th percentile of the response times of attempts with the response "issued".
    #[serde(rename = "issued.p99")]
    IssuedP99,
    /// Median time to durable.
    #[serde(rename = "time_to_durable.p50")]
    DurableP50,
}

impl Metric {
    /// All metrics.
    pub const ALL: [Self; 5] = [
        Self::Throughput,
        Self::P50,
        Self::P99,
        Self::IssuedP99,
        Self::DurableP50,
    ];

    /// The name as typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::IssuedP99 => "issued.p99",
            Self::DurableP50 => "time_to_durable.p50",
        }
    }

    /// The default metric: the throughput; in an open loop, where the load prescribes the throughput, the 99th percentile.
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

    /// The speed of `one` in relation to `other`; `None` if either has no figures.
    pub(super) fn against(self, one: &Figures, other: &Figures) -> Option<RelativeSpeed> {
        let (one, other) = (one.of(self), other.of(self));
        // A slower strategy has fewer answers per second, or longer times.
        let (over, under) = match self {
            Self::Throughput => (other, one),
            _ => (one, other),
        };
        let estimate = over.mean? / under.mean?;
        Some(RelativeSpeed::new(
            estimate,
            ratio(&over.values, &under.values),
        ))
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The values of all trials by metric; durations in nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Answers per second.
    pub throughput_per_s: Figure,
    /// Median response time.
    pub p50_ns: Figure,
    /// 99th percentile of the response times.
    pub p99_ns: Figure,
    /// 99th percentile of the response times of attempts with the response "issued".
    pub issued_p99_ns: Figure,
    /// Median time to durable.
    pub durable_p50_ns: Figure,
}

/// The values of all trials for one metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// One value per trial, in the order of the trials; trials without a value are left out.
    pub values: Vec<f64>,
    /// The geometric mean of the values, from which ratios are made.
    pub mean: Option<f64>,
}

impl Figures {
    pub(super) fn new(runs: &[&Run]) -> Self {
        let figure = |metric: Metric| {
            let values = runs.iter().filter_map(|run| metric.of(run));
            // A value of 0 or infinity means that the trial had nothing to measure.
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

    /// The figure of one metric.
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
