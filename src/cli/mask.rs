//! How a typed value is quoted in an error, without secrets. Values that parsed are shown through
//! [`crate::scenario::ServiceUrl`]; this is for those that did not.

use clap::error::ErrorKind;

use crate::{
    redact,
    text::{printable, printable_in_color},
};

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
    redact::foreign(&text)
        .split_inclusive(char::is_whitespace)
        .map(|word| {
            if word.contains("://") || word.contains('@') || word.contains('=') {
                redact::value(word)
            } else {
                word.to_owned()
            }
        })
        .collect()
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
