//! Text: parsed values, formatted numbers, removed secrets, and foreign text. Foreign text comes from services, files and arguments.
//! When it is shown, it must not move the cursor, clear the screen, hide text or reverse the order of letters.
//!
//! [`is_unsafe`] is the one list of such characters. [`clean`] makes one safe line of a foreign text, and [`printable`] makes a whole
//! output safe, in case a text in it is not clean.
//!
//! # Layout
//!
//! - [`values`]: parses counts, durations, rates and shares; [`problem`] and [`quote`]: their errors
//! - [`mod@format`]: formats counts, durations and rates for readers
//! - [`durations`]: histograms of durations
//! - [`redact`]: removes secrets from text
//! - this file: makes foreign text safe to show

pub mod durations;
pub mod format;
pub mod problem;
pub mod quote;
pub mod redact;
pub mod values;

use std::{borrow::Cow, fmt::Write};

/// Whether a character changes the text around it or is invisible. Line breaks and tabs are among these characters.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Invisible: a soft hyphen, spaces without width, joiners, fillers, a byte order mark, tags.
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
            // Direction of writing: marks, embeddings, overrides, isolates.
            | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Ends of lines and paragraphs.
            | '\u{2028}' | '\u{2029}')
}

/// One line: white space and control characters become a single space, and other unsafe characters are escaped, as `\u{202e}`.
pub fn clean(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    escaped(&line, |_| false).into_owned()
}

/// A whole output in plain text: line breaks and tabs stay, and other unsafe characters are escaped.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, |rest| rest.starts_with(['\n', '\t']))
}

/// A whole output for a terminal: colours stay too, and all other escape sequences are escaped.
pub fn printable_in_color(text: &str) -> Cow<'_, str> {
    escaped(text, |rest| {
        rest.starts_with(['\n', '\t']) || is_color(rest)
    })
}

/// A JSON text. Only its strings can contain unsafe characters, and they are escaped so that the value stays the same.
pub fn printable_json(text: &str) -> Cow<'_, str> {
    let stays = |c: char| c == '\n' || !is_unsafe(c);
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if stays(character) {
            safe.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    Cow::Owned(safe)
}

/// Escapes unsafe characters, except where `stays` is true for the text from the character on.
fn escaped(text: &str, stays: impl Fn(&str) -> bool) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for (at, character) in text.char_indices() {
        if !is_unsafe(character) || stays(&text[at..]) {
            safe.push(character);
        } else {
            safe.extend(character.escape_unicode());
        }
    }
    Cow::Owned(safe)
}

/// Whether a text begins with an escape sequence that sets a colour or a weight. Sequences that hide text are excluded.
fn is_color(text: &str) -> bool {
    let Some((numbers, _)) = text
        .strip_prefix("\u{1b}[")
        .and_then(|rest| rest.split_once('m'))
    else {
        return false;
    };
    numbers.split(';').all(|number| {
        let known = |number: u8| matches!(number, 0..=4 | 22..=24 | 30..=37 | 39 | 90..=97);
        number.is_empty() || number.parse().is_ok_and(known)
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn clean_text_has_no_escape_sequences() {
        for (text, expected) in [
            ("pool\ntimed   out \u{1b}[2J", "pool timed out [2J"),
            ("\u{9b}2Jclean", "2Jclean"),
            ("cou\u{202e}nop", "cou\\u{202e}nop"),
            (
                "a\u{200b}b\u{2066}c\u{feff}",
                "a\\u{200b}b\\u{2066}c\\u{feff}",
            ),
            ("one\u{2028}two\u{85}three", "one two three"),
            ("쿠폰 🎟️ naïve", "쿠폰 🎟️ naïve"),
        ] {
            assert_eq!(clean(text), expected);
        }
    }

    #[test]
    fn a_printable_output_keeps_its_lines_and_colours() {
        let text = "a\tb\n\u{1b}[1m\u{1b}[31mred\u{1b}[0m \u{1b}[2J\u{1b}]0;title\u{7}\r\u{202e}";
        assert_eq!(
            printable_in_color(text),
            "a\tb\n\u{1b}[1m\u{1b}[31mred\u{1b}[0m \\u{1b}[2J\\u{1b}]0;title\\u{7}\\u{d}\\u{202e}"
        );
        assert_eq!(printable("\u{1b}[1mbold\n"), "\\u{1b}[1mbold\n");
        assert_eq!(printable_in_color("\u{1b}[8mhidden"), "\\u{1b}[8mhidden");
        assert!(matches!(printable("plain"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn no_unsafe_character_is_left(text: String) {
            prop_assert!(!clean(&text).contains(is_unsafe));
            let lines = printable(&text).replace(['\n', '\t'], "");
            prop_assert!(!lines.contains(is_unsafe));
            // Safe characters stay.
            let safe: String = text.chars().filter(|c| !is_unsafe(*c)).collect();
            prop_assert_eq!(printable(&safe), safe.as_str());
        }

        #[test]
        fn a_json_text_has_the_same_value(text: String) {
            let json = serde_json::to_string(&text).unwrap();
            let safe = printable_json(&json);
            prop_assert!(!safe.contains(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        }
    }
}
