//! Response times as percentile curves and histograms: one strategy by outcome, or several strategies for each outcome.

use hdrhistogram::Histogram;

use super::{
    axis,
    figure::{Figure, identity},
    plot::{DrawError, Line, Plot},
};
use crate::{
    model::report::{ByOutcome, Distribution},
    render::{
        document::{Cell, Table, html::HtmlTable},
        samples::merged,
        strategy_runs::StrategyRuns,
    },
    text::{
        durations::Durations,
        format::{NOTHING, clean, count, duration},
    },
};

/// Points of a percentile curve.
const POINTS: u32 = 120;

/// The title of the time axis.
const TIME: &str = "time from the intended start, logarithmic";

/// Bars of a histogram in a decade.
const BARS: f64 = 12.0;

/// A name and its durations.
struct Curve {
    /// The index among all possible curves, so that a strategy has the same colour in every figure.
    index: usize,
    name: String,
    durations: Durations,
}

type Of = fn(&ByOutcome) -> &Distribution;

/// Outcomes, each with its name.
const OUTCOMES: [(&str, Of); 5] = [
    ("issued", |latency| &latency.issued),
    ("sold out", |latency| &latency.sold_out),
    ("duplicate", |latency| &latency.duplicate),
    ("failed", |latency| &latency.failed),
    ("accepted", |latency| &latency.accepted),
];

/// Percentile curve and histogram of each group of curves that belong together.
pub(super) fn figures(subjects: &[StrategyRuns]) -> Result<Vec<Figure>, DrawError> {
    let groups: Vec<(String, Vec<Curve>)> = match subjects {
        [subject] => {
            let curves = OUTCOMES.iter().enumerate();
            let curves = curves.map(|(index, (name, of))| curve(index, name, subject, *of));
            vec![("response time by outcome".to_owned(), curves.collect())]
        }
        _ => OUTCOMES
            .iter()
            .map(|(name, of)| {
                let curves = subjects
                    .iter()
                    .enumerate()
                    .map(|(index, subject)| curve(index, &clean(subject.name), subject, *of));
                (format!("response time of “{name}”"), curves.collect())
            })
            .collect(),
    };
    let mut figures = Vec::new();
    for (title, curves) in groups {
        let curves: Vec<_> = curves
            .into_iter()
            .filter(|curve| curve.durations.histogram().is_some())
            .collect();
        // A figure has at most as many curves as there are colours.
        for some in curves.chunks(super::plot::COLORS.len()) {
            figures.push(percentiles(&format!("Percentiles, {title}"), some)?);
            figures.push(histogram(&format!("Histogram, {title}"), some)?);
        }
    }
    Ok(figures)
}

/// The times of the answer "issued" and of the durable row; `None` without both.
pub(super) fn durability(subject: &StrategyRuns) -> Result<Option<Figure>, DrawError> {
    let durable = merged(subject.runs.iter().map(|run| &run.time_to_durable));
    let curves = [
        curve(0, "told “issued”", subject, |latency| &latency.issued),
        Curve {
            index: 1,
            name: "row durable".to_owned(),
            durations: durable,
        },
    ];
    if curves
        .iter()
        .any(|curve| curve.durations.histogram().is_none())
    {
        return Ok(None);
    }
    let caption = format!(
        "Time to acknowledged and to durable: {}",
        clean(subject.name)
    );
    percentiles(&caption, &curves).map(Some)
}

fn curve(index: usize, name: &str, subject: &StrategyRuns, of: Of) -> Curve {
    let runs = subject.runs.iter().map(|run| of(&run.latency.response));
    Curve {
        index,
        name: name.to_owned(),
        durations: merged(runs),
    }
}

fn percentiles(caption: &str, curves: &[Curve]) -> Result<Figure, DrawError> {
    let (least, most) = ends(curves);
    let most_samples = curves
        .iter()
        .filter_map(|curve| curve.durations.histogram());
    let samples = most_samples.map(Histogram::len).max();
    let lines = curves.iter().map(|curve| {
        let (color, label) = identity(curve.index);
        Line {
            points: percentile_points(&curve.durations),
            color,
            label,
        }
    });
    let plot = Plot {
        x: axis::percentiles("percentile", samples.unwrap_or(1)),
        y: axis::log_time(TIME, least, most),
        areas: Vec::new(),
        lines: lines.collect(),
        rule: None,
    };
    figure(&plot, caption, curves)
}

