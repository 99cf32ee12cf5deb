//! Numbers as Redis reads and writes them.
//!
//! Redis is stricter than `str::parse` for integers (no `+`, no leading zero) and prints doubles with
//! C's `%.17g`. Hexadecimal floats, which C's `strtod` reads, are left out.

/// Parses an integer as Redis's `string2ll` does: canonical decimal only.
pub(super) fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    match digits {
        [b'0'] => return (!negative).then_some(0),
        [b'1'..=b'9', ..] if digits.len() <= 19 => {}
        _ => return None,
    }
    let mut value: i64 = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        // Summed negatively because i64::MIN has no positive counterpart.
        value = value
            .checked_mul(10)?
            .checked_sub(i64::from(digit - b'0'))?;
    }
    if negative {
        Some(value)
    } else {
        value.checked_neg()
    }
}

/// Parses a double as Redis's `string2d` does; `None` for NaN, overflow and underflow.
pub(super) fn parse_double(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let value: f64 = text.parse().ok()?;
    let spelled = text.trim_start_matches(['+', '-']);
    let spells_infinity = spelled.starts_with(['i', 'I']);
    let mantissa = spelled.split(['e', 'E']).next().unwrap_or_default();
    let underflow = value == 0.0 && mantissa.bytes().any(|b| matches!(b, b'1'..=b'9'));
    let overflow = value.is_infinite() && !spells_infinity;
    (!value.is_nan() && !underflow && !overflow).then_some(value)
}

/// Formats a double as C's `%.17g`, with Redis's spelling of the infinities.
pub(super) fn format_double(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    if value.is_nan() {
        return if value.is_sign_negative() {
            "-nan"
        } else {
            "nan"
        }
        .to_owned();
    }
    format_general(value, 17)
}

/// C's `%.{precision}g` for a finite value.
pub(super) fn format_general(value: f64, precision: usize) -> String {
    let scientific = format!("{value:.*e}", precision.saturating_sub(1));
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let digits_before_switch = i32::try_from(precision).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= digits_before_switch {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim_zeros(mantissa), exponent.abs());
    }
    let decimals = usize::try_from(digits_before_switch - 1 - exponent).unwrap_or_default();
    trim_zeros(&format!("{value:.decimals$}")).to_owned()
}

fn trim_zeros(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

/// The decimal digits of an integer, on the stack.
pub(super) struct IntText {
    buffer: [u8; 20],
    start: usize,
}

impl IntText {
    pub(super) fn new(value: i64) -> Self {
        let mut buffer = [b'0'; 20];
        let mut start = buffer.len();
        let mut rest = value.unsigned_abs();
        loop {
            start -= 1;
            buffer[start] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            start -= 1;
            buffer[start] = b'-';
        }
        Self { buffer, start }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_canonical_only() {
        for (text, value) in [
            ("0", Some(0)),
            ("-0", None),
            ("+1", None),
            ("01", None),
            ("", None),
            ("-", None),
            ("1 ", None),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("-9223372036854775809", None),
        ] {
            assert_eq!(parse_int(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn integers_print_at_both_ends() {
        for value in [0, 7, -7, i64::MAX, i64::MIN] {
            assert_eq!(IntText::new(value).as_bytes(), value.to_string().as_bytes());
        }
    }

    #[test]
    fn doubles_print_as_percent_17g() {
        for (value, text) in [
            (0.1, "0.10000000000000001"),
            (3.0, "3"),
            (-0.0, "-0"),
            (1e17, "1e+17"),
            (1e16, "10000000000000000"),
            (1e-7, "9.9999999999999995e-08"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(format_double(value), text);
        }
    }

    #[test]
    fn doubles_out_of_range_are_refused() {
        assert_eq!(parse_double(b"1e400"), None);
        assert_eq!(parse_double(b"1e-400"), None);
        assert_eq!(parse_double(b"nan"), None);
        assert_eq!(parse_double(b" 1"), None);
        assert_eq!(parse_double(b"-inf"), Some(f64::NEG_INFINITY));
        assert_eq!(parse_double(b"0e5"), Some(0.0));
    }
}
