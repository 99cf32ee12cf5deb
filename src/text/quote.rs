//! Quotes an invalid value in an error, without its secrets. Valid addresses are shown through
//! [`crate::input::address::ServiceUrl`].

use super::redact;

const LONGEST_QUOTE: usize = 80;

/// A value in the text of an error: masked, in quotes, on one line, and shortened.
pub fn quoted(value: &str) -> String {
    let mut masked = redact::value(value);
    if let Some((end, _)) = masked.char_indices().nth(LONGEST_QUOTE) {
        masked.truncate(end);
        masked.push('…');
    }
    format!("{masked:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_is_one_short_line() {
        assert_eq!(quoted("a\nb\u{1b}[31m"), r#""a\nb\u{1b}[31m""#);
        assert_eq!(quoted(&"é".repeat(1000)).chars().count(), LONGEST_QUOTE + 3);
    }
}