/// The points of a percentile curve; the last one is the longest time.
fn percentile_points(durations: &Durations) -> Vec<(f64, f64)> {
    let Some(histogram) = durations.histogram() else {
        return Vec::new();
    };
    let end = axis::log(histogram.len());
    let steps = (0..=POINTS).map(|index| end * f64::from(index) / f64::from(POINTS));
    steps
        .map(|at| {
            let quantile = 1.0 - 10_f64.powf(-at);
            (at, axis::log(histogram.value_at_quantile(quantile)))
        })
        .collect()
}

fn histogram(caption: &str, curves: &[Curve]) -> Result<Figure, DrawError> {
    let (least, most) = ends(curves);
    let lines: Vec<_> = curves
        .iter()
        .map(|curve| {
            let (color, label) = identity(curve.index);
            Line {
                points: steps(&curve.durations),
                color,
                label,
            }
        })
        .collect();
    let heights = lines.iter().flat_map(|line| &line.points);
    let highest = heights.map(|(_, share)| *share).fold(0.0, f64::max);
    let plot = Plot {
        x: axis::log_time(TIME, least, most),
        y: axis::share("share of the answers", highest),
        areas: Vec::new(),
        lines,
        rule: None,
    };
    figure(&plot, caption, curves)
}

/// The outline of the bars: where each begins and ends, and its share in percent.
fn steps(durations: &Durations) -> Vec<(f64, f64)> {
    let Some(histogram) = durations.histogram() else {
        return Vec::new();
    };
    let mut bars: Vec<(f64, u64)> = Vec::new();
    for step in histogram.iter_recorded() {
        let bar = (axis::log(step.value_iterated_to()) * BARS).floor();
        // In rising order, with the empty bars between.
        while bars.last().is_some_and(|(last, _)| *last < bar) {
            let next = bars.last().map_or(bar, |(last, _)| last + 1.0);
            bars.push((next, 0));
        }
        match bars.last_mut() {
            Some((_, times)) => *times += step.count_at_value(),
            None => bars.push((bar, step.count_at_value())),
        }
    }
    let share = |times: u64| times as f64 * 100.0 / histogram.len() as f64;
    let outline = bars
        .iter()
        .flat_map(|(bar, times)| [bar / BARS, (bar + 1.0) / BARS].map(|at| (at, share(*times))));
    let outline: Vec<_> = outline.collect();
    let ends = outline.first().zip(outline.last());
    let Some(((from, _), (to, _))) = ends else {
        return outline;
    };
    [&[(*from, 0.0)], &outline[..], &[(*to, 0.0)]].concat()
}

fn figure(plot: &Plot, caption: &str, curves: &[Curve]) -> Result<Figure, DrawError> {
    let names = curves.iter().map(|curve| (curve.index, curve.name.clone()));
    let names = names.collect();
    let table = table(curves);
    let shown = HtmlTable::from(&table);
    let words = shown.rows.iter().map(|row| {
        let cells = row.iter().zip(&shown.head).skip(1);
        let cells = cells.map(|(cell, head)| format!("{} {}", head.text, cell.text));
        format!("{}: {}", row[0].text, cells.collect::<Vec<_>>().join(", "))
    });
    let words = words.collect::<Vec<_>>().join("; ");
    Figure::new(plot, caption.to_owned(), words, names, &table)
}

fn table(curves: &[Curve]) -> Table {
    let rows = curves.iter().map(|curve| {
        let histogram = curve.durations.histogram();
        let at = |quantile: f64| {
            // A percentile needs a sample beyond it.
            let carried = histogram
                .filter(|histogram| histogram.len() as f64 * (1.0 - quantile) >= 0.999_999);
            carried.map_or(NOTHING.to_owned(), |it| {
                duration(it.value_at_quantile(quantile))
            })
        };
        let most = histogram.map_or(NOTHING.to_owned(), |it| duration(it.max()));
        let samples = count(histogram.map_or(0, Histogram::len));
        let name = curve.name.clone();
        [name, samples, at(0.5), at(0.9), at(0.99), at(0.999), most].map(Cell::from)
    });
    Table::of_figures(["", "answers", "p50", "p90", "p99", "p99.9", "max"]).with(rows)
}

fn ends(curves: &[Curve]) -> (u64, u64) {
    let all = || {
        curves
            .iter()
            .filter_map(|curve| curve.durations.histogram())
    };
    let least = all().map(Histogram::min).min().unwrap_or(1);
    let most = all().map(Histogram::max).max().unwrap_or(1);
    (least, most)
}
