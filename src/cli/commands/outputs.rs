//! The outputs of a command: first the text on stdout, then each document.
//!
//! A document that cannot be written is reported with its flag. The other documents are still written, and the exit code of a
//! violated promise stays.

use std::io;

use super::{CommandError, complain};
use crate::{
    config::{OutputTarget, output::Documents},
    judge::exit,
    model::report::Report,
    render::{Destination, attempts::Attempts, hgrm::Folder},
    text::redact,
};

/// An output of a flag, opened.
pub(super) struct OutputFile {
    flag: &'static str,
    place: String,
    sink: Destination,
}

impl OutputFile {
    /// Opens the output of `flag`, if the flag is given. Called before the run, so that a wrong path is reported first.
    pub fn open(
        flag: &'static str,
        target: Option<&OutputTarget>,
    ) -> Result<Option<Self>, CommandError> {
        let (place, sink) = match target {
            None => return Ok(None),
            Some(OutputTarget::Stdout) => ("-".to_owned(), Ok(Destination::Stdout)),
            Some(OutputTarget::File(path)) => (path.display().to_string(), Destination::open(path)),
        };
        match sink {
            Ok(sink) => Ok(Some(Self { flag, place, sink })),
            Err(error) => Err(CommandError::Output(flag, place, error)),
        }
    }
}

/// The documents of `explore`, `replay` and `hunt`, opened.
pub(super) struct DocumentFiles {
    /// The result as JSON.
    pub json: Option<OutputFile>,
    /// The result as Markdown.
    pub markdown: Option<OutputFile>,
    /// One interleaving as SVG.
    pub svg: Option<OutputFile>,
    /// The result as a page.
    pub html: Option<OutputFile>,
}

impl DocumentFiles {
    /// Opens the documents whose flags are given.
    pub fn open(documents: &Documents) -> Result<Self, CommandError> {
        Ok(Self {
            json: OutputFile::open("--json", documents.json.as_ref())?,
            markdown: OutputFile::open("--markdown", documents.markdown.as_ref())?,
            svg: OutputFile::open("--svg", documents.svg.as_ref())?,
            html: OutputFile::open("--html", documents.html.as_ref())?,
        })
    }
}

/// The CSV file of `--attempts-csv`.
pub(super) struct AttemptsOutput {
    flag: &'static str,
    place: String,
    /// The rows, written after each run.
    pub attempts: Attempts,
}

impl From<OutputFile> for AttemptsOutput {
    fn from(document: OutputFile) -> Self {
        Self {
            flag: document.flag,
            place: document.place,
            attempts: Attempts::new(document.sink),
        }
    }
}

/// Writes the outputs, and notes whether one failed.
#[derive(Default)]
pub(super) struct OutputWriter {
    failed: bool,
}

impl OutputWriter {
    /// Writes the text of the result to stdout.
    pub fn result(&mut self, text: &str) {
        if let Err(error) = Destination::Stdout.write(text) {
            complain(&error.to_string());
            self.failed = true;
        }
    }

    /// Writes a document, if its flag is given.
    pub fn document(
        &mut self,
        document: Option<OutputFile>,
        render: impl FnOnce() -> io::Result<String>,
    ) {
        let Some(OutputFile {
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

    /// Writes the percentile distributions, if `--hgrm` is given.
    pub fn folder(&mut self, folder: Option<&Folder>, report: &Report) {
        if let Some(folder) = folder {
            let place = folder.path().display().to_string();
            self.note(folder.write(report), "--hgrm", &place);
        }
    }

    /// Finishes the CSV file, if `--attempts-csv` is given.
    pub fn attempts(&mut self, file: Option<AttemptsOutput>) {
        if let Some(file) = file {
            self.note(file.attempts.finish(), file.flag, &file.place);
        }
    }

    /// Reports an output that could not be written.
    pub fn note(&mut self, written: io::Result<()>, flag: &str, place: &str) {
        if let Err(error) = written {
            let place = redact::value(place);
            complain(&format!("failed to write {place} ({flag}): {error}"));
            self.failed = true;
        }
    }

    /// The exit code: `code`, or that of an unexpected error where an output failed and `code` is not a violation.
    pub fn exit_code(&self, code: u8) -> u8 {
        if self.failed && code != exit::VIOLATED {
            exit::UNEXPECTED
        } else {
            code
        }
    }
}
