//! Report files and baselines. A baseline is the report `.coupon-bench/baselines/NAME.json` in the current directory.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::super::CommandError;
use crate::{
    cli::compare::BaselineName,
    judge::compare::{self, NamedReport},
    model::report::Report,
    render::json,
    strategies,
    text::{format::clean, quote::quoted},
};

const BASELINES: &str = ".coupon-bench/baselines";

/// The largest report file, in bytes: `compare /dev/zero` must not fill the memory.
const MAX_BYTES: u64 = 1 << 30;

/// Reads a report.
pub(super) fn load(path: &Path) -> Result<NamedReport, CommandError> {
    let name = path.to_string_lossy().into_owned();
    let report = read(path).map_err(|reason| {
        CommandError::Refused(format!("cannot compare {}: {reason}", quoted(&name)))
    })?;
    Ok(NamedReport { name, report })
}

/// Reads a baseline.
pub(super) fn load_baseline(name: &BaselineName) -> Result<NamedReport, CommandError> {
    let path = path_of(name);
    if !path.exists() {
        let known = match names().join(", ") {
            none if none.is_empty() => format!("create it with --save-baseline {name}"),
            known => format!("the baselines are {known}"),
        };
        let text = format!("no baseline {name} in {BASELINES}: {known}");
        return Err(CommandError::Refused(text));
    }
    Ok(NamedReport {
        name: name.to_string(),
        ..load(&path)?
    })
}

/// Reads a report file; the error is one line.
fn read(path: &Path) -> Result<Report, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Ok(length) if length as u64 > MAX_BYTES => Err("the file is larger than 1 GiB".to_owned()),
        Ok(_) => {
            let text =
                String::from_utf8(bytes).map_err(|_| "the file is not UTF-8 text".to_owned())?;
            compare::read(&text).map_err(|unreadable| clean(&unreadable.to_string()))
        }
        Err(error) => Err(match error.kind() {
            io::ErrorKind::NotFound => missing(path),
            io::ErrorKind::IsADirectory => {
                "the path is a directory, so name the reports in it".to_owned()
            }
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => clean(&error.to_string()),
        }),
    }
}

/// The error of a missing file. `compare naive,redis-incr` gets the advice to use `--strategy`.
fn missing(path: &Path) -> String {
    let text = path.to_string_lossy();
    let named = text
        .split(',')
        .all(|name| name == "all" || strategies::find(name).is_some());
    let advice = if named {
        " (name strategies with --strategy)"
    } else {
        ""
    };
    format!("there is no such file{advice}")
}

fn path_of(name: &BaselineName) -> PathBuf {
    Path::new(BASELINES).join(format!("{name}.json"))
}

/// The names of the existing baselines, sorted.
fn names() -> Vec<String> {
    let entries = fs::read_dir(BASELINES).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".json").map(clean))
        .collect();
    names.sort();
    names
}

/// The file of a baseline to save. The old baseline stays until the new one is complete.
pub(super) struct BaselineFile {
    path: PathBuf,
    file: NamedTempFile,
}

impl BaselineFile {
    pub(super) fn open(name: &BaselineName) -> Result<Self, CommandError> {
        let path = path_of(name);
        let file = fs::create_dir_all(BASELINES).and_then(|()| temporary());
        file.map(|file| Self {
            path: path.clone(),
            file,
        })
        .map_err(|error| CommandError::Output("--save-baseline", path.display().to_string(), error))
    }

    /// The path of the baseline.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn save(mut self, report: &Report) -> io::Result<PathBuf> {
        let text = json::render(report)?;
        io::Write::write_all(&mut self.file, text.as_bytes())?;
        self.file.persist(&self.path).map_err(|error| error.error)?;
        Ok(self.path)
    }
}

/// A temporary file in the folder of the baselines, readable as the umask allows; by default a temporary file is private.
fn temporary() -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(BASELINES)
}
