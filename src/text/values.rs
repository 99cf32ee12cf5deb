//! Parses counts, durations, rates, shares and switches from flags, scenario files and assertions.
//!
//! Counts and durations use exact integer arithmetic. No library parses the durations, because the usual libraries
//! accept months and years, so that `1M` and `1m` are easily confused.

use std::time::Duration;

use crate::text::{problem::Problem, quote::quoted};

/// The units of a duration, in nanoseconds. The micro sign and the Greek letter look the same.
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
];

/// The longest duration of a setting.
const LONGEST: Duration = Duration::from_hours(24);

/// A whole number: `10000`, `10k`, `1.5m`, `1_000_000`, `1,000`.
///
/// # Errors
///
/// If the text is no whole number, or the number does not fit 64 bits.
pub fn count(text: &str) -> Result<u64, Problem> {
    let number = text.trim();
    let (number, factor) = match number.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&number[..at], 1_000),
        Some((at, 'm' | 'M')) => (&number[..at], 1_000_000),
        _ => (number, 1),
    };
    let advice = "a count is a whole number, such as 10000, 10k or 1_000_000";
    match Decimal::parse(number).and_then(|decimal| decimal.times(factor)) {
        Ok(count) => Ok(count),
        Err(DecimalError::TooLarge) => Err(Problem::invalid(text, "the number is too large")),
        Err(_) => Err(Problem::invalid(text, advice)),
    }
}

/// A count from 1 to `max`.
pub fn positive<T: TryFrom<u64> + Into<u64> + Copy>(max: T) -> impl Fn(&str) -> Result<T, Problem> {
    move |text| {
        let value = count(text)?;
        let too_large = || Problem::invalid(text, format!("must be at most {}", max.into()));
        if value == 0 {
            return Err(Problem::invalid(text, "must be at least 1"));
        }
        if value > max.into() {
            return Err(too_large());
        }
        T::try_from(value).map_err(|_| too_large())
    }
}

/// A duration with its unit: `500ms`, `30s`, `2m`, `1.5s`.
///
/// # Errors
///
/// As for [`nanoseconds`].
pub fn duration(text: &str) -> Result<Duration, Problem> {
    nanoseconds(text).map(Duration::from_nanos)
}

/// A duration with its unit, in nanoseconds.
///
/// # Errors
///
/// If the number or the unit is missing, or the duration is too long or no whole number of nanoseconds.
pub fn nanoseconds(text: &str) -> Result<u64, Problem> {
    let advice = "a duration needs a number and a unit (ns, us, µs, ms, s, m), such as 500ms";
    let trimmed = text.trim();
    let number_end = trimmed
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_' | ',')))
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(number_end);
    let unit = unit.trim_start();
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(Problem::invalid(text, advice));
    };
    match Decimal::parse(number).and_then(|decimal| decimal.times(*factor)) {
        Ok(nanoseconds) => Ok(nanoseconds),
        Err(DecimalError::TooLarge) => Err(Problem::invalid(text, "the duration is too long")),
        Err(DecimalError::NotWhole) => Err(Problem::invalid(
            text,
            "a duration is a whole number of nanoseconds",
        )),
        Err(DecimalError::NoNumber) => Err(Problem::invalid(text, advice)),
    }
}

/// A rate: `5000/s`, `5k/s`, `0.5/s`.
///
/// # Errors
///
/// If the number or `/s` is missing.
pub fn per_second(text: &str) -> Result<f64, Problem> {
    let wrong = || Problem::invalid(text, "a rate is a number per second, such as 5000/s");
    let number = text.trim().strip_suffix("/s").ok_or_else(wrong)?.trim_end();
    let (number, factor) = match number.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&number[..at], 1e3),
        Some((at, 'm' | 'M')) => (&number[..at], 1e6),
        _ => (number, 1.0),
    };
    let decimal = Decimal::parse(number).map_err(|_| wrong())?;
    Ok(decimal.digits as f64 / 10_f64.powf(f64::from(decimal.scale)) * factor)
}

/// A rate with or without its unit: `5000`, `5k` or `5000/s`.
///
/// # Errors
///
/// If the text is no number.
pub fn rate(text: &str) -> Result<f64, Problem> {
    let number = text.trim();
    let number = number.strip_suffix("/s").unwrap_or(number);
    per_second(&format!("{number}/s")).map_err(|_| {
        Problem::invalid(
            text,
            "a rate is a number per second, such as 5000, 5k or 0.5",
        )
    })
}

