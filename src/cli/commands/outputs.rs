//! What a command writes at its end: first the result for people, then each document. One that cannot be written is named with
//! its flag, the others are written all the same, and no verdict is hidden by it.

use std::io;

use super::{Failure, complain};
use crate::{
    config::OutputTarget,
    judge::exit,
    model::report::Report,
    render::{Destination, attempts::Attempts, hgrm::Folder},
    text::redact,
};

/// A document that was asked for, and where it goes.
pub(super) struct Document {
    flag: &'static str,
    place: String,
    sink: Destination,
}

impl Document {
    /// Opens the output of `flag`, if it was asked for: before the work, as a mistyped path must not cost it.
    pub fn open(
        flag: &'static str,
        target: Option<&OutputTarget>,
    ) -> Result<Option<Self>, Failure> {
        let (place, sink) = match target {
            None => return Ok(None),
            Some(OutputTarget::Stdout) => ("-".to_owned(), Ok(Destination::Stdout)),
            Some(OutputTarget::File(path)) => (path.display().to_string(), Destination::open(path)),
        };
        match sink {
            Ok(sink) => Ok(Some(Self { flag, place, sink })),
            Err(error) => Err(Failure::Output(flag, place, error)),
        }
    }
}

/// Every attempt as CSV, where that was asked for.
pub(super) struct AttemptsFile {
    flag: &'static str,
    place: String,
    /// Written run by run.
    pub attempts: Attempts,
}

impl From<Document> for AttemptsFile {
    fn from(document: Document) -> Self {
        Self {
            flag: document.flag,
            place: document.place,
            attempts: Attempts::new(document.sink),
        }
    }
}

/// What became of the outputs so far.
#[derive(Default)]
pub(super) struct Written {
    failed: bool,
}

impl Written {
    /// Writes the result for people to stdout.
    pub fn result(&mut self, text: &str) {
        if let Err(error) = Destination::Stdout.write(text) {
            complain(&error.to_string());
            self.failed = true;
        }
    }

    /// Writes a document, if it was asked for.
    pub fn document(
        &mut self,
        document: Option<Document>,
        render: impl FnOnce() -> io::Result<String>,
    ) {
        let Some(Document {
            flag,
            place,
            mut sink,
        }) = document
        else {
            return;
        };
        let written = render().and_then(|text| sink.write(&text));
        self.note(written, flag, &place);
    }

    /// Writes the percentile distributions, if they were asked for.
    pub fn folder(&mut self, folder: Option<&Folder>, report: &Report) {
        if let Some(folder) = folder {
            let place = folder.path().display().to_string();
            self.note(folder.write(report), "--hgrm", &place);
        }
    }

    /// Puts the CSV in its place, if it was asked for.
    pub fn attempts(&mut self, file: Option<AttemptsFile>) {
        if let Some(file) = file {
            self.note(file.attempts.finish(), file.flag, &file.place);
        }
    }

    /// Names what could not be written.
    pub fn note(&mut self, written: io::Result<()>, flag: &str, place: &str) {
        if let Err(error) = written {
            let place = redact::value(place);
            complain(&format!("failed to write {place} ({flag}): {error}"));
            self.failed = true;
        }
    }

    /// The exit code of a command that would have ended with `code`: a broken promise stays one, and everything else is an error
    /// where an output is missing.
    pub fn exit_code(&self, code: u8) -> u8 {
        if self.failed && code != exit::VIOLATED {
            exit::UNEXPECTED
        } else {
            code
        }
    }
}
