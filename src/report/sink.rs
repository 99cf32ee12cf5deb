//! Where an output goes: a file, or stdout. What is written is none of its business.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// An output's destination, known to be writable.
#[derive(Debug)]
pub enum Sink {
    /// `-`.
    Stdout,
    /// A pipe, a device, or a file that is there already.
    File(File),
    /// A file that is not there until it is written to.
    New(PathBuf),
}

impl Sink {
    /// Opens `-` as stdout and everything else as a file.
    ///
    /// This happens before the run, so that a mistyped path does not cost one. A file that is there keeps its content
    /// until [`Sink::write`], and one that is not there comes with it: a run that fails neither destroys the last report
    /// nor leaves an empty one.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        if path.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        let is_new = !path.exists();
        let file = create(path)?;
        if is_new && remove(path).is_ok() {
            return Ok(Self::New(path.to_owned()));
        }
        Ok(Self::File(file))
    }

    /// Adds the text to what is in the file, with an empty line between them.
    pub fn append(path: &Path, text: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        let text = match file.metadata()?.len() {
            0 => text.to_owned(),
            _ => format!("\n{text}"),
        };
        send(&mut file, &text)
    }

    /// Writes the text in place of whatever was there. A reader who has left is no error.
    pub fn write(&mut self, text: &str) -> io::Result<()> {
        let written = match self {
            Self::Stdout => send(&mut io::stdout().lock(), text),
            Self::File(file) => {
                empty(file)?;
                send(file, text)
            }
            Self::New(path) => send(&mut fresh(path)?, text),
        };
        reader_may_leave(written)
    }

    /// For what is written bit by bit, in place of whatever was there.
    pub fn into_writer(self) -> io::Result<Box<dyn Write + Send>> {
        Ok(match self {
            Self::Stdout => Box::new(io::stdout()),
            Self::File(file) => {
                empty(&file)?;
                Box::new(file)
            }
            Self::New(path) => Box::new(fresh(&path)?),
        })
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// Of a link, what it points to.
fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(fs::canonicalize(path)?)
}

/// Somebody may have written the file meanwhile.
fn fresh(path: &Path) -> io::Result<File> {
    let file = create(path)?;
    empty(&file)?;
    Ok(file)
}

/// Pipes and devices have no length to set.
fn empty(file: &File) -> io::Result<()> {
    if file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    Ok(())
}

fn send(writer: &mut impl Write, text: &str) -> io::Result<()> {
    writer.write_all(text.as_bytes())?;
    writer.flush()
}

/// `coupon-bench … | head` is a success.
fn reader_may_leave(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_longer_old_report_is_replaced_only_when_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.json");
        std::fs::write(&path, "an old and longer report").unwrap();

        let mut sink = Sink::open(&path).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "an old and longer report"
        );
        sink.write("new\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new\n");
    }

    #[test]
    fn a_file_that_was_not_there_comes_with_what_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.xml");
        let mut sink = Sink::open(&path).unwrap();
        let writer = Sink::open(&path).unwrap();
        assert!(!path.exists());
        sink.write("<testsuites/>\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "<testsuites/>\n");
        writer.into_writer().unwrap().write_all(b"a,b\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a,b\n");
    }

    #[test]
    fn a_link_to_nothing_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("latest.json");
        let behind = directory.path().join("today.json");
        std::os::unix::fs::symlink(&behind, &path).unwrap();
        let mut sink = Sink::open(&path).unwrap();
        assert!(path.is_symlink() && !behind.exists());
        sink.write("new").unwrap();
        assert_eq!(std::fs::read_to_string(&behind).unwrap(), "new");
    }

    #[test]
    fn what_is_appended_follows_what_was_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("summary.md");
        Sink::append(&path, "one\n").unwrap();
        Sink::append(&path, "two\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\n\ntwo\n");
        assert!(Sink::append(directory.path(), "three").is_err());
    }

    #[test]
    fn a_path_that_cannot_be_written_fails_on_opening() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Sink::open(directory.path().join("missing/report.json")).is_err());
    }

    #[test]
    fn a_dash_is_stdout() {
        assert!(matches!(Sink::open("-").unwrap(), Sink::Stdout));
    }

    #[test]
    fn only_a_broken_pipe_is_forgiven() {
        assert!(reader_may_leave(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        assert!(reader_may_leave(Err(io::ErrorKind::StorageFull.into())).is_err());
    }
}
