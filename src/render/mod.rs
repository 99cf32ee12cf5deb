//! The outputs: one file each, all fed by one [`Report`] value.
//!
//! To add a format, write its file with a [`Format`] in it. [`Sink`] knows where the text goes. Nothing here measures,
//! judges or knows a backend; [`progress`] is the one output that is shown while a run lasts.
//!
//! # Layout
//!
//! - `model`: the report; `format`, `sink`: how a number looks, where a text goes
//! - `subject`, `head`, `judgement`, `overall`, `columns`, `samples`: what every output says in the same words
//! - [`terminal`], [`json`], [`junit`], [`markdown`], [`html`], [`attempts`] (CSV), [`hgrm`]: a run's outputs
//! - [`progress`]: while it lasts
//! - [`exploration`], [`replayed`], [`compared`], [`ceiling`], [`catalogue`], [`page`], [`handbook`]: those of the other commands
//! - [`interleaving`]: the picture that all of them share

pub mod attempts;
pub mod catalogue;
pub mod ceiling;
mod columns;
pub mod compared;
pub mod exploration;
#[doc(hidden)]
pub mod fixtures;
pub mod handbook;
mod head;
pub mod hgrm;
pub mod html;
pub mod interleaving;
pub mod json;
mod judgement;
pub mod junit;
pub mod markdown;
mod observed;
mod overall;
pub mod page;
pub mod progress;
pub mod replayed;
mod samples;
pub mod served;
pub mod sink;
mod subject;
pub mod terminal;
pub mod trial;
mod warnings;

pub use sink::Sink;

use std::io;

use crate::model::report::Report;

/// A way of writing a report down.
pub trait Format {
    /// The whole report as text, ending in a newline.
    fn render(&self, report: &Report) -> io::Result<String>;
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
