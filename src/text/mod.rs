//! Foreign text: what services answer, what files and arguments hold. It is shown, and must not move a cursor, change a screen, hide
//! anything or turn the order of letters.
//!
//! There is one list of such characters, and every output goes through it: a single line through [`clean`] where it is put into an
//! output, a finished output through [`printable`], so that a line that was forgotten does no harm.

pub mod durations;
pub mod format;
pub mod problem;
pub mod quote;
pub mod redact;
pub mod values;

use std::{borrow::Cow, fmt::Write};

/// Whether a character does something to the text around it, or is there without being seen. Line breaks and tabs do.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Seen by no one: a soft hyphen, spaces without width, joiners, fillers, a byte order mark, tags.
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
            // The order of letters: marks, embeddings, overrides, isolates.
            | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Ends of lines and paragraphs.
            | '\u{2028}' | '\u{2029}')
}

/// On one line: white space of any kind is a single space, and so is a control character. What cannot be seen is written out, as
/// `\u{202e}`.
pub fn clean(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    escaped(&line, |_| false).into_owned()
}

/// A finished output in plain text: its lines and tabs stay as they are, everything else that is unsafe is written out.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, |rest| rest.starts_with(['\n', '\t']))
}

/// The same for a terminal: colours stay as well, and no other sequence.
pub fn printable_in_color(text: &str) -> Cow<'_, str> {
    escaped(text, |rest| {
        rest.starts_with(['\n', '\t']) || is_color(rest)
    })
}

/// A JSON text, in which only strings can hold such a character: it is escaped there, so that the value stays the same.
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

/// Writes out what is unsafe, but for the characters where `stays` says so of the rest of the text.
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

/// Whether a text begins with a sequence that sets a colour or a weight. Text can be hidden by such a sequence as well, so the
/// numbers that do so are not among them.
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
    fn foreign_text_cannot_redraw_the_screen() {
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
    fn a_finished_output_keeps_its_lines_and_its_colours() {
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
        fn nothing_unsafe_is_left(text: String) {
            prop_assert!(!clean(&text).contains(is_unsafe));
            let lines = printable(&text).replace(['\n', '\t'], "");
            prop_assert!(!lines.contains(is_unsafe));
            // Of what was safe, everything is.
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
