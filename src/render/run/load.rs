//! The load of a run: rates, the database, the topic, errors, and objects left behind.

use crate::{
    model::report::{
        DatabaseLoad, Distribution, Failure, Offered, RowsOverTime, Run, TargetLoad, TopicLoad,
    },
    render::{
        document::{Document, Text, Tone},
        strategy_runs::StrategyRuns,
        warnings,
    },
    text::format::{
        clean, count, duration, optional_duration, percent, plural, rate, round_duration, shorten,
    },
};

/// The number of different errors that are shown.
const MESSAGES: usize = 5;

/// The largest number of bars for the rows over time.
const BARS: usize = 25;

/// The number of characters that are shown of a message. The JSON has the whole message.
const MESSAGE_LENGTH: usize = 240;

pub(super) fn write(document: &mut Document, run: &Run) {
    document.gap();
    document.fact("load", rates(run));
    if let Some(offered) = run.offered {
        document.fact("schedule", schedule(offered, &run.schedule_lag_ns));
    }
    match &run.target {
        None => document.fact("database", database(&run.database)),
        Some(target) => document.fact("http", requests(target)),
    }
    if let Some(peak) = run.database.rows_over_time.peak_per_s() {
        document.fact("rows", rows(&run.database.rows_over_time, peak));
    }
    if let Some(topic) = &run.topic {
        document.fact("topic", records(topic));
    }
    if run.fairness.inversions > 0 {
        let text = format!(
            "{} got a coupon though another user had been told \"sold out\" before they started",
            plural(run.fairness.inversions, "user")
        );
        document.fact("fairness", text);
    }
    warn(document, [run]);
    failures(document, &run.failures);
    kept(document, &[run]);
}

/// How the claims were sent to a foreign service.
fn requests(target: &TargetLoad) -> String {
    let mut parts = vec![plural(target.connections, "connection")];
    parts.push(match target.held {
        0 => "no claim was held back: each was sent in one piece".to_owned(),
        held => format!(
            "{} held back before the last byte, and released together",
            plural(held, "claim")
        ),
    });
    if target.opened_again > 0 {
        parts.push(format!("{} opened again", count(target.opened_again)));
    }
    if target.sent_again > 0 {
        parts.push(format!(
            "{} sent again",
            plural(target.sent_again, "request")
        ));
    }
    parts.join(" · ")
}

fn rates(run: &Run) -> String {
    let mut parts = vec![
        format!("answered in {}", duration(run.duration_ns)),
        rate(run.throughput_per_s),
        format!("peak in flight {}", count(run.peak_in_flight)),
    ];
    if run.release_skew_ns > 0 {
        parts.push(format!("release skew {}", duration(run.release_skew_ns)));
    }
    if let Some(share) = run.cpu_share {
        // No line break before the percent sign.
        parts.push(format!("cpu {}\u{a0}%", percent(share)));
    }
    parts.join(" · ")
}

/// The requested and the achieved rate of an open loop.
fn schedule(offered: Offered, lag: &Distribution) -> String {
    let lag = [
        ("p50", lag.p50_ns),
        ("p99", lag.p99_ns),
        ("max", lag.max_ns),
    ];
    let lag = lag.map(|(name, time)| format!("{name} {}", optional_duration(time)));
    format!(
        "asked for {} · started {} · lag {}",
        rate(offered.requested_per_s),
        rate(offered.achieved_per_s),
        lag.join(", ")
    )
}

/// Warnings about the measured times.
pub(super) fn warn<'a>(document: &mut Document, runs: impl IntoIterator<Item = &'a Run>) {
    for warning in warnings::of(runs) {
        document.fact("warning", Text::toned(Tone::Warn, warning));
    }
}

fn database(load: &DatabaseLoad) -> String {
    let mut parts = vec![
        plural(load.statements, "statement"),
        format!("peak in flight {}", count(load.peak_in_flight)),
    ];
    if load.conflicts > 0 {
        parts.push(plural(load.conflicts, "conflict"));
    }
    if load.retries > 0 {
        let word = if load.retries == 1 {
            "retry"
        } else {
            "retries"
        };
        parts.push(format!("{} {word}", count(load.retries)));
    }
    let wait = &load.pool_wait;
    if let (Some(p50), Some(p99)) = (wait.p50_ns, wait.p99_ns.or(wait.max_ns)) {
        let (p50, p99) = (duration(p50), duration(p99));
        let name = if wait.p99_ns.is_some() { "p99" } else { "max" };
        parts.push(format!("pool wait p50 {p50}, {name} {p99}"));
    }
    parts.join(" · ")
}

