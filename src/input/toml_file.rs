//! A TOML file: read once, and kept so that every error names its line and its key.

use std::{
    fs::File,
    io::{self, Read},
    ops::Range,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue, Error};

use super::error::{Place, UsageError};
use crate::text::{problem::Problem, quote::quoted, values::did_you_mean};

/// The largest file, in bytes: `/dev/zero` must not fill the memory.
const MAX_BYTES: u64 = 1024 * 1024;

/// The keys of arrays of tables, in scenario files and target files.
const ARRAYS: [&str; 3] = ["setup", "step", "outcome"];

/// A TOML file.
#[derive(Debug, Clone)]
pub struct TomlFile {
    path: PathBuf,
    text: String,
}

impl TomlFile {
    /// Reads a file of a kind, such as `scenario`.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is too large, or is not UTF-8.
    pub fn read(path: &Path, kind: &'static str) -> Result<Self, UsageError> {
        let text = read_text(path).map_err(|reason| UsageError::Unreadable {
            kind,
            path: path.to_owned(),
            reason,
        })?;
        Ok(Self::of(path, text))
    }

    /// A file with this text. `path` is for errors and for relative paths.
    pub fn of(path: &Path, text: String) -> Self {
        Self {
            path: path.to_owned(),
            text,
        }
    }

    /// The path of a file that this file names, relative to the folder of this file.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(name)
    }

    /// The text of the file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The place of the byte `offset`, which belongs to `key`.
    pub fn place(&self, key: &str, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or_default();
        Place::Key {
            file: self.path.clone(),
            line: 1 + before.matches('\n').count(),
            key: key.to_owned(),
        }
    }

    /// The error `problem` of the value at the byte `offset`, with its line and key.
    pub fn wrong_at(&self, offset: usize, problem: Problem) -> UsageError {
        UsageError::Setting {
            place: self.place(&self.key(offset), offset),
            problem,
        }
    }

    /// The key of the value at the byte `offset`; empty where there is no value.
    fn key(&self, offset: usize) -> String {
        let table = DeTable::parse(&self.text).ok();
        let key = table.and_then(|table| key_at(table.get_ref(), offset));
        key.unwrap_or_default()
    }

    /// The table of the file, with the positions of all values.
    ///
    /// # Errors
    ///
    /// The file is not valid TOML.
    pub fn table(&self) -> Result<DeTable<'_>, UsageError> {
        match DeTable::parse(&self.text) {
            Ok(table) => Ok(table.into_inner()),
            Err(error) => Err(UsageError::Setting {
                place: self.place("", start_of(error.span())),
                problem: Problem::new("invalid TOML", self.advice(&error)),
            }),
        }
    }

    /// Deserializes the file from its text, because a parsed table has lost its positions.
    ///
    /// # Errors
    ///
    /// The file is not valid TOML, or a key or a value does not fit `T`.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, UsageError> {
        self.table()?;
        toml::from_str(&self.text).map_err(|error| {
            let offset = start_of(error.span());
            self.wrong_at(offset, problem(&error, &self.key(offset)))
        })
    }

    /// What to do about an error of the TOML syntax.
    fn advice(&self, error: &Error) -> String {
        let message = one_line(error.message());
        let span = error.span().unwrap_or_default();
        if message == "duplicate key" {
            let key = self.text.get(span).unwrap_or_default();
            let several = several(key.trim()).unwrap_or_default();
            return format!("{message} {}{several}", quoted(key));
        }
        match bare_placeholder(self.line(span.start)) {
            Some(name) => {
                format!("{message}; a placeholder has to be quoted: \"{{{{{name}}}}}\"")
            }
            None => message,
        }
    }

    /// The text of the line with the byte `offset`.
    fn line(&self, offset: usize) -> &str {
        let (before, after) = self.text.split_at_checked(offset).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = after.find('\n').unwrap_or(after.len());
        &self.text[start..before.len() + end]
    }
}

/// The advice to write an array of tables, for a key of an array of tables.
fn several(key: &str) -> Option<String> {
    ARRAYS.contains(&key).then(|| format!(": write [[{key}]]"))
}

/// The name of the first placeholder of a line that is outside of a string.
fn bare_placeholder(line: &str) -> Option<&str> {
    let mut quote = None;
    let mut characters = line.char_indices();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (None, '#') => return None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '{') => {
                if let Some(rest) = line[at..].strip_prefix("{{") {
                    return Some(rest.split('}').next().unwrap_or_default().trim());
                }
            }
            (Some('"'), '\\') => {
                characters.next();
            }
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    None
}

/// Translates serde's error about `key`. serde names the known keys in backticks.
fn problem(error: &Error, key: &str) -> Problem {
    let message = error.message();
    let mut names = message.split('`').skip(1).step_by(2);
    let name = names.next().unwrap_or_default();
    if message.starts_with("unknown field") {
        let known: Vec<_> = names.collect();
        let what = format!("unknown key {}", quoted(name));
        return Problem::new(what, did_you_mean(name, &known));
    }
    if message.starts_with("missing field") {
        return Problem::new(
            format!("no key {}", quoted(name)),
            "the key is required, so add it",
        );
    }
    let several = several(key).filter(|_| message.ends_with("map, expected a sequence"));
    let advice = one_line(&without_string(message)) + &several.unwrap_or_default();
    Problem::new("wrong type", advice)
}

/// Removes the string from `invalid type: string "…", expected a map`, because it may be a secret.
fn without_string(message: &str) -> String {
    let string = message.find(" string \"").map(|at| at + " string".len());
    match (string, message.rfind("\", expected")) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", &message[..start], &message[end + 1..])
        }
        _ => message.to_owned(),
    }
}

/// The path of the innermost key whose name or value the byte `offset` is in: `outcome[1].status`.
fn key_at(table: &DeTable<'_>, offset: usize) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let name = key.get_ref();
        if key.span().contains(&offset) {
            return Some(name.to_string());
        }
        let inner = match value.get_ref() {
            DeValue::Table(inner) => key_at(inner, offset).map(|rest| format!("{name}.{rest}")),
            DeValue::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
                let rest = match item.get_ref() {
                    DeValue::Table(inner) => key_at(inner, offset),
                    _ => None,
                };
                // The index counts from 1.
                let here = || format!("{name}[{}]", index + 1);
                match rest {
                    Some(rest) => Some(format!("{}.{rest}", here())),
                    None => item.span().contains(&offset).then(here),
                }
            }),
            _ => None,
        };
        inner.or_else(|| value.span().contains(&offset).then(|| name.to_string()))
    })
}

/// Reads a file; the error is one line.
fn read_text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Ok(length) if length as u64 > MAX_BYTES => Err("the file is larger than 1 MiB".to_owned()),
        Ok(_) => String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..valid]);
            format!(
                "the file is not UTF-8 in line {}",
                1 + before.matches('\n').count()
            )
        }),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::IsADirectory => {
                "the path is a directory, so name a file in it".to_owned()
            }
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
