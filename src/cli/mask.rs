//! Hides passwords in texts that may not even be URLs. Values that parsed are shown through
//! [`crate::scenario::ServiceUrl`]; this is for those that did not, so it would rather hide too much.

use clap::error::ErrorKind;

use crate::text::{printable, printable_in_color};

const SECRET_KEYS: [&str; 4] = ["password=", "sslpassword=", "passwd=", "pwd="];
const LONGEST_QUOTE: usize = 80;

/// A value for an error's text: masked, in quotes, on one line, and not endless.
pub fn quoted(value: &str) -> String {
    let mut masked = mask(value);
    if let Some((end, _)) = masked.char_indices().nth(LONGEST_QUOTE) {
        masked.truncate(end);
        masked.push('…');
    }
    format!("{masked:?}")
}

/// Hides what may be a password in one value: everything between `://` and `@`, and in query parameters.
pub fn mask(value: &str) -> String {
    let value = mask_parameters(value);
    // What stands before "://" is only shown if no name and password can be in it.
    let scheme = value.split("://").next().unwrap_or_default();
    let is_scheme = !scheme.contains([':', '@']);
    let authority = if is_scheme && scheme.len() < value.len() {
        scheme.len() + 3
    } else {
        0
    };
    match value.rfind('@') {
        Some(at) if at >= authority => format!("{}***{}", &value[..authority], &value[at..]),
        // Whatever this was meant to be, a name and a password may stand before the '@'.
        Some(at) => format!("***{}", &value[at..]),
        None if authority > 0 => mask_port(&value, authority),
        None => value,
    }
}

/// clap's message about a command line, which repeats what it does not understand, for a terminal.
pub fn clap_error(error: &clap::Error, color: bool) -> String {
    let rendered = error.render();
    let text = if color {
        printable_in_color(&rendered.ansi().to_string()).into_owned()
    } else {
        printable(&rendered.to_string()).into_owned()
    };
    // The help and the version hold nothing that was typed, and the help is an error where a command is missing.
    let nothing_typed = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::DisplayVersion
    );
    if nothing_typed {
        return text;
    }
    text.split_inclusive(char::is_whitespace)
        .map(|word| {
            if word.contains("://") || word.contains('@') || word.contains('=') {
                mask(word)
            } else {
                word.to_owned()
            }
        })
        .collect()
}

/// Hides `password=…` wherever a parameter can begin: after '?', '&' or a space.
fn mask_parameters(value: &str) -> String {
    let is_separator = |c: char| c == '?' || c == '&' || c.is_whitespace();
    value
        .split_inclusive(is_separator)
        .map(|piece| {
            let lower = piece.to_ascii_lowercase();
            match SECRET_KEYS.iter().find(|key| lower.starts_with(**key)) {
                Some(key) => {
                    let end = piece.trim_end_matches(is_separator).len();
                    format!("{}***{}", &piece[..key.len()], &piece[end..])
                }
                None => piece.to_owned(),
            }
        })
        .collect()
}

/// Hides a "port" that is no number, as in `postgres://user:secret`, where the host was forgotten.
fn mask_port(value: &str, authority: usize) -> String {
    let end = value[authority..]
        .find('/')
        .map_or(value.len(), |at| authority + at);
    let host = &value[authority..end];
    match host.find(':') {
        Some(colon)
            if !host.starts_with('[') && !host[colon + 1..].bytes().all(|b| b.is_ascii_digit()) =>
        {
            format!("{}***{}", &value[..=authority + colon], &value[end..])
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_passwords_however_broken_the_text_is() {
        for (text, masked) in [
            ("postgres://u:secret@h/db", "postgres://***@h/db"),
            ("postgres://u:se@cr/et@h/db", "postgres://***@h/db"),
            ("postgres:u:secret@h/db", "***@h/db"),
            ("u:secret@postgres://h", "***@postgres://h"),
            ("postgres:u:secret@://***@", "***@"),
            ("postgres://u:secret", "postgres://u:***"),
            ("postgres://u:secret/db", "postgres://u:***/db"),
            ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
            ("redis://h:6379/0", "redis://h:6379/0"),
            (
                "postgres://h/db?a=b&Password=se@cret&x=1",
                "postgres://h/db?a=b&Password=***&x=1",
            ),
            (
                "host=h password=secret dbname=x",
                "host=h password=*** dbname=x",
            ),
            ("plain", "plain"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn quotes_are_one_short_line() {
        assert_eq!(quoted("a\nb\u{1b}[31m"), r#""a\nb\u{1b}[31m""#);
        assert_eq!(quoted(&"é".repeat(1000)).chars().count(), LONGEST_QUOTE + 3);
    }
}
