//! Users with more properties than a number: a CSV file with one line for each user. The first line names the columns.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use csv::StringRecord;

use crate::ports::UserId;

/// Columns that identify a user, in lower case and without punctuation. A value that occurs twice would make one user of two users.
const OF_ONE_USER: [&str; 15] = [
    "id",
    "userid",
    "user",
    "uuid",
    "userno",
    "username",
    "login",
    "email",
    "phone",
    "token",
    "accesstoken",
    "jwt",
    "session",
    "sessionid",
    "cookie",
];

/// A table of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Users {
    path: PathBuf,
    columns: Vec<String>,
    lines: Vec<StringRecord>,
}

impl Users {
    /// Reads the CSV file at `path`. Its first line names the columns.
    ///
    /// # Errors
    /// The file cannot be read, is not CSV, or has the same id or token on two lines.
    pub fn read(path: &Path) -> Result<Self, String> {
        let reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::Headers)
            .from_path(path);
        let mut reader = reader.map_err(|error| error.to_string())?;
        let head = reader.headers().map_err(|error| error.to_string())?;
        let columns: Vec<_> = head.iter().map(str::to_owned).collect();
        let lines: Result<Vec<_>, _> = reader.records().collect();
        let users = Self {
            path: path.to_owned(),
            columns,
            lines: lines.map_err(|error| error.to_string())?,
        };
        users.check()?;
        Ok(users)
    }

    /// Refuses a file in which two users have the same id or token.
    fn check(&self) -> Result<(), String> {
        for (index, column) in self.columns.iter().enumerate() {
            let plain = column.chars().filter(char::is_ascii_alphanumeric);
            let plain: String = plain.map(|c| c.to_ascii_lowercase()).collect();
            if !OF_ONE_USER.contains(&plain.as_str()) {
                continue;
            }
            let values = self.lines.iter().map(|line| line.get(index));
            if let Some((first, second)) = self.twice(values.map(Option::unwrap_or_default)) {
                return Err(format!(
                    "lines {first} and {second} have the same {column:?}, and every user needs a different one"
                ));
            }
        }
        Ok(())
    }

    /// The numbers of the first two lines with the same text, given one text for every user.
    pub fn twice(&self, texts: impl Iterator<Item = impl AsRef<str>>) -> Option<(u64, u64)> {
        let mut seen: HashMap<String, u64> = HashMap::with_capacity(self.lines.len());
        for (line, text) in self.lines.iter().zip(texts) {
            let number = line.position().map_or(0, csv::Position::line);
            if let Some(first) = seen.insert(text.as_ref().trim().to_owned(), number) {
                return Some((first, number));
            }
        }
        None
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Every value of every user.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().flatten()
    }

    /// The path of the CSV file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of users.
    pub fn len(&self) -> u64 {
        self.lines.len() as u64
    }

    /// Whether the file has no user.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The line of a user. Users are numbered from 1.
    pub fn line(&self, user: UserId) -> Option<&StringRecord> {
        let index = usize::try_from(user.0).ok()?.checked_sub(1)?;
        self.lines.get(index)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn read(text: &str) -> Result<Users, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Users::read(file.path())
    }

    #[test]
    fn an_id_or_a_token_that_occurs_twice_is_reported_with_both_lines() {
        for (text, expected) in [
            (
                "id,token\nu-1,a\nu-2,b\nu-1,c\n",
                "lines 2 and 4 have the same \"id\"",
            ),
            (
                "id,Access-Token\n1,a\n2,\"b\nb\"\n3,a\n",
                "lines 2 and 5 have the same \"Access-Token\"",
            ),
            (
                "User_Id,name\n123456789012345678901234567890,x\n 123456789012345678901234567890 ,y\n",
                "lines 2 and 3 have the same \"User_Id\"",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
            // A token is a secret.
            assert!(!error.contains("u-1") && !error.contains("123"), "{error}");
        }
        for text in [
            "id,country\n1,NL\n2,NL\n",
            "id\n123456789012345678901234567890\n123456789012345678901234567891\n",
            "id\n1.10\n1.1\n1e3\n1000\n",
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
    }
}
