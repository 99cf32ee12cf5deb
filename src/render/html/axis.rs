//! Axes with round numbers.

use super::plot::Axis;
use crate::text::format::{count, round_duration};

/// The steps of a scale, within a decade.
const STEPS: [f64; 3] = [1.0, 2.0, 5.0];

/// The steps of a scale of about one decade.
const FINE: [f64; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

/// From 0 to a little above `most`.
pub(super) fn counts(title: &'static str, most: f64) -> Axis {
    let most = most.max(1.0);
    Axis {
        title,
        range: 0.0..most * 1.1,
        ticks: linear(most, 1.0, |number| count(whole(number))),
    }
}

/// From 0 to `most` nanoseconds.
pub(super) fn time(title: &'static str, most: f64) -> Axis {
    let most = most.max(1.0);
    Axis {
        title,
        range: 0.0..most,
        ticks: linear(most, 1.0, |ns| match whole(ns) {
            0 => "0".to_owned(),
            ns => round_duration(ns),
        }),
    }
}

/// From 0 to a little above `most` percent.
pub(super) fn share(title: &'static str, most: f64) -> Axis {
    let most = most.max(0.1);
    Axis {
        title,
        range: 0.0..most * 1.1,
        ticks: linear(most, 0.1, |percent| {
            format!("{} %", (percent * 10.0).round() / 10.0)
        }),
    }
}

/// Nanoseconds by their logarithm, from `least` to `most`.
pub(super) fn log_time(title: &'static str, least: u64, most: u64) -> Axis {
    let (least, most) = (log(least), log(most));
    // A range of a single value is widened on both sides.
    let (from, to) = (
        (least - 0.05).min(most - 0.15),
        (most + 0.05).max(least + 0.15),
    );
    // A range of several decades has a label for each decade only.
    let steps: &[f64] = match to - from {
        wide if wide > 2.5 => &STEPS[..1],
        narrow if narrow < 0.8 => &FINE,
        _ => &STEPS,
    };
    let ticks = (0..20).flat_map(|decade| {
        let base = 10_f64.powi(decade);
        steps.iter().map(move |step| step * base)
    });
    let ticks = ticks.map(|ns| (ns.log10(), round_duration(whole(ns))));
    Axis {
        title,
        range: from..to,
        ticks: ticks.filter(|(at, _)| (from..=to).contains(at)).collect(),
    }
}

/// Percentiles by the logarithm of the share beyond them, up to the last percentile of so many samples.
pub(super) fn percentiles(title: &'static str, samples: u64) -> Axis {
    let end = log(samples).max(1.0);
    let mut ticks = vec![(0.0, "0 %".to_owned()), (2_f64.log10(), "50 %".to_owned())];
    let nines = ["90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %"];
    ticks.extend((1..).map(f64::from).zip(nines.map(str::to_owned)));
    ticks.retain(|(at, _)| *at <= end);
    Axis {
        title,
        range: 0.0..end,
        ticks,
    }
}

/// The decimal logarithm of a whole number; that of 0 is 0.
pub(super) fn log(number: u64) -> f64 {
    (number.max(1) as f64).log10()
}

/// About five round steps up to `most`, none smaller than `least`.
fn linear(most: f64, least: f64, says: impl Fn(f64) -> String) -> Vec<(f64, String)> {
    let decade = 10_f64.powf((most / 5.0).log10().floor());
    let steps = STEPS.map(|step| step * decade);
    let step = steps.into_iter().find(|step| most / step <= 5.0);
    let step = step.unwrap_or(10.0 * decade).max(least);
    let ticks = (0..=10).map(|index| f64::from(index) * step);
    ticks
        .take_while(|at| *at <= most * 1.001)
        .map(|at| (at, says(at)))
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a round number within an axis, which begins at 0"
)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn labels_are_round() {
        assert_eq!(
            labels(&counts("", 1_000.0)),
            ["0", "200", "400", "600", "800", "1,000"]
        );
        assert_eq!(labels(&counts("", 3.0)), ["0", "1", "2", "3"]);
        assert_eq!(labels(&counts("", 0.0)), ["0", "1"]);
        assert_eq!(labels(&time("", 62e6)), ["0", "20 ms", "40 ms", "60 ms"]);
        assert_eq!(
            labels(&log_time("", 900_000, 12_000_000)),
            ["1 ms", "2 ms", "5 ms", "10 ms"]
        );
        assert_eq!(
            labels(&log_time("", 3_100_000, 6_900_000)),
            ["3 ms", "4 ms", "5 ms", "6 ms", "7 ms"]
        );
        assert_eq!(
            labels(&log_time("", 900, 12_000_000)),
            ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms"]
        );
        assert_eq!(
            labels(&percentiles("", 1_000)),
            ["0 %", "50 %", "90 %", "99 %", "99.9 %"]
        );
        assert_eq!(
            labels(&share("", 0.4)),
            ["0 %", "0.1 %", "0.2 %", "0.3 %", "0.4 %"]
        );
    }
}