/// A share in percent: `10%` is 0.1. The percent sign is required, because `0.1` could mean 10 % or 0.1 %.
///
/// # Errors
///
/// If the percent sign is missing, or the share is larger than 10000 %.
pub fn percent(text: &str) -> Result<f64, Problem> {
    let wrong = |advice| Problem::invalid(text, advice);
    let number = text.trim().strip_suffix('%').map(str::trim_end);
    let number = number.and_then(|number| Decimal::parse(number).ok());
    let decimal =
        number.ok_or_else(|| wrong("a share is a number with a percent sign, such as 10%"))?;
    let share = decimal.digits as f64 / 10_f64.powf(f64::from(decimal.scale)) / 100.0;
    if share > 100.0 {
        return Err(wrong("must be at most 10000%"));
    }
    Ok(share)
}

/// A share of at most 100 %: `5%` is 0.05.
///
/// # Errors
///
/// As for [`percent`], or if the share is larger than 100 %.
pub fn share(text: &str) -> Result<f64, Problem> {
    match percent(text)? {
        share if share > 1.0 => Err(Problem::invalid(text, "must be at most 100%")),
        share => Ok(share),
    }
}

/// `on` or `off`; `true` and `false` mean the same.
///
/// # Errors
///
/// If the text is another word.
pub fn switch(text: &str) -> Result<bool, Problem> {
    match text.trim() {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err(Problem::invalid(text, "must be on or off")),
    }
}

/// A seed: any whole number that fits 64 bits.
///
/// # Errors
///
/// If the text is no such number.
pub fn seed(text: &str) -> Result<u64, Problem> {
    let digits: String = text.trim().chars().filter(|c| *c != '_').collect();
    digits.parse().map_err(|_| {
        let advice = format!("a seed is a whole number from 0 to {}", u64::MAX);
        Problem::invalid(text, advice)
    })
}

/// The candidate that is most similar to `word`; `None` if no candidate is similar.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The comparison takes quadratic time, and no name is this long.
    if word.len() > 100 {
        return None;
    }
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean "naive"?`, or the list of candidates if none is similar.
pub fn did_you_mean(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(name) => format!("did you mean {}?", quoted(name)),
        None => format!("it is one of {}", candidates.join(", ")),
    }
}

/// The number `digits / 10^scale`.
struct Decimal {
    digits: u128,
    scale: u32,
}

enum DecimalError {
    NoNumber,
    NotWhole,
    TooLarge,
}

impl Decimal {
    fn parse(text: &str) -> Result<Self, DecimalError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let mut digits = without_separators(whole).ok_or(DecimalError::NoNumber)?;
        let mut scale = 0;
        if let Some(fraction) = fraction {
            if !is_digits(fraction) {
                return Err(DecimalError::NoNumber);
            }
            let significant = fraction.trim_end_matches('0');
            digits.push_str(significant);
            scale = u32::try_from(significant.len()).map_err(|_| DecimalError::TooLarge)?;
        }
        let digits = digits.parse().map_err(|_| DecimalError::TooLarge)?;
        Ok(Self { digits, scale })
    }

    fn times(&self, factor: u64) -> Result<u64, DecimalError> {
        let divisor = 10_u128
            .checked_pow(self.scale)
            .ok_or(DecimalError::NotWhole)?;
        let product = self
            .digits
            .checked_mul(u128::from(factor))
            .ok_or(DecimalError::TooLarge)?;
        if product % divisor != 0 {
            return Err(DecimalError::NotWhole);
        }
        u64::try_from(product / divisor).map_err(|_| DecimalError::TooLarge)
    }
}

/// Removes separators: `1_000` and `1,000` become `1000`. A comma must separate groups of three digits, because `1,5` may be meant
/// as a fraction. `None` if the text is no number.
fn without_separators(text: &str) -> Option<String> {
    if let Some((first, rest)) = text.split_once(',') {
        let grouped = is_digits(first)
            && first.len() <= 3
            && rest
                .split(',')
                .all(|group| group.len() == 3 && is_digits(group));
        return grouped.then(|| text.replace(',', ""));
    }
    text.split('_')
        .all(is_digits)
        .then(|| text.replace('_', ""))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A duration above 0 and of at most a day.
pub(crate) fn span(text: &str) -> Result<Duration, Problem> {
    match duration(text)? {
        Duration::ZERO => Err(Problem::invalid(text, "must be longer than 0")),
        long if long > LONGEST => Err(Problem::invalid(text, "must be at most 1440m (a day)")),
        span => Ok(span),
    }
}

/// A title. It is written to terminals, so it has no line breaks and no escape sequences.
pub(crate) fn one_line(text: &str) -> Result<String, Problem> {
    if text.contains(super::is_unsafe) {
        return Err(Problem::invalid(text, "a title is one line of plain text"));
    }
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests;
