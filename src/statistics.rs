//! Means, medians, confidence intervals and Welch's test for figures of few trials. Pure functions.

mod welch;

pub use welch::{FEWEST, Ratio, SIGNIFICANT, geometric_mean, ratio};

/// The median of sorted values; `midpoint` returns the middle of two values. `None` without values.
pub fn median<T: Copy>(sorted: &[T], midpoint: impl Fn(T, T) -> T) -> Option<T> {
    let upper = sorted.len() / 2;
    let lower = sorted.len().checked_sub(1)? / 2;
    Some(midpoint(*sorted.get(lower)?, *sorted.get(upper)?))
}

/// The 97.5 % quantile of the normal distribution: two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % Wilson score interval of the share `hits / trials` (E. B. Wilson, JASA 22, 1927). Unlike the normal approximation it
/// stays within 0 to 1, and for 0 hits its upper bound is about `3.8 / trials`. Without trials it is 0 to 1.
pub fn wilson(hits: u64, trials: u64) -> [f64; 2] {
    if trials == 0 {
        return [0.0, 1.0];
    }
    let n = trials as f64;
    let p = hits as f64 / n;
    let z2 = Z * Z;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let low = if hits == 0 {
        0.0
    } else {
        (centre - half).max(0.0)
    };
    let high = if hits == trials {
        1.0
    } else {
        (centre + half).min(1.0)
    };
    [low, high]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: [f64; 2], expected: [f64; 2]) {
        for (a, e) in actual.iter().zip(expected) {
            assert!((a - e).abs() < 5e-4, "{actual:?} is not {expected:?}");
        }
    }

    #[test]
    fn the_median_of_an_even_number_of_values_is_the_midpoint() {
        assert_eq!(median(&[1, 2, 10], u64::midpoint), Some(2));
        assert_eq!(median(&[1, 2, 4, 10], u64::midpoint), Some(3));
        assert_eq!(median(&[], u64::midpoint), None);
    }

    #[test]
    fn wilson_intervals_equal_known_values() {
        close(wilson(20, 20), [0.8389, 1.0]);
        close(wilson(0, 20), [0.0, 0.1611]);
        close(wilson(5, 10), [0.2366, 0.7634]);
        close(wilson(0, 0), [0.0, 1.0]);
    }
}
