//! Values that come from the environment: they are sent, and never shown.

use regex::{NoExpand, Regex, RegexBuilder};
use url::Url;

/// What a pattern may take up: far more than a key of some thousand characters needs.
const PATTERN_BYTES: usize = 64 * 1024 * 1024;

/// What no output may contain.
#[derive(Clone, Default)]
pub struct Secrets(Vec<Secret>);

#[derive(Clone)]
struct Secret {
    value: String,
    /// It in every spelling; none where that would be too large.
    pattern: Option<Regex>,
}

impl Secrets {
    /// Remembers a value. Of one that is a URL, the password is a secret by itself.
    pub fn add(&mut self, value: &str) {
        let password = Url::parse(value).ok();
        let password = password.as_ref().and_then(Url::password);
        for secret in password.into_iter().chain([value]) {
            if !secret.is_empty() && !self.0.iter().any(|known| known.value == secret) {
                self.0.push(Secret::new(secret));
            }
        }
        // A secret that contains another one has to go first.
        self.0
            .sort_by_key(|secret| std::cmp::Reverse(secret.value.len()));
    }

    /// The text without them, however a service has written them down.
    pub fn mask(&self, text: &str) -> String {
        let masked = |text: String, secret: &Secret| secret.mask(&text);
        self.0.iter().fold(text.to_owned(), masked)
    }
}

impl Secret {
    fn new(value: &str) -> Self {
        let pattern: String = value.chars().map(spellings).collect();
        Self {
            value: value.to_owned(),
            pattern: RegexBuilder::new(&pattern)
                .size_limit(PATTERN_BYTES)
                .build()
                .ok(),
        }
    }

    fn mask(&self, text: &str) -> String {
        match &self.pattern {
            Some(pattern) => pattern.replace_all(text, NoExpand(MASK)).into_owned(),
            None => text.replace(&self.value, MASK),
        }
    }
}

const MASK: &str = "***";

/// A character as it is, percent-encoded, or in a JSON text. JSON within JSON escapes the escapes, so there may be any number
/// of backslashes; what is escaped at all differs from one library to the next, so each character may be.
fn spellings(character: char) -> String {
    // Nobody escapes those, and most secrets consist of them.
    if character.is_ascii_alphanumeric() {
        return character.into();
    }
    let plain = regex::escape(character.encode_utf8(&mut [0; 4]));
    let percent: Vec<_> = character
        .encode_utf8(&mut [0; 4])
        .bytes()
        .map(|byte| format!("%(?i:{byte:02x})"))
        .collect();
    // Beyond the first 65,536 characters, JSON writes a surrogate pair.
    let unicode: Vec<_> = character
        .encode_utf16(&mut [0; 2])
        .iter()
        .map(|unit| format!(r"\\+u(?i:{unit:04x})"))
        .collect();
    let (percent, unicode) = (percent.concat(), unicode.concat());
    let short = match character {
        '\n' => r"|\\+n",
        '\r' => r"|\\+r",
        '\t' => r"|\\+t",
        '\u{8}' => r"|\\+b",
        '\u{c}' => r"|\\+f",
        _ => "",
    };
    format!(r"(?:\\*{plain}|{percent}|{unicode}{short})")
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_goes_first_and_a_password_goes_alone() {
        let mut secrets = Secrets::default();
        secrets.add("key");
        secrets.add("key-of-mine");
        secrets.add("postgres://me:hunter2@db/shop");
        secrets.add("");
        assert_eq!(
            secrets.mask("key-of-mine, a key, hunter2@db"),
            "***, a ***, ***@db"
        );
    }
    /// `value` as a service may write it.
    fn assert_masked(value: &str, spellings: &[&str]) {
        let mut secrets = Secrets::default();
        secrets.add(value);
        for spelling in spellings {
            let masked = secrets.mask(&format!("<{spelling}>"));
            assert_eq!(masked, "<***>", "{spelling}");
        }
    }

    #[test]
    fn letters_beyond_ascii_are_masked_as_json_escapes_them() {
        assert_masked(
            "pässwörd🎟\n",
            &[
                "pässwörd🎟\n",
                r"pässwörd🎟\n",
                r"p\u00e4ssw\u00f6rd\ud83c\udf9f\n",
                r"p\u00E4ssw\u00F6rd\uD83C\uDF9F\u000A",
                r"p\\u00e4ssw\\u00f6rd\\ud83c\\udf9f\\n",
                "p%C3%A4ssw%c3%b6rd%F0%9F%8E%9F%0A",
            ],
        );
    }

    #[test]
    fn json_within_json_is_masked() {
        assert_masked(
            r#"pa"ss/w&1\"#,
            &[
                r#"pa"ss/w&1\"#,
                r#"pa\"ss/w&1\\"#,
                r#"pa\\\"ss/w&1\\\\"#,
                r#"pa\"ss\/w\u00261\\"#,
                r#"pa\\\"ss\\/w\\u00261\\\\"#,
                "pa%22ss/w%261%5C",
            ],
        );
    }

    #[test]
    fn what_means_something_in_a_pattern_is_text() {
        let mut secrets = Secrets::default();
        secrets.add("a.c(d|$1");
        assert_eq!(secrets.mask("abc(d|$1, a.c(d|$1"), "abc(d|$1, ***");
    }

    #[test]
    fn a_key_of_many_characters_is_masked() {
        let key = "MIIEvQ+/é".repeat(500);
        assert_masked(&key, &[&key]);
    }
}
