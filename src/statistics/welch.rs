//! The ratio of two groups of values: Welch's t-test on their logarithms, so that the result is a confidence interval of the
//! ratio. Pure functions.

use std::f64::consts::FRAC_PI_2;

/// The fewest values of each group for an interval. Two values cannot show whether one of them is an outlier.
pub const FEWEST: usize = 3;

/// The relative resolution of a percentile: histograms have three significant digits. Equal percentiles can differ by this share.
const RESOLUTION: f64 = 1e-3;

/// The most degrees of freedom. Beyond them Student's distribution is nearly normal, and an interval is at most 0.6 % too wide.
const MOST_DEGREES: f64 = 200.0;

/// The level of significance: a test finds a difference in 5 % of all samples without a difference.
pub const SIGNIFICANT: f64 = 0.05;

/// The ratio of two groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The ratio of the geometric means.
    pub estimate: f64,
    /// The 95 % confidence interval.
    pub interval: [f64; 2],
    /// The two-sided p-value: below 0.05 exactly if the interval does not contain 1.
    pub p_value: f64,
}

/// The geometric mean; `None` without values. All values must be above 0.
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    Some(Logarithms::of(values)?.mean.exp())
}

/// The ratio `of / to`; `None` if either group has fewer than [`FEWEST`] values. All values must be above 0.
pub fn ratio(of: &[f64], to: &[f64]) -> Option<Ratio> {
    if of.len().min(to.len()) < FEWEST {
        return None;
    }
    let (of, to) = (Logarithms::of(of)?, Logarithms::of(to)?);
    let difference = of.mean - to.mean;
    let (a, b) = (of.error_squared(), to.error_squared());
    let error = (a + b).sqrt();
    // B. L. Welch, Biometrika 34, 1947.
    let degrees = (a + b).powi(2) / (a * a / (of.count - 1.0) + b * b / (to.count - 1.0));
    let student = Student::with(degrees);
    let half_width = student.critical() * error;
    Some(Ratio {
        estimate: difference.exp(),
        interval: [
            (difference - half_width).exp(),
            (difference + half_width).exp(),
        ],
        p_value: student.two_sided(difference / error),
    })
}

struct Logarithms {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Logarithms {
    fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        if values.is_empty() {
            return None;
        }
        let logarithms = || values.iter().map(|value| value.ln());
        let mean = logarithms().sum::<f64>() / count;
        let squares: f64 = logarithms().map(|log| (log - mean).powi(2)).sum();
        Some(Self {
            count,
            mean,
            variance: squares / (count - 1.0).max(1.0) + RESOLUTION * RESOLUTION / 12.0,
        })
    }

    fn error_squared(&self) -> f64 {
        self.variance / self.count
    }
}

/// Student's t-distribution. The substitution `t = √ν tan θ` makes its density proportional to `cos^(ν-1) θ` on a finite range.
struct Student {
    degrees: f64,
    half: f64,
}

impl Student {
    fn with(degrees: f64) -> Self {
        let mut student = Self {
            degrees: degrees.clamp(1.0, MOST_DEGREES),
            half: 1.0,
        };
        student.half = student.beyond(0.0);
        student
    }

    /// The probability of a value with a larger absolute value than `t`.
    fn two_sided(&self, t: f64) -> f64 {
        let angle = (t.abs() / self.degrees.sqrt()).atan();
        (self.beyond(angle) / self.half).clamp(0.0, 1.0)
    }

