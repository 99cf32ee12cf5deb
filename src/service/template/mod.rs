//! Texts with placeholders: `{{user}}`, `{{env.TOKEN}}`, `{{users.token}}`, `{{step.token}}`.
//!
//! Pure. Placeholders are resolved when the file is read, so an unknown placeholder is an error before any request is sent. Values
//! that differ from user to user are filled in for each request, and escaped for their place.

mod json;
mod placeholder;
mod values;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use crate::{
    input::Env,
    ports::UserId,
    text::{problem::Problem, quote::quoted, redact::Secrets},
};

use placeholder::{Placeholder, Source};
pub use values::{Name, Values};

/// The escaping of a value in the place of its placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// Unchanged.
    None,
    /// In a string of a JSON text.
    Json,
    /// A whole value of a JSON text. It has to be a number.
    JsonNumber,
    /// Percent-encoded in a URL. The text around the placeholder is unchanged.
    Percent,
    /// Percent-encoded in a form, together with the text around the placeholder.
    Form,
}

/// The names that a text may refer to.
pub struct Names<'a> {
    /// The environment variables.
    pub env: Env<'a>,
    /// The columns of the table of users. `None` if the text belongs to no single user.
    pub user: Option<&'a [String]>,
    /// The values that the setup captures.
    pub setup: &'a [Name],
    /// The values that are captured for a user. Ignored if the text belongs to no single user.
    pub captured: &'a [Name],
    /// Collects the values of environment variables.
    pub secrets: &'a mut Secrets,
}

/// A text with resolved placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(Placeholder, Escape),
}

/// The values that are the same for all users of a run.
#[derive(Debug, Clone)]
pub struct EventValues {
    /// The id of the run.
    pub run: String,
    /// The number of coupons.
    pub limit: u64,
    /// The seed of the workload.
    pub seed: u64,
    /// The values that the setup has captured.
    pub setup: Values,
}

/// The values of one attempt of one user.
#[derive(Debug, Clone, Copy)]
pub struct AttemptValues<'a> {
    /// The user's number.
    pub user: UserId,
    /// The number of the user's attempt, from 1.
    pub attempt: u32,
    /// The user's line in the table of users.
    pub columns: Option<&'a csv::StringRecord>,
    /// The values that were captured for the user.
    pub captured: Option<&'a Values>,
}

impl AttemptValues<'_> {
    /// For texts without placeholders of a user.
    pub const NONE: Self = Self {
        user: UserId(0),
        attempt: 0,
        columns: None,
        captured: None,
    };
}

impl Template {
    /// Parses a text. The value of an environment variable is filled in at once, and collected as a secret.
    ///
    /// # Errors
    /// A placeholder has no end, or its name is unknown.
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
        let placeholder = Placeholder::parse(name, names)?;
        self.pieces.push(Piece::Placeholder(placeholder, escape));
        Ok(())
    }

    /// Fills in the values of one attempt.
    pub fn fill(&self, event: &EventValues, who: AttemptValues<'_>) -> String {
        let mut text = String::with_capacity(64);
        for piece in &self.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Placeholder(placeholder, escape) => {
                    text.push_str(&escape.of(&placeholder.value(event, who)));
                }
            }
        }
        text
    }

    /// Checks that every placeholder has a valid value.
    ///
    /// # Errors
    /// A value is missing, or is not a number in the place of a number.
    pub fn check(&self, event: &EventValues, who: AttemptValues<'_>) -> Result<(), String> {
        for piece in &self.pieces {
            let Piece::Placeholder(placeholder, escape) = piece else {
                continue;
            };
            if let Some(why) = placeholder.missing(event, who) {
                return Err(why);
            }
            let value = placeholder.value(event, who);
            if *escape == Escape::JsonNumber && !json::is_number(&value) {
                return Err(format!(
                    "{value:?} has to be sent as a number, and is not a number"
                ));
            }
        }
        Ok(())
    }

    /// A template without placeholders.
    pub fn text(text: &str) -> Self {
        let mut template = Self { pieces: Vec::new() };
        template.push_text(text);
        template
    }

    /// Appends another template.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        for piece in other.pieces {
            match piece {
                Piece::Text(text) => self.push_text(&text),
                placeholder @ Piece::Placeholder(..) => self.pieces.push(placeholder),
            }
        }
        self
    }

    /// The text, if there are no placeholders.
    pub fn constant(&self) -> Option<String> {
        match self.pieces.as_slice() {
            [] => Some(String::new()),
            [Piece::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// Whether the text contains the number of the attempt.
    pub fn has_attempt(&self) -> bool {
        self.sources().any(|source| source == Source::Attempt)
    }

    /// Whether the text differs from run to run: by the id of the run, or by a value that the setup captures.
    pub fn has_run(&self) -> bool {
        self.sources()
            .any(|source| matches!(source, Source::Run | Source::Setup(_)))
    }

    /// Whether the text differs from user to user.
    pub fn has_user(&self) -> bool {
        self.sources().any(|source| {
            matches!(
                source,
                Source::User | Source::Column(_) | Source::Captured(_)
            )
        })
    }

    fn sources(&self) -> impl Iterator<Item = Source> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Placeholder(placeholder, _) => Some(placeholder.source),
        })
    }
}

impl Escape {
    /// Escapes the text around placeholders.
    fn around(self, text: &str) -> String {
        match self {
            Self::Form => self.of(text),
            Self::None | Self::Json | Self::JsonNumber | Self::Percent => text.to_owned(),
        }
    }

    /// Escapes a value.
    pub fn of(self, value: &str) -> String {
        match self {
            Self::None | Self::JsonNumber => value.to_owned(),
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
