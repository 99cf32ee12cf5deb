//! Users that a service knows by more than a number: a CSV with a line for each, named by its head.

use std::path::{Path, PathBuf};

use csv::StringRecord;

use crate::ports::UserId;

/// A table of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Users {
    path: PathBuf,
    columns: Vec<String>,
    lines: Vec<StringRecord>,
}

impl Users {
    /// Reads a file whose first line names the columns.
    pub fn read(path: &Path) -> Result<Self, String> {
        let reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::Headers)
            .from_path(path);
        let mut reader = reader.map_err(|error| error.to_string())?;
        let head = reader.headers().map_err(|error| error.to_string())?;
        let columns: Vec<_> = head.iter().map(str::to_owned).collect();
        let lines: Result<Vec<_>, _> = reader.records().collect();
        Ok(Self {
            path: path.to_owned(),
            columns,
            lines: lines.map_err(|error| error.to_string())?,
        })
    }

    /// As the file names them.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Where they come from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many users there are.
    pub fn len(&self) -> u64 {
        self.lines.len() as u64
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The line of a user, who are numbered from 1.
    pub fn line(&self, user: UserId) -> Option<&StringRecord> {
        let index = usize::try_from(user.0).ok()?.checked_sub(1)?;
        self.lines.get(index)
    }
}
