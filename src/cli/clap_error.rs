//! clap's errors without secrets.

use clap::error::ErrorKind;

use crate::text::{printable, printable_in_color, redact};

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
