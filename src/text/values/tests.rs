use proptest::prelude::*;

use super::*;

#[test]
fn every_spelling_of_a_count_is_parsed() {
    for (text, value) in [
        ("0", 0),
        ("10000", 10_000),
        ("10k", 10_000),
        ("10K", 10_000),
        ("1m", 1_000_000),
        ("1.5k", 1_500),
        ("2.50m", 2_500_000),
        ("1_000_000", 1_000_000),
        ("1,000", 1_000),
        ("12,345,678", 12_345_678),
        (" 7 ", 7),
        ("18446744073709551615", u64::MAX),
    ] {
        assert_eq!(count(text), Ok(value), "{text}");
    }
}

#[test]
fn other_texts_are_no_counts() {
    for text in [
        "",
        "k",
        "-1",
        "+1",
        "1.5",
        "1.0001k",
        "1,5",
        "1,00",
        ",100",
        "1__0",
        "_1",
        "1_",
        "1e3",
        "0x10",
        "10 k",
        "١",
        "1.",
        ".5k",
        "1,000_000",
    ] {
        assert!(count(text).is_err(), "{text}");
    }
    let error = count("18446744073709551616").map_err(|error| error.advice);
    assert_eq!(error, Err("the number is too large".to_owned()));
}

#[test]
fn durations_need_a_unit() {
    for (text, nanoseconds) in [
        ("500ms", 500_000_000),
        ("2m", 120_000_000_000),
        ("1.5s", 1_500_000_000),
        ("200 us", 200_000),
        ("200µs", 200_000),
        ("200μs", 200_000),
        ("1_000ns", 1_000),
        ("0s", 0),
    ] {
        assert_eq!(super::nanoseconds(text), Ok(nanoseconds), "{text}");
    }
    for text in [
        "",
        "30",
        "s",
        "30 S",
        "1h",
        "1M",
        "-1s",
        "0.5ns",
        "1s 5ms",
        "99999999999999m",
    ] {
        assert!(super::nanoseconds(text).is_err(), "{text}");
    }
}

#[test]
fn a_rate_needs_its_unit() {
    for (text, rate) in [
        ("5000/s", 5000.0),
        ("5k/s", 5000.0),
        ("0.5/s", 0.5),
        ("1 /s", 1.0),
    ] {
        assert!(
            per_second(text).is_ok_and(|value| (value - rate).abs() < 1e-9),
            "{text}"
        );
    }
    for text in ["5000", "/s", "-1/s", "1/m", "NaN/s"] {
        assert!(per_second(text).is_err(), "{text}");
    }
}

#[test]
fn the_unit_of_a_rate_setting_is_optional() {
    for (text, per_second) in [
        ("500", 500.0),
        ("500/s", 500.0),
        (" 2k ", 2e3),
        ("0.5", 0.5),
    ] {
        assert_eq!(rate(text), Ok(per_second), "{text}");
    }
    for text in ["", "fast", "-1", "5/m", "1e3", "/s", "5/s/s"] {
        assert!(rate(text).is_err(), "{text}");
    }
}

#[test]
fn only_a_similar_name_is_offered() {
    let names = ["naive", "redis-incr", "redis-kafka"];
    assert_eq!(nearest("redis-kafak", names), Some("redis-kafka"));
    assert_eq!(nearest("NAIVE", names), Some("naive"));
    assert_eq!(nearest("postgres", names), None);
    assert_eq!(nearest(&"x".repeat(1_000_000), names), None);
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = (count(&text), duration(&text), per_second(&text), switch(&text), seed(&text), quoted(&text));
    }

    #[test]
    fn no_text_similar_to_a_number_panics(text in "[0-9._,]{0,60}[kKmMnuµs/ ]{0,3}") {
        let _ = (count(&text), duration(&text), per_second(&text), seed(&text));
    }

    #[test]
    fn every_count_is_parsed_to_the_same_number(value in any::<u64>()) {
        prop_assert_eq!(count(&value.to_string()), Ok(value));
        prop_assert_eq!(seed(&value.to_string()), Ok(value));
        prop_assert_eq!(nanoseconds(&format!("{value}ns")), Ok(value));
    }
}
