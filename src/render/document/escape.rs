//! Foreign text in Markdown: shown as it is, and taken for nothing else.

use crate::text::is_unsafe;

/// One line of text that is no markup, no mention of anybody and no reference to an issue. Fits into a table's cell.
pub(in crate::render) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // A backslash would not stop them: they are looked for in what Markdown has become. The invisible character
            // takes the name from the sign.
            '@' | '#' => {
                safe.push('\\');
                safe.push(letter);
                safe.push_str("&#8203;");
            }
            // An address would become a link, and `:tada:` a picture.
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

/// Punctuation that means nothing within a line. A dash or a dot does at its beginning, where no foreign text stands.
const HARMLESS: [char; 11] = [',', '.', ';', '/', '%', '\'', '-', '=', '?', '(', ')'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_nothing_stays_readable() {
        let text = "redis-kafka: 10,000 users, burst; 98.5 % (all) a/b = c?";
        assert_eq!(escaped(text), text);
    }
}
