//! JSON numbers, exact to the last digit. A 64-bit float cannot represent an id of 30 digits or most prices.

use serde_json::Number;

/// The longest integer that is written without an exponent, in digits. A longer one stays as it was sent.
const MOST_DIGITS: usize = 64;

/// A decimal number in normal form: no zeros at either end of its digits.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    /// Significant digits; empty for zero.
    digits: String,
    /// The number is `digits` times ten to the power of this; 0 for zero.
    exponent: i128,
}

impl Decimal {
    /// Parses a JSON number. `None` for any other text, and for an exponent outside 64 bits.
    fn read(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: String = [whole, fraction].concat();
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = all.trim_start_matches('0').trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self {
                negative: false,
                digits: String::new(),
                exponent: 0,
            });
        }
        let zeros = all.len() - all.trim_end_matches('0').len();
        Some(Self {
            negative,
            digits: digits.to_owned(),
            exponent: i128::from(exponent) - fraction.len() as i128 + zeros as i128,
        })
    }

    /// All digits of an integer. `None` for other numbers, and for integers of more than 64 digits.
    fn integer(&self) -> Option<String> {
        if self.digits.is_empty() {
            return Some("0".to_owned());
        }
        let zeros = usize::try_from(self.exponent).ok()?;
        if zeros + self.digits.len() > MOST_DIGITS {
            return None;
        }
        let sign = if self.negative { "-" } else { "" };
        Some(format!("{sign}{}{}", self.digits, "0".repeat(zeros)))
    }
}

/// Whether two numbers are equal, in any spelling: `1`, `1.0` and `10e-1` are equal.
pub fn same(one: &Number, other: &Number) -> bool {
    let (one, other) = (one.to_string(), other.to_string());
    one == other
        || match (Decimal::read(&one), Decimal::read(&other)) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        }
}

/// A number as text: an integer as its digits (`1e3` becomes `1000`), any other number as it was sent.
pub fn text(number: &Number) -> String {
    let sent = number.to_string();
    if !sent.contains(['.', 'e', 'E']) {
        return sent;
    }
    let integer = Decimal::read(&sent).and_then(|decimal| decimal.integer());
    integer.unwrap_or(sent)
}

/// Parses an integer from a text such as `100`, `100.00` or `1e2`.
pub fn integer(text: &str) -> Option<i128> {
    let digits = Decimal::read(text.trim())?.integer()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn numbers_are_equal_if_all_digits_are_equal() {
        for (one, other, expected) in [
            ("1", "1.0", true),
            ("1.10", "1.1", true),
            ("1e3", "1000", true),
            ("10e-1", "1", true),
            ("0", "-0.0", true),
            ("0e5", "0", true),
            ("1E400", "10e399", true),
            ("-1", "1", false),
            ("9007199254740993", "9007199254740992", false),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567891",
                false,
            ),
            ("0.1", "0.10000000000000000555", false),
            ("1e99999999999999999999", "1e99999999999999999999", true),
        ] {
            assert_eq!(
                same(&number(one), &number(other)),
                expected,
                "{one} {other}"
            );
        }
    }

    #[test]
    fn integers_are_written_without_an_exponent() {
        for (sent, expected) in [
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
            ),
            ("1e3", "1000"),
            ("1.5e1", "15"),
            ("7.0", "7"),
            ("-2.0e1", "-20"),
            ("1.10", "1.10"),
            ("1e-2", "1e-2"),
        ] {
            assert_eq!(text(&number(sent)), expected);
        }
        for (sent, expected) in [
            ("100.00", Some(100)),
            (" -3\n", Some(-3)),
            ("1e2", Some(100)),
            ("1.5", None),
            ("1e999999999999", None),
            ("many", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(integer(sent), expected, "{sent}");
        }
    }

    proptest! {
        /// Two spellings of one number: with a shifted decimal point and an exponent, and with zeros at both ends.
        #[test]
        fn two_spellings_of_a_number_are_equal(digits in "[1-9][0-9]{0,40}", moved in 0usize..30, zeros in 0usize..5) {
            let padded = format!("{digits}.{}", "0".repeat(zeros + 1));
            let shifted = format!("{digits}{}e-{}", "0".repeat(moved), moved);
            prop_assert!(same(&number(&digits), &number(&padded)));
            prop_assert!(same(&number(&digits), &number(&shifted)));
            prop_assert_eq!(text(&number(&padded)), digits.clone());
            let next = format!("{}1", &digits);
            prop_assert!(!same(&number(&digits), &number(&next)));
        }
    }
}
