//! How a typed value is quoted in an error, without secrets. Values that parsed are shown through
//! [`crate::input::address::ServiceUrl`]; this is for those that did not.

use super::redact;

const LONGEST_QUOTE: usize = 80;

/// A value for an error's text: masked, in quotes, on one line, and not endless.
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
    fn quotes_are_one_short_line() {
        assert_eq!(quoted("a\nb\u{1b}[31m"), r#""a\nb\u{1b}[31m""#);
        assert_eq!(quoted(&"é".repeat(1000)).chars().count(), LONGEST_QUOTE + 3);
    }
}
