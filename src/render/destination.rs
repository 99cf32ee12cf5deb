//! The destination of an output: a file, or stdout.
//!
//! A regular file is written in the same folder under a temporary name, and renamed when it is complete. A full disk, a crash or
//! Ctrl-C leaves the old file unchanged. Devices and pipes cannot be replaced, so they are written directly.

use std::{
    ffi::OsString,
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::text::redact;

/// The largest number of symbolic links that are followed, as in Linux.
const MAX_LINKS: usize = 40;

/// The mode of a new file, before the umask.
const NEW_FILE: u32 = 0o666;

/// The destination of an output. It was writable when it was opened.
#[derive(Debug)]
pub enum Destination {
    /// Standard output, written as `-`.
    Stdout,
    /// A device or a pipe.
    Direct(File),
    /// A regular file in a folder that takes no new files: it is emptied and written in place.
    Emptied(File),
    /// A regular file that is replaced as a whole. It need not exist.
    Replaced(PathBuf),
}

impl Destination {
    /// Opens `-` as stdout and everything else as a file.
    ///
    /// Commands call this before the run, so that a mistyped path is an error before the work begins. A file keeps its content
    /// until [`Destination::write`], and a new file is created there: a failed run neither destroys a report nor leaves an empty
    /// file.
    ///
    /// # Errors
    ///
    /// If the file is not writable, or its folder does not exist.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        if path.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        let path = behind_links(path)?;
        if is_descriptor(&path) {
            // The file behind the descriptor may hold the text of other programs, so this output is appended.
            let file = OpenOptions::new().append(true).open(&path)?;
            return Ok(Self::Direct(file));
        }
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                beside(&path)?;
                Ok(Self::Replaced(path))
            }
            Err(error) => Err(error),
            Ok(_) => {
                let file = OpenOptions::new().write(true).open(&path)?;
                if !file.metadata()?.is_file() {
                    return Ok(Self::Direct(file));
                }
                Ok(match beside(&path) {
                    Ok(_) => Self::Replaced(path),
                    Err(_) => Self::Emptied(file),
                })
            }
        }
    }

    /// Appends the text to a file, after an empty line.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn append(path: &Path, text: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        let text = match file.metadata()?.len() {
            0 => text.to_owned(),
            _ => format!("\n{text}"),
        };
        send(&mut file, &redact::output(&text))
    }

    /// Replaces the content by the text, in which known secrets are masked. A reader that has closed its pipe is no error.
    ///
    /// # Errors
    ///
    /// If the file cannot be written or replaced.
    pub fn write(&mut self, text: &str) -> io::Result<()> {
        let mut writing = self.writing()?;
        let written = send(&mut writing, &redact::output(text));
        reader_may_leave(written.and_then(|()| writing.finish()))
    }

    /// Opens a writer that replaces the content.
    ///
    /// # Errors
    ///
    /// If the temporary file cannot be created, or the file not be emptied.
    pub fn writing(&mut self) -> io::Result<Writing> {
        Ok(match self {
            Self::Stdout => Writing::Stdout(io::stdout()),
            Self::Direct(file) => Writing::Direct(file.try_clone()?),
            Self::Emptied(file) => {
                file.set_len(0)?;
                Writing::Direct(file.try_clone()?)
            }
            Self::Replaced(path) => Writing::Beside(beside(path)?, path.clone()),
        })
    }
}

/// A writer. Without [`Writing::finish`], a replaced file keeps its old content.
#[derive(Debug)]
pub enum Writing {
    /// Standard output.
    Stdout(io::Stdout),
    /// A file that receives the output directly.
    Direct(File),
    /// A temporary file, and the path to which the complete file is moved.
    Beside(NamedTempFile, PathBuf),
}

impl Writing {
    /// Completes the output.
    ///
    /// # Errors
    ///
    /// If the rest of the output cannot be written, or the file not be replaced.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut stdout) => stdout.flush().map_err(|error| of_stdout(&error)),
            Self::Direct(mut file) => file.flush(),
            Self::Beside(mut file, path) => {
                file.flush()?;
                // The content must reach the disk before the rename does.
                file.as_file().sync_all()?;
                if let Ok(old) = fs::metadata(&path) {
                    keep_access(file.as_file(), file.path(), &old)?;
                }
                file.persist(&path).map_err(|error| error.error)?;
                Ok(())
            }
        }
    }
}

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes).map_err(|error| of_stdout(&error)),
            Self::Direct(file) => file.write(bytes),
            Self::Beside(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush().map_err(|error| of_stdout(&error)),
            Self::Direct(file) => file.flush(),
            Self::Beside(file, _) => file.flush(),
        }
    }
}

/// Adds the name of stdout to an error: an error of stdout has no path.
fn of_stdout(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("failed to write to stdout: {error}"))
}

/// The target of a symbolic link, which need not exist; a path that is no link is returned unchanged.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(next) if !is_descriptor(&path) => path = folder(&path).join(next),
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Whether the path is an open file of a process, as `/dev/stdout` and `/dev/fd/3` are.
fn is_descriptor(path: &Path) -> bool {
    fs::canonicalize(folder(path)).is_ok_and(|folder| folder.starts_with("/proc"))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A temporary file in the folder of `path`, with the mode of other new files; temporary files are private otherwise.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::IsADirectory, "it names no file"))?;
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    // Opened by this function, as an error of the library would have the name of the temporary file.
    tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(".tmp")
        .make_in(folder(path), |temporary| {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(NEW_FILE)
                .open(temporary)
        })
}

/// Gives a file the mode and, where that is allowed, the owner of the file that it replaces.
fn keep_access(file: &File, path: &Path, old: &Metadata) -> io::Result<()> {
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        // Only root may change the owner of a file.
        let _ = chown(path, Some(old.uid()), Some(old.gid()));
    }
    file.set_permissions(Permissions::from_mode(old.mode() & 0o7777))
}

fn send(writer: &mut impl Write, text: &str) -> io::Result<()> {
    writer.write_all(text.as_bytes())?;
    writer.flush()
}

/// Turns a closed pipe into success, as in `coupon-bench … | head`.
pub(super) fn reader_may_leave(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
