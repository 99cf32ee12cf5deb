//! Formats numbers and durations for readers. The JSON outputs have whole nanoseconds instead.

pub use crate::text::clean;

/// The dash for an unknown number.
pub const NOTHING: &str = "–";

/// With thousands separators: `10,000`.
pub fn count(number: u64) -> String {
    group(&number.to_string())
}

/// A count, or a dash if it is unknown.
pub fn known(number: Option<u64>) -> String {
    number.map_or_else(|| NOTHING.to_owned(), count)
}

/// A count and its noun: `1 user`, `2,000 users`.
pub fn plural(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", count(number))
}

/// Nanoseconds with three significant digits: `412 µs`, `1.23 ms`, `2.05 s`.
pub fn duration(ns: u64) -> String {
    if ns < 1_000 {
        return format!("{ns} ns");
    }
    // A value that rounds up to 1000 is written in the next unit: 999,600 ns are 1.00 ms.
    let ns = ns as f64;
    [("µs", 1e3), ("ms", 1e6)]
        .iter()
        .find(|(_, size)| ns / size < 999.5)
        .map_or_else(
            || format!("{} s", three_digits(ns / 1e9)),
            |(unit, size)| format!("{} {unit}", three_digits(ns / size)),
        )
}

/// A duration without trailing zeros: `5 ms`, `2.5 s`.
pub fn round_duration(ns: u64) -> String {
    let text = duration(ns);
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            let number = number.trim_end_matches('0').trim_end_matches('.');
            format!("{number} {unit}")
        }
        _ => text,
    }
}

/// Like [`duration`], or a dash if it is unknown.
pub fn optional_duration(ns: Option<u64>) -> String {
    ns.map_or_else(|| NOTHING.to_owned(), duration)
}

/// A rate of answers: `9,524/s`.
pub fn rate(per_second: f64) -> String {
    if per_second.is_finite() {
        format!("{}/s", three_digits(per_second))
    } else {
        NOTHING.to_owned()
    }
}

/// A probability in percent without the percent sign, so that a range needs only one: `84`, `3.7`.
pub fn percent(probability: f64) -> String {
    let percent = probability * 100.0;
    let text = if percent < 9.95 {
        format!("{percent:.1}")
    } else {
        format!("{percent:.0}")
    };
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// At most `limit` characters of a text, and an ellipsis if it has more.
pub fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn three_digits(value: f64) -> String {
    if value < 9.995 {
        format!("{value:.2}")
    } else if value < 99.95 {
        format!("{value:.1}")
    } else {
        group(&format!("{value:.0}"))
    }
}

fn group(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(12_345_678), "12,345,678");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn nouns_agree() {
        assert_eq!(plural(0, "user"), "0 users");
        assert_eq!(plural(1, "user"), "1 user");
        assert_eq!(plural(1_000, "user"), "1,000 users");
    }

    #[test]
    fn durations_have_three_significant_digits() {
        for (ns, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (9_994, "9.99 µs"),
            (9_996, "10.0 µs"),
            (412_345, "412 µs"),
            (999_499, "999 µs"),
            (999_600, "1.00 ms"),
            (1_234_567, "1.23 ms"),
            (45_678_900, "45.7 ms"),
            (2_049_000_000, "2.05 s"),
            (75_300_000_000, "75.3 s"),
            (1_250_000_000_000, "1,250 s"),
        ] {
            assert_eq!(duration(ns), text);
        }
        assert_eq!(optional_duration(None), "–");
        for (ns, text) in [
            (5_000_000, "5 ms"),
            (2_500_000_000, "2.5 s"),
            (100_000_000, "100 ms"),
            (20_000_000_000, "20 s"),
        ] {
            assert_eq!(round_duration(ns), text);
        }
    }

    #[test]
    fn rates_and_percentages() {
        assert_eq!(rate(9_523.8), "9,524/s");
        assert_eq!(rate(3.456), "3.46/s");
        assert_eq!(rate(f64::NAN), "–");
        assert_eq!(percent(0.838_9), "84");
        assert_eq!(percent(0.036_9), "3.7");
        assert_eq!(percent(0.0), "0");
        assert_eq!(percent(0.02), "2");
        assert_eq!(percent(1.0), "100");
    }

    #[test]
    fn texts_are_shortened_by_characters() {
        assert_eq!(shorten("überlang", 4), "über…");
        assert_eq!(shorten("kurz", 4), "kurz");
    }
}
