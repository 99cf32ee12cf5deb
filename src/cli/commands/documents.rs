//! The documents of `explore` and `replay`: opened before the work, as a mistyped path must not cost it.

use super::{Failure, outputs::Document};
use crate::config::output::Documents;

/// One for each that was asked for.
pub struct Sinks {
    /// As JSON.
    pub json: Option<Document>,
    /// As Markdown.
    pub markdown: Option<Document>,
    /// One interleaving as SVG.
    pub svg: Option<Document>,
}

impl Sinks {
    /// Opens them.
    pub fn open(documents: &Documents) -> Result<Self, Failure> {
        Ok(Self {
            json: Document::open("--json", documents.json.as_ref())?,
            markdown: Document::open("--markdown", documents.markdown.as_ref())?,
            svg: Document::open("--svg", documents.svg.as_ref())?,
        })
    }
}
