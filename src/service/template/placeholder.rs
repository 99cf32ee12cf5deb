//! The text between `{{` and `}}`: a name, an optional sum, and an optional format.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::{AttemptValues, EventValues, Name, Names};
use crate::text::{problem::Problem, quote::quoted, values::did_you_mean};

/// The maximum width of a padded number.
const WIDEST: usize = 40;

/// A placeholder whose name is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placeholder {
    pub source: Source,
    /// Added to a number.
    plus: i64,
    format: Format,
}

/// The source of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    User,
    Attempt,
    Run,
    Limit,
    Seed,
    /// A column of the table of users.
    Column(usize),
    /// A value that the setup captured.
    Setup(usize),
    /// A value that was captured for this user.
    Captured(usize),
}

/// The format of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Unchanged. As a whole value of `json`, a number is sent as a number.
    Plain,
    /// As a whole value of `json`: a number.
    Number,
    /// A string.
    Text,
    /// Padded with zeros to this width.
    Padded(usize),
    /// A UUID that is derived from the seed and the number.
    Uuid,
}

/// Placeholders without a part after a dot.
const PLAIN: [(&str, Source, Format); 6] = [
    ("user", Source::User, Format::Plain),
    ("attempt", Source::Attempt, Format::Plain),
    ("run", Source::Run, Format::Plain),
    ("limit", Source::Limit, Format::Plain),
    ("seed", Source::Seed, Format::Plain),
    ("uuid", Source::User, Format::Uuid),
];

const FORMATS: &str =
    "write a width such as 08, uuid (for user and attempt), number or string after the colon";

impl Placeholder {
    /// Parses the text between the braces.
    ///
    /// # Errors
    /// The name is unknown, or the sum or the format does not apply to it.
    pub fn parse(text: &str, names: &Names<'_>) -> Result<Self, Problem> {
        // A column may have any name, also one with a colon, so the whole text is tried first.
        if let Some((source, format)) = find(text, names) {
            return Self::of(text, source, 0, format, names);
        }
        let (name, format) = split_format(text)?;
        if let Some((source, usual)) = find(name, names) {
            let format = format.unwrap_or(usual);
            return Self::of(text, source, 0, format, names);
        }
        let (base, plus) = split_sum(name).ok_or_else(|| unknown(name, names))?;
        let (source, _) = find(base, names).ok_or_else(|| unknown(base, names))?;
        if source.is_number() {
            return Self::of(text, source, plus, format.unwrap_or(Format::Plain), names);
        }
        Err(Problem::new(
            format!("sum in placeholder {}", quoted(text)),
            "only user, attempt, limit and seed are numbers that something can be added to",
        ))
    }

    fn of(
        text: &str,
        source: Source,
        plus: i64,
        format: Format,
        names: &Names<'_>,
    ) -> Result<Self, Problem> {
        let wrong =
            |advice: &str| Problem::new(format!("placeholder {}", quoted(text)), advice.to_owned());
        if matches!(source, Source::User | Source::Attempt) && names.user.is_none() {
            return Err(wrong(
                "only a request of a user, and `user` in [ledger], can contain it",
            ));
        }
        let by_user = matches!(source, Source::User | Source::Attempt);
        match format {
            Format::Padded(_) if !source.is_number() => Err(wrong(
                "only user, attempt, limit and seed can be padded with zeros",
            )),
            Format::Uuid if !by_user => Err(wrong("only user and attempt can be UUIDs")),
            Format::Number if source == Source::Run => Err(wrong("a run's id is not a number")),
            _ => Ok(Self {
                source,
                plus,
                format,
            }),
        }
    }

    /// Whether the value is sent as a number if the placeholder is a whole value of `json`.
    pub fn is_json_number(self) -> bool {
        match self.format {
            Format::Plain => self.source.is_number(),
            Format::Number => true,
            Format::Text | Format::Padded(_) | Format::Uuid => false,
        }
    }

    /// The value. Empty while it is missing.
    pub fn value<'a>(self, event: &'a EventValues, who: AttemptValues<'a>) -> Cow<'a, str> {
        let number = match self.source {
            Source::User => who.user.0,
            Source::Attempt => who.attempt.into(),
            Source::Limit => event.limit,
            Source::Seed => event.seed,
            Source::Run => return Cow::Borrowed(&event.run),
            Source::Column(index) => {
                let column = who.columns.and_then(|columns| columns.get(index));
                return Cow::Borrowed(column.unwrap_or_default());
            }
            Source::Setup(index) => return Cow::Borrowed(event.setup.get(index).unwrap_or("")),
            Source::Captured(index) => {
                let value = who.captured.and_then(|values| values.get(index));
                return Cow::Borrowed(value.unwrap_or_default());
            }
        };
        let sum = i128::from(number) + i128::from(self.plus);
        Cow::Owned(match self.format {
            Format::Padded(width) => format!("{sum:0width$}"),
            Format::Uuid => self.uuid(event.seed, who.user.0, sum),
            Format::Plain | Format::Number | Format::Text => sum.to_string(),
        })
    }

