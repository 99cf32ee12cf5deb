//! clap's errors without secrets.

use clap::error::ErrorKind;

use crate::text::{printable, printable_in_color, redact};

/// clap's error for a terminal. clap repeats arguments that it does not understand, so their secrets are masked.
pub fn clap_error(error: &clap::Error, color: bool) -> String {
    let rendered = error.render();
    let text = if color {
        printable_in_color(&rendered.ansi().to_string()).into_owned()
    } else {
        printable(&rendered.to_string()).into_owned()
    };
    // The help and the version repeat no argument. Without a command, the help is an error.
    let no_argument = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::DisplayVersion
    );
    if no_argument {
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
