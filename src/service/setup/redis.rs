//! Commands for a Redis server of the service.

use bytes::Bytes;
use http::Response;
use redis::Value;

use super::answer;
use crate::{
    input::address::ServiceUrl,
    service::{AttemptValues, EventValues, Template, ledger::redis::connect},
    text::{problem::Problem, quote::quoted},
};

/// Commands that are sent in order.
#[derive(Debug)]
pub struct Commands {
    /// The URL of the Redis server.
    pub url: ServiceUrl,
    /// The words of each command. The value of a placeholder is never divided into words.
    pub commands: Vec<Vec<Template>>,
}

impl Commands {
    pub(super) fn fill(&self, event: &EventValues) -> Result<Vec<Vec<String>>, String> {
        let word = |word: &Template| {
            word.check(event, AttemptValues::NONE)?;
            Ok(word.fill(event, AttemptValues::NONE))
        };
        let commands = self.commands.iter();
        commands
            .map(|words| words.iter().map(word).collect())
            .collect()
    }

    /// Sends the commands. The response is the reply to the last command, as text.
    pub(super) async fn run(&self, commands: &[Vec<String>]) -> Result<Response<Bytes>, String> {
        let failed = |error: redis::RedisError| format!("{}: {error}", self.url);
        let (mut connection, _) = connect(&self.url).await?;
        let mut last = Value::Nil;
        for words in commands {
            let mut command = redis::Cmd::new();
            command.arg(words);
            let name = words.first().map_or("", String::as_str);
            let answered = command.query_async(&mut connection).await;
            last = answered.map_err(|error| format!("{name}: {}", failed(error)))?;
        }
        Ok(answer(text(&last)))
    }
}

fn text(value: &Value) -> String {
    redis::from_redis_value_ref(value).unwrap_or_default()
}

/// Divides a command into words as redis-cli does: at white space that is not in quotes or in the braces of a placeholder.
///
/// # Errors
/// A quote without an end, or no word.
pub fn words(command: &str) -> Result<Vec<String>, Problem> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = command.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' | '\'' => {
                let word = word.get_or_insert_default();
                let mut closed = false;
                while let Some(inner) = rest.next() {
                    match inner {
                        _ if inner == character => {
                            closed = true;
                            break;
                        }
                        '\\' if character == '"' => word.extend(rest.next()),
                        _ => word.push(inner),
                    }
                }
                if !closed {
                    let what = format!("quote without an end in {}", quoted(command));
                    return Err(Problem::new(what, "close it"));
                }
            }
            '{' if rest.peek() == Some(&'{') => {
                let word = word.get_or_insert_default();
                word.push(character);
                for inner in rest.by_ref() {
                    word.push(inner);
                    if word.ends_with("}}") {
                        break;
                    }
                }
            }
            _ if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    if words.is_empty() {
        return Err(Problem::new(
            "empty command",
            "write one, as in \"DEL stock\"",
        ));
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_command_is_divided_into_words_as_in_redis_cli() {
        for (command, expected) in [
            ("SET stock {{limit}}", vec!["SET", "stock", "{{limit}}"]),
            ("  DEL  a\tb ", vec!["DEL", "a", "b"]),
            ("SET k:{{ run }} 'a b'", vec!["SET", "k:{{ run }}", "a b"]),
            (r#"SET k "a \"b\"" '' "#, vec!["SET", "k", "a \"b\"", ""]),
            (r#"SET k '{"left": 1}'"#, vec!["SET", "k", r#"{"left": 1}"#]),
        ] {
            assert_eq!(words(command).unwrap(), expected, "{command}");
        }
        assert!(words("SET k 'a").is_err());
        assert!(words(" ").is_err());
    }
}
