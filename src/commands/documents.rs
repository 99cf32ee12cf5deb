//! The documents of `explore` and `replay`: opened before the work, as a mistyped path must not cost it.

use super::{Failure, run::sink};
use crate::{cli::output::Documents, report::Sink};

/// One for each that was asked for.
pub struct Sinks {
    /// As JSON.
    pub json: Option<Sink>,
    /// As Markdown.
    pub markdown: Option<Sink>,
    /// One interleaving as SVG.
    pub svg: Option<Sink>,
}

impl Sinks {
    /// Opens them.
    pub fn open(documents: &Documents) -> Result<Self, Failure> {
        Ok(Self {
            json: sink("--json", documents.json.as_ref())?,
            markdown: sink("--markdown", documents.markdown.as_ref())?,
            svg: sink("--svg", documents.svg.as_ref())?,
        })
    }
}
