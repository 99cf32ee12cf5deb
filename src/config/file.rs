//! The scenario file: TOML whose keys are the flags of `run`, with underscores. Every error names its line.
//!
//! The values are parsed in [`mod@super::resolve`], as those of flags are.

use std::path::Path;

use super::settings::{self, RunSettings};
use crate::{
    input::{error::UsageError, toml_file::TomlFile},
    text::{problem::Problem, quote::quoted, values::did_you_mean},
};

/// Reads a scenario file and its settings.
///
/// # Errors
///
/// The file cannot be read, is not TOML, has an unknown key, or a value of the wrong type.
pub fn read(path: &Path) -> Result<(TomlFile, RunSettings), UsageError> {
    let file = TomlFile::read(path, "scenario")?;
    let settings = settings(&file)?;
    Ok((file, settings))
}

/// The settings of a file.
///
/// # Errors
///
/// The file is not TOML, has an unknown key, or a value of the wrong type.
pub fn settings(file: &TomlFile) -> Result<RunSettings, UsageError> {
    check_keys(file)?;
    // Each group is read by itself: serde's `flatten` would lose the lines.
    Ok(RunSettings {
        services: file.deserialize()?,
        connections: file.deserialize()?,
        consumption: file.deserialize()?,
        ..file.deserialize()?
    })
}

/// Checked here and not by serde, because a group of settings does not know the keys of the other groups.
fn check_keys(file: &TomlFile) -> Result<(), UsageError> {
    let known = settings::keys();
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    let table = file.table()?;
    // The first mistake of the file is reported; the table is sorted by name.
    let unknown = table
        .keys()
        .filter(|key| !known.contains(&key.get_ref().as_ref()))
        .min_by_key(|key| key.span().start);
    let Some(key) = unknown else { return Ok(()) };
    Err(UsageError::Setting {
        place: file.place("", key.span().start),
        problem: Problem::new(
            format!("unknown key {}", quoted(key.get_ref())),
            did_you_mean(key.get_ref(), &known),
        ),
    })
}
