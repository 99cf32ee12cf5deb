//! Texts with placeholders: `{{user}}`, `{{env.TOKEN}}`, `{{users.token}}`.
//!
//! Pure. A placeholder is looked up when the file is read, so a mistyped one is an error before anything is sent; what differs
//! from user to user is filled in for each claim, escaped as its place demands.

use std::fmt::Write as _;

use crate::{
    cli::{error::Problem, layers::Env, mask::quoted, values::did_you_mean},
    ports::UserId,
};

use super::secrets::Secrets;

/// How a value is written where its placeholder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// As it is.
    None,
    /// Within a string of a JSON text.
    Json,
    /// Percent-encoded, in a URL, whose own characters are left alone.
    Percent,
    /// Percent-encoded in a form, together with the text around it.
    Form,
}

/// What a file may refer to.
pub struct Names<'a> {
    /// Of the environment.
    pub env: Env<'a>,
    /// Columns of the users' table; `None` where there is no single user to speak of.
    pub user: Option<&'a [String]>,
    /// Takes the values of the environment.
    pub secrets: &'a mut Secrets,
}

/// A text with placeholders, all of them known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Slot(Slot, Escape),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    User,
    Attempt,
    Run,
    Limit,
    Seed,
    /// Of the users' table.
    Column(usize),
}

/// Placeholders without a part after a dot.
const PLAIN: [(&str, Slot); 5] = [
    ("user", Slot::User),
    ("attempt", Slot::Attempt),
    ("run", Slot::Run),
    ("limit", Slot::Limit),
    ("seed", Slot::Seed),
];

/// What is the same for all users of a run.
#[derive(Debug, Clone)]
pub struct Event {
    /// The run's id.
    pub run: String,
    /// Coupons.
    pub limit: u64,
    /// Of the workload.
    pub seed: u64,
}

/// Whose text it is.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// The user's number.
    pub user: UserId,
    /// Which of the user's attempts it is, from 1.
    pub attempt: u32,
    /// The user's line of the users' table.
    pub columns: Option<&'a csv::StringRecord>,
}

impl Who<'_> {
    /// For texts in which no user can occur.
    pub const NOBODY: Self = Self {
        user: UserId(0),
        attempt: 0,
        columns: None,
    };
}

impl Template {
    /// Reads a text. A value of the environment is filled in at once, and remembered as a secret.
    pub fn parse(text: &str, escape: Escape, names: &mut Names<'_>) -> Result<Self, Problem> {
        let mut template = Self { pieces: Vec::new() };
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            template.push_text(&escape.around(before));
            let (name, after) = after.split_once("}}").ok_or_else(|| {
                Problem::new(
                    format!("placeholder without an end in {}", quoted(text)),
                    "a placeholder is written as {{user}}",
                )
            })?;
            template.push_placeholder(name.trim(), escape, names)?;
            rest = after;
        }
        template.push_text(&escape.around(rest));
        Ok(template)
    }

    fn push_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            _ if text.is_empty() => {}
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    fn push_placeholder(
        &mut self,
        name: &str,
        escape: Escape,
        names: &mut Names<'_>,
    ) -> Result<(), Problem> {
        if let Some(variable) = name.strip_prefix("env.") {
            let value = variable_of(variable, names.env)?;
            names.secrets.add(&value);
            self.push_text(&escape.of(&value));
            return Ok(());
        }
        let slot = slot(name, names.user)?;
        self.pieces.push(Piece::Slot(slot, escape));
        Ok(())
    }

    /// The text of one user.
    pub fn fill(&self, event: &Event, who: Who<'_>) -> String {
        let mut text = String::with_capacity(64);
        for piece in &self.pieces {
            // Writing to a string cannot fail.
            let _ = match piece {
                Piece::Text(piece) => text.write_str(piece),
                Piece::Slot(Slot::User, _) => write!(text, "{}", who.user),
                Piece::Slot(Slot::Attempt, _) => write!(text, "{}", who.attempt),
                Piece::Slot(Slot::Limit, _) => write!(text, "{}", event.limit),
                Piece::Slot(Slot::Seed, _) => write!(text, "{}", event.seed),
                Piece::Slot(Slot::Run, _) => text.write_str(&event.run),
                Piece::Slot(Slot::Column(index), escape) => {
                    let value = who.columns.and_then(|columns| columns.get(*index));
                    text.write_str(&escape.of(value.unwrap_or_default()))
                }
            };
        }
        text
    }

    /// A text without placeholders.
    pub fn text(text: &str) -> Self {
        let mut template = Self { pieces: Vec::new() };
        template.push_text(text);
        template
    }

    /// Puts another after this one.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        for piece in other.pieces {
            match piece {
                Piece::Text(text) => self.push_text(&text),
                slot @ Piece::Slot(..) => self.pieces.push(slot),
            }
        }
        self
    }

    /// The text, where nothing has to be filled in.
    pub fn constant(&self) -> Option<String> {
        match self.pieces.as_slice() {
            [] => Some(String::new()),
            [Piece::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// Whether it says which of the user's attempts it is.
    pub fn has_attempt(&self) -> bool {
        let of_attempt = |piece: &Piece| matches!(piece, Piece::Slot(Slot::Attempt, _));
        self.pieces.iter().any(of_attempt)
    }

    /// Whether it differs from user to user.
    pub fn has_user(&self) -> bool {
        let of_user = |piece: &Piece| matches!(piece, Piece::Slot(Slot::User | Slot::Column(_), _));
        self.pieces.iter().any(of_user)
    }
}

impl Escape {
    /// The text around placeholders.
    fn around(self, text: &str) -> String {
        match self {
            Self::Form => self.of(text),
            Self::None | Self::Json | Self::Percent => text.to_owned(),
        }
    }

    /// A value as it is written there.
    pub fn of(self, value: &str) -> String {
        match self {
            Self::None => value.to_owned(),
            Self::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::Percent | Self::Form => value.bytes().fold(String::new(), |mut text, byte| {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    text.push(char::from(byte));
                } else {
                    let _ = write!(text, "%{byte:02X}");
                }
                text
            }),
        }
    }
}

fn variable_of(name: &str, env: Env<'_>) -> Result<String, Problem> {
    let what = format!("placeholder {}", quoted(&format!("env.{name}")));
    let value = env(name).ok_or_else(|| {
        let advice = format!("the environment has no {name}, so set it");
        Problem::new(what.clone(), advice)
    })?;
    let text = value.into_string();
    text.map_err(|_| Problem::new(what, format!("the value of {name} is not UTF-8")))
}

fn slot(name: &str, user: Option<&[String]>) -> Result<Slot, Problem> {
    let column = name.strip_prefix("users.");
    let found = match (column, user) {
        (Some(column), Some(columns)) => {
            let index = columns.iter().position(|known| known == column);
            index.map(Slot::Column)
        }
        (Some(_), None) => None,
        (None, _) => PLAIN
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, slot)| slot),
    };
    match found {
        Some(Slot::User | Slot::Attempt) if user.is_none() => Err(Problem::new(
            format!("placeholder {}", quoted(name)),
            "only a claim, and how the ledger spells a user, differ from user to user",
        )),
        Some(slot) => Ok(slot),
        None => Err(unknown(name, user.unwrap_or_default())),
    }
}

