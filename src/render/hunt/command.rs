//! The command that replays a token against the same service.

use crate::{model::hunt::HuntToken, text::redact};

/// The words of a hunt's command line that a replay needs as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayCommand {
    /// The target file and the flags, such as `--postgres` and `127.0.0.1:5432`; without secrets.
    pub words: Vec<String>,
    /// The program that is the service, with its arguments; empty if the user starts the service.
    pub service: Vec<String>,
}

impl ReplayCommand {
    /// The command as one line for a shell, without secrets.
    pub fn line(&self, token: &HuntToken) -> String {
        let mut words = vec!["coupon-bench".to_owned(), "hunt".to_owned()];
        words.extend(self.words.iter().map(|word| shell(word)));
        words.extend(["--replay".to_owned(), token.to_string()]);
        if !self.service.is_empty() {
            words.push("--".to_owned());
            words.extend(self.service.iter().map(|word| shell(word)));
        }
        words.join(" ")
    }
}

/// A word without secrets, quoted where a shell would divide or change it.
fn shell(word: &str) -> String {
    let word = redact::foreign(word);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_command_is_one_line_for_a_shell() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let command = ReplayCommand {
            words: words(&["my shop.toml", "--postgres", "127.0.0.1:5432"]),
            service: words(&["java", "-jar", "it's.jar", "*", ""]),
        };
        let token = "hunt:u2:l1:ABBA".parse().unwrap();
        assert_eq!(
            command.line(&token),
            "coupon-bench hunt 'my shop.toml' --postgres 127.0.0.1:5432 --replay hunt:u2:l1:ABBA -- java -jar 'it'\\''s.jar' '*' ''"
        );
        let alone = ReplayCommand {
            words: words(&["shop.toml"]),
            service: Vec::new(),
        };
        assert_eq!(
            alone.line(&token),
            "coupon-bench hunt shop.toml --replay hunt:u2:l1:ABBA"
        );
    }
}
