//! The scenario file: TOML whose keys are the flags of `run`, with underscores. Every error names its line.
//!
//! What the values mean is decided in [`mod@super::effective`], as for flags.

use std::{
    fs::File,
    io::{self, Read},
    ops::Range,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use toml::de::DeTable;

use super::{
    error::{Place, Problem, UsageError},
    mask::quoted,
    settings::{self, RunSettings, ServiceArgs},
    values::did_you_mean,
};

/// Far more than a scenario needs; keeps `--scenario /dev/zero` from filling the memory.
const MAX_BYTES: u64 = 1024 * 1024;

/// A scenario file, kept to find the line of a byte.
#[derive(Debug, Clone)]
pub struct ScenarioFile {
    path: PathBuf,
    text: String,
}

impl ScenarioFile {
    /// Reads a file and its settings.
    pub fn read(path: &Path) -> Result<(Self, RunSettings), UsageError> {
        let text = read_text(path).map_err(|reason| UsageError::Unreadable {
            path: path.to_owned(),
            reason,
        })?;
        Self::parse(path, text)
    }

    /// The settings of a text; `path` is for the errors.
    pub fn parse(path: &Path, text: String) -> Result<(Self, RunSettings), UsageError> {
        let file = Self {
            path: path.to_owned(),
            text,
        };
        let table = DeTable::parse(&file.text).map_err(|error| file.syntax_error(&error))?;
        let table = table.get_ref();
        file.check_keys(table)?;
        let mut settings: RunSettings = file.deserialize(table)?;
        settings.services = file.deserialize::<ServiceArgs>(table)?;
        Ok((file, settings))
    }

    /// The place of the byte `offset`, in the value of `key`.
    pub fn place(&self, key: &str, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or_default();
        Place::Key {
            file: self.path.clone(),
            line: 1 + before.matches('\n').count(),
            key: key.to_owned(),
        }
    }

    /// By hand and before anything else, as serde would list thirty keys where one is near.
    fn check_keys(&self, table: &DeTable<'_>) -> Result<(), UsageError> {
        let known = settings::keys();
        let known: Vec<_> = known.iter().map(String::as_str).collect();
        // In the order of the file, not of the alphabet: the first mistake is told first.
        let unknown = table
            .keys()
            .filter(|key| !known.contains(&key.get_ref().as_ref()))
            .min_by_key(|key| key.span().start);
        let Some(key) = unknown else { return Ok(()) };
        Err(UsageError::Setting {
            place: self.place("", key.span().start),
            problem: Problem::new(
                format!("unknown key {}", quoted(key.get_ref())),
                did_you_mean(key.get_ref(), &known),
            ),
        })
    }

    /// From the text and not from the table: a table that was parsed before has lost its spans.
    fn deserialize<T: DeserializeOwned>(&self, table: &DeTable<'_>) -> Result<T, UsageError> {
        toml::from_str(&self.text).map_err(|error| {
            let start = start_of(error.span());
            let key = table
                .iter()
                .find(|(_, value)| value.span().contains(&start))
                .map_or("", |(key, _)| key.get_ref());
            UsageError::Setting {
                place: self.place(key, start),
                problem: Problem::new("wrong type", one_line(error.message())),
            }
        })
    }

    fn syntax_error(&self, error: &toml::de::Error) -> UsageError {
        UsageError::Setting {
            place: self.place("", start_of(error.span())),
            problem: Problem::new("invalid TOML", one_line(error.message())),
        }
    }
}

/// Or what to say about why not.
fn read_text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Ok(length) if length as u64 > MAX_BYTES => {
            Err("it is larger than 1 MiB, so it is no scenario".to_owned())
        }
        Ok(_) => String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..valid]);
            format!(
                "it is not UTF-8 in line {}",
                1 + before.matches('\n').count()
            )
        }),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::IsADirectory => "it is a directory, name the file in it".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => one_line(&error.to_string()),
        }),
    }
}

fn start_of(span: Option<Range<usize>>) -> usize {
    span.map_or(0, |span| span.start)
}

fn one_line(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join(", ")
}
