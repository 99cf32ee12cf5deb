//! Figures for monitoring systems, as `OpenMetrics` text. Counting takes no lock.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet, text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use super::claims::{DecisionCounts, place};
use crate::{model::outcome::Outcome, text::durations::nanoseconds};

/// The content type of [`Snapshot::render`].
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The upper bounds of the buckets in nanoseconds. One more bucket is above the last bound.
const BOUNDS: [u64; 16] = [
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// The durations of claims since the start of the program, by outcome.
#[derive(Default)]
pub(super) struct Latencies([Latency; Outcome::ALL.len()]);

#[derive(Default)]
struct Latency {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    sum_ns: AtomicU64,
}

impl Latencies {
    pub fn record(&self, outcome: Outcome, took: Duration) {
        let nanoseconds = nanoseconds(took);
        let bucket = BOUNDS.partition_point(|bound| *bound < nanoseconds);
        let latency = &self.0[place(outcome)];
        latency.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        latency.sum_ns.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    fn counted(&self) -> Vec<Counted> {
        let latencies = self.0.iter().zip(Outcome::ALL);
        latencies
            .map(|(latency, outcome)| latency.counted(outcome))
            .collect()
    }
}

impl Latency {
    fn counted(&self, outcome: Outcome) -> Counted {
        let bounds = BOUNDS.iter().map(|bound| *bound as f64 / 1e9);
        let counts = self
            .buckets
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<_> = bounds.chain([f64::INFINITY]).zip(counts).collect();
        Counted {
            outcome: outcome.name(),
            count: buckets.iter().map(|(_, count)| count).sum(),
            sum_seconds: self.sum_ns.load(Ordering::Relaxed) as f64 / 1e9,
            buckets,
        }
    }
}

/// The claims of one outcome.
#[derive(Debug)]
struct Counted {
    outcome: &'static str,
    count: u64,
    sum_seconds: f64,
    /// The upper bound in seconds, and the number of claims between it and the bound before.
    buckets: Vec<(f64, u64)>,
}

/// The figures at one time.
#[derive(Debug)]
pub(super) struct Snapshot {
    strategy: &'static str,
    claims: Vec<Counted>,
    now: EventFigures,
}

/// The figures of the current event.
#[derive(Debug, Default)]
pub(super) struct EventFigures {
    /// The number of coupons.
    pub limit: u64,
    /// The decisions so far.
    pub told: DecisionCounts,
    /// The number of claims in progress.
    pub in_flight: u64,
    /// The number of records that the consumers have not committed. `None` if unknown.
    pub lag: Option<u64>,
}

impl Snapshot {
    pub fn new(strategy: &'static str, latencies: &Latencies, now: EventFigures) -> Self {
        Self {
            strategy,
            claims: latencies.counted(),
            now,
        }
    }

    pub fn render(self) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix_and_labels(
            "coupon_bench",
            [("strategy".into(), self.strategy.into())].into_iter(),
        );
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        text::encode(&mut text, &registry)?;
        Ok(text)
    }

    fn gauges(&self) -> [Option<(&'static str, &'static str, u64)>; 4] {
        let now = &self.now;
        [
            Some(("event_limit", "Coupons of the event.", now.limit)),
            Some((
                "event_issued",
                "Claims of the event with the response issued.",
                now.told.issued,
            )),
            Some(("claims_in_flight", "Claims in progress.", now.in_flight)),
            now.lag.map(|lag| {
                (
                    "consumer_lag",
                    "Records that the consumers have not committed.",
                    lag,
                )
            }),
        ]
    }
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Claims of all events by outcome.";
        let mut counters = encoder.encode_descriptor("claims", help, None, MetricType::Counter)?;
        for claims in &self.claims {
            let labels = [("outcome", claims.outcome)];
            ConstCounter::new(claims.count).encode(counters.encode_family(&labels)?)?;
        }
        let help = "Time from the start of a claim to its decision, of all events.";
        let name = "claim_duration_seconds";
        let mut times = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for claims in &self.claims {
            let labels = [("outcome", claims.outcome)];
            times
                .encode_family(&labels)?
                .encode_histogram::<NoLabelSet>(
                    claims.sum_seconds,
                    claims.count,
                    &claims.buckets,
                    None,
                )?;
        }
        for (name, help, value) in self.gauges().into_iter().flatten() {
            let gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(value).encode(gauge)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_duration_is_counted_at_its_bound_and_in_every_bucket_above() {
        let latencies = Latencies::default();
        latencies.record(Outcome::Issued, Duration::from_micros(100));
        latencies.record(Outcome::Issued, Duration::from_nanos(100_001));
        latencies.record(Outcome::Issued, Duration::from_mins(1));
        let now = EventFigures {
            limit: 100,
            told: DecisionCounts {
                issued: 3,
                ..DecisionCounts::default()
            },
            in_flight: 2,
            lag: Some(7),
        };
        let text = Snapshot::new("naive", &latencies, now).render().unwrap();
        let labels = r#"strategy="naive",outcome="issued""#;
        let lines: Vec<_> = text.lines().collect();
        for (bound, count) in [("0.0001", 1), ("0.00025", 2), ("10.0", 2), ("+Inf", 3)] {
            let labels = format!(r#"strategy="naive",le="{bound}",outcome="issued""#);
            let line = format!("coupon_bench_claim_duration_seconds_bucket{{{labels}}} {count}");
            assert!(lines.contains(&&*line), "no {line} in\n{text}");
        }
        for line in [
            format!("coupon_bench_claims_total{{{labels}}} 3"),
            format!("coupon_bench_claim_duration_seconds_count{{{labels}}} 3"),
            format!("coupon_bench_claim_duration_seconds_sum{{{labels}}} 60.000200001"),
            r#"coupon_bench_event_limit{strategy="naive"} 100"#.to_owned(),
            r#"coupon_bench_event_issued{strategy="naive"} 3"#.to_owned(),
            r#"coupon_bench_claims_in_flight{strategy="naive"} 2"#.to_owned(),
            r#"coupon_bench_consumer_lag{strategy="naive"} 7"#.to_owned(),
            "# EOF".to_owned(),
        ] {
            assert!(lines.contains(&&*line), "no {line} in\n{text}");
        }
    }

    #[test]
    fn an_unknown_lag_is_left_out() {
        let now = EventFigures::default();
        let text = Snapshot::new("naive", &Latencies::default(), now)
            .render()
            .unwrap();
        assert!(!text.contains("consumer_lag"), "{text}");
    }
}
