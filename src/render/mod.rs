//! The outputs: one module each, fed by plain values of the model. Nothing here measures or judges.
//!
//! # Layout
//!
//! - `document`: the document tree and its renderers for terminal, Markdown and HTML
//! - [`run`]: a report of runs, for a terminal and as Markdown; [`html`]: the same as a page with plots
//! - [`json`], [`junit`], [`attempts`] (CSV), [`hgrm`]: a report of runs as data
//! - [`progress`]: the state of a run while it lasts
//! - [`comparison`], [`exploration`], [`hunt`], [`replay`], [`ceiling`], [`catalogue`], [`check`], [`served`], [`clean`]: the outputs
//!   of the other commands
//! - [`interleaving`]: the picture of a schedule, for all outputs
//! - `strategy_runs`, `head`, `judgement`, `overall`, `observed`, `samples`, `warnings`: sentences and figures that several outputs have
//! - [`destination`]: the file or the stream to which an output is written

pub mod attempts;
pub mod catalogue;
pub mod ceiling;
pub mod check;
pub mod clean;
pub mod comparison;
pub mod destination;
pub(crate) mod document;
pub mod exploration;
#[doc(hidden)]
pub mod fixtures;
mod head;
pub mod hgrm;
pub mod html;
pub mod hunt;
pub mod interleaving;
pub mod json;
mod judgement;
pub mod junit;
mod observed;
mod overall;
pub mod progress;
pub mod replay;
pub mod run;
mod samples;
pub mod served;
mod strategy_runs;
mod warnings;

pub use destination::Destination;
pub use document::Style;
pub(crate) use document::Tone;

use std::io;

use crate::model::report::Report;

/// A format of a report of runs.
pub trait Format: Sync {
    /// The whole report as text, ending in a newline.
    ///
    /// # Errors
    ///
    /// If the report cannot be written in this format.
    fn render(&self, report: &Report) -> io::Result<String>;
}

/// The formats of a report of runs, each with its flag. To add a format, write its module, add its `mod` line and its line here, then
/// add a field and a line in `REPORTS` of `config::settings`. Both lists have the same order; a test compares them.
pub const FORMATS: [(&str, &dyn Format); 4] = [
    ("--json", &json::Json),
    ("--junit", &junit::Junit),
    ("--markdown", &run::Markdown),
    ("--html", &html::Html),
];

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
