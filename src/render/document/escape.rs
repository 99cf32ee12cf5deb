//! Foreign text in Markdown: every character is shown, and none has a meaning in Markdown.

use crate::text::is_unsafe;

/// One line of text without markup, without a mention of a user and without a reference to an issue. It fits into a table's cell.
pub(in crate::render) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // GitHub looks for mentions after Markdown is rendered, so a backslash is not enough. The invisible character
            // separates the sign from the name.
            '@' | '#' => {
                safe.push('\\');
                safe.push(letter);
                safe.push_str("&#8203;");
            }
            // A URL would become a link, and `:tada:` an emoji.
            ':' if letters
                .peek()
                .is_some_and(|next| *next == '/' || next.is_alphabetic()) =>
            {
                safe.push_str("&#58;");
            }
            ':' => safe.push(letter),
            unseen if is_unsafe(unseen) => safe.push(' '),
            mark if mark.is_ascii_punctuation() && !HARMLESS.contains(&mark) => {
                safe.push('\\');
                safe.push(mark);
            }
            other => safe.push(other),
        }
    }
    safe
}

/// Punctuation without a meaning inside of a line. At the beginning of a line, where a dash has a meaning, there is no foreign text.
const HARMLESS: [char; 11] = [',', '.', ';', '/', '%', '\'', '-', '=', '?', '(', ')'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_punctuation_is_not_escaped() {
        let text = "redis-kafka: 10,000 users, burst; 98.5 % (all) a/b = c?";
        assert_eq!(escaped(text), text);
    }
}
