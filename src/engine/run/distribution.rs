//! Durations as a distribution: the histogram, and the percentiles that have enough samples.

use std::time::Duration;

use crate::{model::report::Distribution, text::durations::Durations};

pub use crate::text::durations::nanoseconds;

/// The distribution of these durations.
pub fn distribution(durations: impl Iterator<Item = Duration>) -> Distribution {
    describe(&durations.collect())
}

/// The distribution of recorded durations.
pub fn describe(durations: &Durations) -> Distribution {
    let Some(histogram) = durations.histogram() else {
        return Distribution::default();
    };
    // A percentile needs at least one sample above it.
    let carried = |quantile: f64| {
        let beyond = histogram.len() as f64 * (1.0 - quantile);
        (beyond >= 0.999_999).then(|| histogram.value_at_quantile(quantile))
    };
    Distribution {
        count: histogram.len(),
        min_ns: Some(histogram.min()),
        mean_ns: Some(whole(histogram.mean())),
        p50_ns: carried(0.5),
        p90_ns: carried(0.9),
        p95_ns: carried(0.95),
        p99_ns: carried(0.99),
        p999_ns: carried(0.999),
        max_ns: Some(histogram.max()),
        hdr: durations.encoded(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a mean of u64 values"
)]
fn whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(count: u64) -> Distribution {
        distribution((1..=count).map(Duration::from_millis))
    }

    #[test]
    fn a_percentile_without_a_sample_above_it_is_unknown() {
        let of_100 = milliseconds(100);
        assert!(of_100.p99_ns.is_some());
        assert_eq!(of_100.p999_ns, None);
        assert!(milliseconds(1000).p999_ns.is_some());
        assert_eq!(milliseconds(1).p50_ns, None);
        assert_eq!(milliseconds(0).max_ns, None);
    }

    #[test]
    fn percentiles_have_three_correct_digits() {
        let p50 = milliseconds(1000).p50_ns.unwrap_or_default() as f64;
        assert!((p50 / 500e6 - 1.0).abs() < 1e-3, "{p50}");
    }
}