    /// The UUID. The same for the same seed; for an attempt, different for each user.
    fn uuid(self, seed: u64, user: u64, sum: i128) -> String {
        let whose = match self.source {
            Source::Attempt => format!("{seed} user {user} attempt {sum}"),
            _ => format!("{seed} user {sum}"),
        };
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&Sha256::digest(whose.as_bytes())[..16]);
        let uuid = uuid::Builder::from_random_bytes(bytes).into_uuid();
        uuid.to_string()
    }

    /// Why the value is missing. `None` if it is not missing.
    pub fn missing(self, event: &EventValues, who: AttemptValues<'_>) -> Option<String> {
        let (values, index) = match self.source {
            Source::Setup(index) => (Some(&event.setup), index),
            Source::Captured(index) => (who.captured, index),
            _ => return None,
        };
        let name = values.map_or("", |values| values.placeholder(index));
        let value = values.and_then(|values| values.get(index));
        value
            .is_none()
            .then(|| format!("no answer has given a value for {{{{{name}}}}}"))
    }
}

impl Source {
    /// Whether the value is a number that the program itself generates.
    fn is_number(self) -> bool {
        matches!(self, Self::User | Self::Attempt | Self::Limit | Self::Seed)
    }
}

/// The source and the format of a name without a sum and a format.
fn find(name: &str, names: &Names<'_>) -> Option<(Source, Format)> {
    let plain = |source| Some((source, Format::Plain));
    if let Some(column) = name.strip_prefix("users.") {
        let index = names.user?.iter().position(|known| known == column)?;
        return plain(Source::Column(index));
    }
    let among = |known: &[Name]| known.iter().position(|known| known.placeholder == name);
    if let Some(index) = among(names.setup) {
        return plain(Source::Setup(index));
    }
    if names.user.is_some()
        && let Some(index) = among(names.captured)
    {
        return plain(Source::Captured(index));
    }
    let mut known = PLAIN.into_iter();
    let (_, source, format) = known.find(|(known, ..)| *known == name)?;
    Some((source, format))
}

/// `user:08`: the name and the format.
fn split_format(text: &str) -> Result<(&str, Option<Format>), Problem> {
    let Some((name, format)) = text.rsplit_once(':') else {
        return Ok((text, None));
    };
    let format = match format.trim() {
        "number" => Format::Number,
        "string" => Format::Text,
        "uuid" => Format::Uuid,
        width if width.starts_with('0') => match width.parse() {
            Ok(width @ 1..=WIDEST) => Format::Padded(width),
            _ => return Err(format_problem(text)),
        },
        _ => return Err(format_problem(text)),
    };
    Ok((name.trim(), Some(format)))
}

fn format_problem(text: &str) -> Problem {
    Problem::new(format!("format of placeholder {}", quoted(text)), FORMATS)
}

/// `user+1000`: the name and what is added.
fn split_sum(name: &str) -> Option<(&str, i64)> {
    let at = name.rfind(['+', '-'])?;
    let (base, number) = name.split_at(at);
    let digits = number[1..].trim();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let plus: i64 = digits.parse().ok()?;
    let sign = if number.starts_with('-') { -1 } else { 1 };
    Some((base.trim(), sign * plus))
}

fn unknown(name: &str, names: &Names<'_>) -> Problem {
    let columns = names.user.unwrap_or_default();
    let columns = columns.iter().map(|name| format!("users.{name}"));
    let captured = names.captured.iter().filter(|_| names.user.is_some());
    let captured = names.setup.iter().chain(captured);
    let captured = captured.map(|name| name.placeholder.clone());
    let others: Vec<_> = columns.chain(captured).collect();
    let plain = PLAIN.iter().map(|(name, ..)| *name);
    let known: Vec<_> = plain.chain(others.iter().map(String::as_str)).collect();
    let advice = match did_you_mean(name, &known) {
        near if near.starts_with("did") => near,
        _ => nothing_near(name, names, &known),
    };
    Problem::new(format!("unknown placeholder {}", quoted(name)), advice)
}

/// The advice for a name that is not similar to a known name.
fn nothing_near(name: &str, names: &Names<'_>, known: &[&str]) -> String {
    let space = name.split('.').next().unwrap_or_default();
    match space {
        "users" if names.user.unwrap_or_default().is_empty() => {
            "there is no [users] csv with such a column".to_owned()
        }
        "setup" => "no [[setup]] before it captures such a value".to_owned(),
        "step" | "claim" if names.user.is_none() => {
            "this is the same for all users, so only a capture of [[setup]] can stand here".to_owned()
        }
        "step" => "no [[step]] before it captures such a value".to_owned(),
        "claim" => {
            "only [confirm] and [poll] can use values of the answer to a claim, and no capture has that name"
                .to_owned()
        }
        _ => format!("use one of {}, or env.NAME", known.join(", ")),
    }
}
