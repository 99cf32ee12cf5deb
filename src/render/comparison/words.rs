//! Figures, ratios and outcomes in the words that every output uses.

use crate::{
    judge::compare::{
        ChangeOutcome, Contender, Correctness, Figure, Figures, Metric, RelativeSpeed, Side, Speed,
    },
    render::Tone,
    text::format::{NOTHING, count, duration, rate},
};

/// Of more trials, only the smallest and the largest value are shown. The JSON has all values.
const MOST_TRIALS: usize = 20;

pub(super) fn metric_in_words(metric: Metric) -> &'static str {
    match metric {
        Metric::Throughput => "answers a second (throughput)",
        Metric::P50 => "median response time (p50)",
        Metric::P99 => "99th percentile of the response times (p99)",
        Metric::IssuedP99 => {
            "99th percentile of the response times of those who got a coupon (issued.p99)"
        }
        Metric::DurableP50 => "median time to a durable row (time_to_durable.p50)",
    }
}

/// The head of a column.
pub(super) fn heading(metric: Metric) -> &'static str {
    match metric {
        Metric::Throughput => "answers",
        Metric::P50 => "p50",
        Metric::P99 => "p99",
        Metric::IssuedP99 => "p99 issued",
        Metric::DurableP50 => "durable p50",
    }
}

/// The mean of the trials.
pub(super) fn mean(metric: Metric, figures: &Figures) -> String {
    let mean = figures.of(metric).mean;
    mean.map_or(NOTHING.to_owned(), |mean| value(metric, mean))
}

/// The mean of one side; none where the side is not correct.
pub(super) fn mean_of(metric: Metric, side: &Side) -> String {
    match side.standing {
        Correctness::Correct => mean(metric, &side.figures),
        Correctness::Inconclusive | Correctness::Incorrect => NOTHING.to_owned(),
    }
}

fn value(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Throughput => rate(value),
        _ => nanoseconds(value),
    }
}

fn nanoseconds(value: f64) -> String {
    // A mean that does not fit into a number of nanoseconds is no duration.
    let whole = format!("{value:.0}").parse();
    whole.map_or(NOTHING.to_owned(), duration)
}

/// The values of all trials, or the smallest and the largest one of many.
pub(super) fn by_trial(metric: Metric, figure: &Figure) -> String {
    let values = &figure.values;
    if values.is_empty() {
        return NOTHING.to_owned();
    }
    if values.len() > MOST_TRIALS {
        let ends = [f64::min, f64::max].map(|end| values.iter().copied().reduce(end));
        let [low, high] = ends.map(|end| value(metric, end.unwrap_or_default()));
        return format!("{low} – {high} over {} trials", count(values.len() as u64));
    }
    let each: Vec<_> = values.iter().map(|one| value(metric, *one)).collect();
    each.join("  ")
}

/// Ratio, interval and p-value. The fastest contender has no interval and no p-value.
pub(super) fn ratio(against: Option<&RelativeSpeed>, fastest: bool) -> [String; 3] {
    let Some(against) = against.filter(|_| !fastest) else {
        let itself = if fastest { "1" } else { NOTHING };
        return [itself, NOTHING, NOTHING].map(str::to_owned);
    };
    let interval = against.interval.map_or(NOTHING.to_owned(), |[low, high]| {
        format!("{} – {}", times(low), times(high))
    });
    let p_value = against.p_value.map_or(NOTHING.to_owned(), probability);
    [times(against.times_as_slow), interval, p_value]
}

/// `1.04`, `12.3`, `0.052`
pub(super) fn times(times: f64) -> String {
    match times {
        small if small < 0.095 => format!("{small:.3}"),
        usual if usual < 9.995 => format!("{usual:.2}"),
        large if large < 99.95 => format!("{large:.1}"),
        larger if larger < 1e6 => format!("{larger:.0}"),
        _ => "> 1m".to_owned(),
    }
}

/// `0.28`, `0.004`, `< 0.001`
pub(super) fn probability(p_value: f64) -> String {
    if p_value < 0.001 {
        "< 0.001".to_owned()
    } else if p_value < 0.0995 {
        format!("{p_value:.3}")
    } else {
        format!("{p_value:.2}")
    }
}

/// The confidence in a rank.
pub(super) fn place(contender: &Contender) -> &'static str {
    match (contender.rank, contender.against_fastest) {
        (Some(1), _) => "fastest",
        (_, Some(against)) => match against.speed {
            Speed::Slower => "slower",
            Speed::Faster => "faster",
            Speed::Same => "could be chance",
            Speed::Unknown => "too few trials",
        },
        (_, None) => "no figures",
    }
}

/// The change of a strategy since the baseline.
pub(super) fn outcome(outcome: ChangeOutcome) -> (&'static str, Tone) {
    match outcome {
        ChangeOutcome::Broken => ("incorrect now", Tone::Bad),
        ChangeOutcome::Mended => ("correct now", Tone::Good),
        ChangeOutcome::StillIncorrect => ("incorrect on both sides", Tone::Plain),
        ChangeOutcome::Inconclusive => ("inconclusive", Tone::Warn),
        ChangeOutcome::Slower => ("slower", Tone::Warn),
        ChangeOutcome::Faster => ("faster", Tone::Good),
        ChangeOutcome::Same => ("could be chance", Tone::Plain),
        ChangeOutcome::Unknown => ("too few trials or figures", Tone::Warn),
    }
}