    /// The critical value of the two-sided test at the level [`SIGNIFICANT`].
    fn critical(&self) -> f64 {
        let (mut low, mut high) = (0.0, FRAC_PI_2);
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            if self.beyond(middle) > SIGNIFICANT * self.half {
                low = middle;
            } else {
                high = middle;
            }
        }
        self.degrees.sqrt() * low.tan()
    }

    /// The integral of `cos^(ν-1)` from an angle to π/2, by Simpson's rule.
    fn beyond(&self, from: f64) -> f64 {
        const PARTS: u32 = 500;
        let step = (FRAC_PI_2 - from) / f64::from(PARTS);
        let at = |part: u32| {
            // The integration starts at π/2, where the function is 0, so that small values are exact.
            (step * f64::from(part)).sin().powf(self.degrees - 1.0)
        };
        let inner: f64 = (1..PARTS)
            .map(|part| if part % 2 == 1 { 4.0 } else { 2.0 } * at(part))
            .sum();
        (at(0) + inner + at(PARTS)) * step / 3.0
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn close(actual: f64, expected: f64) {
        let difference = (actual / expected - 1.0).abs();
        assert!(difference < 1e-3, "{actual} is not {expected}");
    }

    #[test]
    fn critical_values_and_p_values_equal_those_of_published_tables() {
        for (degrees, critical) in [
            (1.0, 12.706),
            (2.0, 4.303),
            (3.0, 3.182),
            (4.0, 2.776),
            (8.0, 2.306),
            (30.0, 2.042),
            (120.0, 1.980),
        ] {
            close(Student::with(degrees).critical(), critical);
        }
        // With one degree of freedom it is Cauchy's distribution: 1 - 2/π atan t.
        close(Student::with(1.0).two_sided(1.0), 0.5);
        // With two degrees of freedom: 1 - t / √(2 + t²).
        close(Student::with(2.0).two_sided(5.0), 1.0 - 5.0 / 27_f64.sqrt());
        close(Student::with(4.0).two_sided(4.604), 0.01);
        close(Student::with(10.0).two_sided(4.587), 0.001);
        close(Student::with(30.0).two_sided(-1.310), 0.2);
    }

    #[test]
    fn a_ratio_equals_a_calculation_by_hand() {
        // ln: (0, 1, 2) and (1, 3, 5). Means 1 and 3, variances 1 and 4, t = -2 / √(5/3) = -1.549, ν = 50/17 = 2.941.
        let exp = |values: [f64; 3]| values.map(f64::exp);
        let ratio = ratio(&exp([0.0, 1.0, 2.0]), &exp([1.0, 3.0, 5.0])).unwrap();
        close(ratio.estimate, (-2_f64).exp());
        // The critical value is 3.219, and half the width of the interval is 4.155.
        close(ratio.interval[0].ln(), -6.155);
        close(ratio.interval[1].ln(), 2.155);
        assert!((ratio.p_value - 0.2209).abs() < 5e-4, "{}", ratio.p_value);
    }

    #[test]
    fn too_few_values_have_a_mean_and_no_interval() {
        assert_eq!(ratio(&[1.0, 2.0], &[1.0, 2.0, 3.0]), None);
        assert_eq!(ratio(&[1.0, 2.0, 3.0], &[]), None);
        close(geometric_mean(&[1.0, 100.0]).unwrap(), 10.0);
        assert_eq!(geometric_mean(&[]), None);
    }

    #[test]
    fn values_within_the_resolution_of_a_histogram_do_not_differ() {
        let same = ratio(&[1e6; 5], &[1e6; 5]).unwrap();
        close(same.estimate, 1.0);
        close(same.p_value, 1.0);
        let next = ratio(&[1.0003e6; 5], &[1e6; 5]).unwrap();
        assert!(next.p_value > SIGNIFICANT, "{next:?}");
        let apart = ratio(&[1.01e6; 5], &[1e6; 5]).unwrap();
        assert!(apart.p_value < 1e-6, "{apart:?}");
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(1.0..1e9, FEWEST..12)
    }

    proptest! {
        #[test]
        fn exchanging_the_groups_inverts_the_ratio(a in values(), b in values()) {
            let (there, back) = (ratio(&a, &b).unwrap(), ratio(&b, &a).unwrap());
            close(there.estimate * back.estimate, 1.0);
            close(there.interval[0] * back.interval[1], 1.0);
            prop_assert!((there.p_value - back.p_value).abs() < 1e-9);
        }

        #[test]
        fn the_interval_and_the_p_value_agree(a in values(), b in values()) {
            let ratio = ratio(&a, &b).unwrap();
            let [low, high] = ratio.interval;
            prop_assert!(low <= ratio.estimate && ratio.estimate <= high);
            prop_assert!((0.0..=1.0).contains(&ratio.p_value));
            // At the boundary, rounding of the last digit may decide differently.
            if (ratio.p_value - SIGNIFICANT).abs() > 1e-6 {
                prop_assert_eq!(ratio.p_value < SIGNIFICANT, low > 1.0 || high < 1.0);
            }
        }

        #[test]
        fn the_unit_of_the_values_does_not_change_the_ratio(a in values(), b in values(), unit in 1e-3..1e3_f64) {
            let scaled = |values: &[f64]| values.iter().map(|value| value * unit).collect::<Vec<_>>();
            let (one, other) = (ratio(&a, &b).unwrap(), ratio(&scaled(&a), &scaled(&b)).unwrap());
            close(one.estimate, other.estimate);
            prop_assert!((one.p_value - other.p_value).abs() < 1e-6);
        }
    }
}
