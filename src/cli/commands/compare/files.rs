//! Reports in files, and the baselines: `.coupon-bench/baselines/NAME.json` in the current directory, plain reports that can
//! be committed, copied and read like any other.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::super::Failure;
use crate::{
    cli::compare::BaselineName,
    judge::compare::{self, Named},
    model::report::Report,
    render::json,
    strategies,
    text::{format::clean, quote::quoted},
};

const BASELINES: &str = ".coupon-bench/baselines";

/// Far more than a report needs; keeps `compare /dev/zero` from filling the memory.
const MAX_BYTES: u64 = 1 << 30;

/// Reads a report.
pub(super) fn load(path: &Path) -> Result<Named, Failure> {
    let name = path.to_string_lossy().into_owned();
    let report = read(path).map_err(|reason| {
        Failure::Refused(format!("cannot compare {}: {reason}", quoted(&name)))
    })?;
    Ok(Named { name, report })
}

/// Reads a baseline.
pub(super) fn load_baseline(name: &BaselineName) -> Result<Named, Failure> {
    let path = path_of(name);
    if !path.exists() {
        let known = match names().join(", ") {
            none if none.is_empty() => format!("make it with --save-baseline {name}"),
            known => format!("there are {known}"),
        };
        let text = format!("no baseline {name} in {BASELINES}: {known}");
        return Err(Failure::Refused(text));
    }
    Ok(Named {
        name: name.to_string(),
        ..load(&path)?
    })
}

/// Or what to say about why not.
fn read(path: &Path) -> Result<Report, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Ok(length) if length as u64 > MAX_BYTES => Err("it is larger than 1 GiB".to_owned()),
        Ok(_) => {
            let text = String::from_utf8(bytes).map_err(|_| "it is no text (UTF-8)".to_owned())?;
            compare::read(&text).map_err(|unreadable| clean(&unreadable.to_string()))
        }
        Err(error) => Err(match error.kind() {
            io::ErrorKind::NotFound => missing(path),
            io::ErrorKind::IsADirectory => "it is a directory, name the reports in it".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => clean(&error.to_string()),
        }),
    }
}

/// Whoever wrote `compare naive,redis-incr` meant something else.
fn missing(path: &Path) -> String {
    let text = path.to_string_lossy();
    let named = text
        .split(',')
        .all(|name| name == "all" || strategies::find(name).is_some());
    let advice = if named {
        " (strategies are named by --strategy)"
    } else {
        ""
    };
    format!("there is no such file{advice}")
}

fn path_of(name: &BaselineName) -> PathBuf {
    Path::new(BASELINES).join(format!("{name}.json"))
}

/// Those that there are, by name.
fn names() -> Vec<String> {
    let entries = fs::read_dir(BASELINES).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".json").map(clean))
        .collect();
    names.sort();
    names
}

/// A place where a baseline can be kept. The last one stays until the new one is whole.
pub(super) struct Slot {
    path: PathBuf,
    file: NamedTempFile,
}

impl Slot {
    pub(super) fn open(name: &BaselineName) -> Result<Self, Failure> {
        let path = path_of(name);
        let file = fs::create_dir_all(BASELINES).and_then(|()| temporary());
        file.map(|file| Self {
            path: path.clone(),
            file,
        })
        .map_err(|error| Failure::Output("--save-baseline", path.display().to_string(), error))
    }

    /// Where the baseline is kept.
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

/// Beside the others, and as readable as they are: a temporary file is private otherwise.
fn temporary() -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(BASELINES)
}