/// Rows per second as a line of bars, from the release to the last row.
fn rows(series: &RowsOverTime, peak: f64) -> String {
    let per_bar = series.rows.len().div_ceil(BARS).max(1);
    let bars: Vec<u64> = series
        .rows
        .chunks(per_bar)
        .map(|rows| rows.iter().sum())
        .collect();
    let bar_ns = series.interval_ns.saturating_mul(per_bar as u64);
    let mut text = format!(
        "{}  {} a bar · peak {}",
        sparkline(&bars),
        round_duration(bar_ns),
        rate(peak)
    );
    if per_bar > 1 {
        let within = format!(" within {}", round_duration(series.interval_ns));
        text.push_str(&within);
    }
    text
}

/// One character for each value, to the scale of the largest one. Only the value 0 has the lowest character.
fn sparkline(values: &[u64]) -> String {
    const STEPS: [char; 7] = ['▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = values.iter().copied().max().unwrap_or_default();
    let bar = |value: &u64| {
        let step = u128::from(*value) * STEPS.len() as u128;
        // From 1 for the smallest value above 0 to 7 for the largest.
        let step = usize::try_from(step.div_ceil(u128::from(most.max(1)))).unwrap_or(0);
        step.checked_sub(1)
            .and_then(|step| STEPS.get(step))
            .unwrap_or(&'▁')
    };
    values.iter().map(bar).collect()
}

fn records(topic: &TopicLoad) -> Text {
    let mut parts: Vec<Text> = vec![
        format!("produced {}", count(topic.produced)).into(),
        format!("delivered {}", count(topic.delivered)).into(),
        format!("consumed {}", count(topic.consumed)).into(),
    ];
    if topic.delivery_failures > 0 {
        let text = plural(topic.delivery_failures, "delivery failure");
        parts.push(Text::toned(Tone::Bad, text));
    }
    parts.push(match topic.lag {
        Some(0) => "lag 0".into(),
        Some(lag) => Text::toned(Tone::Warn, format!("lag {}", count(lag))),
        None => Text::toned(Tone::Warn, "lag unknown"),
    });
    Text::joined(parts, " · ")
}

/// The most frequent errors.
pub(super) fn failures<'a>(
    document: &mut Document,
    failures: impl IntoIterator<Item = &'a Failure>,
) {
    let mut messages: Vec<(&str, u64)> = Vec::new();
    for failure in failures {
        match messages
            .iter_mut()
            .find(|(message, _)| *message == failure.message)
        {
            Some((_, times)) => *times = times.saturating_add(failure.count),
            None => messages.push((&failure.message, failure.count)),
        }
    }
    messages.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    for (index, (message, times)) in messages.iter().take(MESSAGES).enumerate() {
        let label = if index == 0 { "failures" } else { "" };
        let message = shorten(&clean(message), MESSAGE_LENGTH);
        document.fact(label, format!("{} × {message}", count(*times)));
    }
    if messages.len() > MESSAGES {
        let others = (messages.len() - MESSAGES) as u64;
        document.fact("", format!("… and {}", plural(others, "other message")));
    }
}

/// The first failures of a strategy: its name, the number of attempts, and the message.
pub(in crate::render) fn messages(
    subject: &StrategyRuns,
) -> impl Iterator<Item = (String, String, String)> {
    let failures = subject.runs.iter().flat_map(|run| &run.failures);
    failures.take(MESSAGES).map(|failure| {
        let message = shorten(&clean(&failure.message), MESSAGE_LENGTH);
        (clean(subject.name), count(failure.count), message)
    })
}

/// Names of the objects that `--keep` left behind in these runs.
pub(super) fn kept(document: &mut Document, runs: &[&Run]) {
    let names = runs.iter().flat_map(|run| &run.kept);
    for (index, name) in names.enumerate() {
        let label = if index == 0 { "kept" } else { "" };
        document.fact(label, clean(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_shows_every_value_above_0() {
        assert_eq!(sparkline(&[0, 1, 50, 100]), "▁▂▅█");
        assert_eq!(sparkline(&[1, 1]), "██");
        assert_eq!(sparkline(&[0, u64::MAX]), "▁█");
        assert_eq!(sparkline(&[]), "");
    }

    #[test]
    fn a_long_series_is_drawn_in_few_bars() {
        let series = RowsOverTime {
            interval_ns: 10_000_000,
            rows: vec![5; 100],
        };
        let text = rows(&series, 500.0);
        assert_eq!(
            text,
            format!("{}  40 ms a bar · peak 500/s within 10 ms", "█".repeat(25))
        );
    }
}