fn unknown(name: &str, columns: &[String]) -> Problem {
    let columns: Vec<_> = columns.iter().map(|name| format!("users.{name}")).collect();
    let plain = PLAIN.iter().map(|(name, _)| *name);
    let known: Vec<_> = plain.chain(columns.iter().map(String::as_str)).collect();
    let advice = match did_you_mean(name, &known) {
        near if near.starts_with("did") => near,
        _ if name.starts_with("users.") && columns.is_empty() => {
            "there is no [users] csv with such a column".to_owned()
        }
        _ => format!("it is one of {}, or env.NAME", known.join(", ")),
    };
    Problem::new(format!("unknown placeholder {}", quoted(name)), advice)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::ffi::OsString;

    use super::*;

    fn parse(text: &str, escape: Escape) -> Result<(Template, Secrets), Problem> {
        let columns = ["id".to_owned(), "token".to_owned()];
        parse_with(text, escape, Some(&columns))
    }

    fn parse_with(
        text: &str,
        escape: Escape,
        user: Option<&[String]>,
    ) -> Result<(Template, Secrets), Problem> {
        let env = |name: &str| (name == "KEY").then(|| OsString::from("a\"b c"));
        let mut secrets = Secrets::default();
        let mut names = Names {
            env: &env,
            user,
            secrets: &mut secrets,
        };
        Template::parse(text, escape, &mut names).map(|template| (template, secrets))
    }

    fn filled(text: &str, escape: Escape) -> String {
        let event = Event {
            run: "7f3a".to_owned(),
            limit: 100,
            seed: 9,
        };
        let columns = csv::StringRecord::from(vec!["u-1", "x/\"y"]);
        let who = Who {
            user: UserId(17),
            attempt: 2,
            columns: Some(&columns),
        };
        parse(text, escape).unwrap().0.fill(&event, who)
    }

    #[test]
    fn every_placeholder_has_its_value() {
        let text = "{{user}} {{ attempt }} {{run}} {{limit}} {{seed}} {{users.id}} {{env.KEY}}";
        assert_eq!(filled(text, Escape::None), "17 2 7f3a 100 9 u-1 a\"b c");
    }

    #[test]
    fn values_are_escaped_and_the_text_around_them_is_not() {
        for (escape, expected) in [
            (Escape::None, "/\"x/\"y\""),
            (Escape::Json, "/\"x/\\\"y\""),
            (Escape::Percent, "/\"x%2F%22y\""),
            (Escape::Form, "%2F%22x%2F%22y%22"),
        ] {
            assert_eq!(filled("/\"{{users.token}}\"", escape), expected);
        }
    }

    #[test]
    fn what_is_not_known_is_told_with_what_may_have_been_meant() {
        for (text, expected) in [
            ("{{usr}}", "did you mean \"user\"?"),
            ("{{users.tokn}}", "did you mean \"users.token\"?"),
            ("{{env.NONE}}", "the environment has no NONE, so set it"),
            ("{{user", "a placeholder is written as {{user}}"),
            (
                "{{x}}",
                "it is one of user, attempt, run, limit, seed, users.id, users.token, or env.NAME",
            ),
        ] {
            assert_eq!(parse(text, Escape::None).unwrap_err().advice, expected);
        }
    }

    #[test]
    fn what_is_sent_once_knows_no_user() {
        assert!(parse_with("/reset?limit={{limit}}", Escape::Percent, None).is_ok());
        for text in ["{{user}}", "{{attempt}}", "{{users.id}}"] {
            assert!(parse_with(text, Escape::None, None).is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_of_the_environment_is_a_secret_however_it_is_written() {
        let (template, secrets) = parse("key={{env.KEY}}", Escape::Percent).unwrap();
        let event = Event {
            run: String::new(),
            limit: 1,
            seed: 1,
        };
        let text = template.fill(&event, Who::NOBODY);
        assert_eq!(text, "key=a%22b%20c");
        assert_eq!(secrets.mask(&text), "key=***");
        assert_eq!(secrets.mask("it was a\"b c"), "it was ***");
    }
}
