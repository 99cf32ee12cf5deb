//! The scenario file: TOML whose keys are the flags of `run`, with underscores. Every error names its line.
//!
//! What the values mean is decided in [`mod@super::effective`], as for flags.

use std::path::Path;

use super::settings::{self, RunSettings, ServiceArgs};
use crate::{
    input::{error::UsageError, toml_file::TomlFile},
    text::{problem::Problem, quote::quoted, values::did_you_mean},
};

/// Reads a scenario file and its settings.
pub fn read(path: &Path) -> Result<(TomlFile, RunSettings), UsageError> {
    let file = TomlFile::read(path, "scenario")?;
    let settings = settings(&file)?;
    Ok((file, settings))
}

/// What a file says.
pub fn settings(file: &TomlFile) -> Result<RunSettings, UsageError> {
    check_keys(file)?;
    let mut settings: RunSettings = file.deserialize()?;
    settings.services = file.deserialize::<ServiceArgs>()?;
    Ok(settings)
}

/// By hand and before anything else, as the two halves of the settings do not know each other's keys.
fn check_keys(file: &TomlFile) -> Result<(), UsageError> {
    let known = settings::keys();
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    let table = file.table()?;
    // In the order of the file, not of the alphabet: the first mistake is told first.
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
