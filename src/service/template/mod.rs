//! Texts with placeholders: `{{user}}`, `{{env.TOKEN}}`, `{{users.token}}`, `{{step.token}}`.
//!
//! Pure. A placeholder is looked up when the file is read, so a mistyped one is an error before anything is sent; what differs
//! from user to user is filled in for each request, escaped as its place demands.

mod json;
mod slot;
mod values;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use crate::{
    input::Env,
    ports::UserId,
    text::{problem::Problem, quote::quoted, redact::Secrets},
};

use slot::{Slot, Source};
pub use values::{Name, Values};

/// How a value is written where its placeholder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// As it is.
    None,
    /// Within a string of a JSON text.
    Json,
    /// In a JSON text, in place of a value: it has to be a number.
    JsonNumber,
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
    /// What the answers to the setup give.
    pub setup: &'a [Name],
    /// What answers give to a user; not known where there is no single user to speak of.
    pub captured: &'a [Name],
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

/// What is the same for all users of a run.
#[derive(Debug, Clone)]
pub struct Event {
    /// The run's id.
    pub run: String,
    /// Coupons.
    pub limit: u64,
    /// Of the workload.
    pub seed: u64,
    /// What the answers to the setup have given.
    pub setup: Values,
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
    /// What answers have given to the user.
    pub captured: Option<&'a Values>,
}

impl Who<'_> {
    /// For texts in which no user can occur.
    pub const NOBODY: Self = Self {
        user: UserId(0),
        attempt: 0,
        columns: None,
        captured: None,
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
        let slot = Slot::parse(name, names)?;
        self.pieces.push(Piece::Slot(slot, escape));
        Ok(())
    }

    /// The text of one user.
    pub fn fill(&self, event: &Event, who: Who<'_>) -> String {
        let mut text = String::with_capacity(64);
        for piece in &self.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Slot(slot, escape) => text.push_str(&escape.of(&slot.value(event, who))),
            }
        }
        text
    }

    /// Whether every placeholder has a value that can stand there; or why not.
    pub fn check(&self, event: &Event, who: Who<'_>) -> Result<(), String> {
        for piece in &self.pieces {
            let Piece::Slot(slot, escape) = piece else {
                continue;
            };
            if let Some(why) = slot.missing(event, who) {
                return Err(why);
            }
            let value = slot.value(event, who);
            if *escape == Escape::JsonNumber && !json::is_number(&value) {
                return Err(format!("{value:?} is to be sent as a number, and is none"));
            }
        }
        Ok(())
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
        self.sources().any(|source| source == Source::Attempt)
    }

    /// Whether it differs from run to run: by the run's id, or by what the setup's answers gave.
    pub fn has_run(&self) -> bool {
        self.sources()
            .any(|source| matches!(source, Source::Run | Source::Setup(_)))
    }

    /// Whether it differs from user to user.
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
            Piece::Slot(slot, _) => Some(slot.source),
        })
    }
}

impl Escape {
    /// The text around placeholders.
    fn around(self, text: &str) -> String {
        match self {
            Self::Form => self.of(text),
            Self::None | Self::Json | Self::JsonNumber | Self::Percent => text.to_owned(),
        }
    }

    /// A value as it is written there.
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
