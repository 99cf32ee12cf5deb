//! A figure: a plot for wide and for narrow pages, its content as a sentence, and its numbers as a table.

use plotters::style::RGBColor;

use super::plot::{COLORS, DrawError, NARROW, Plot, WIDE};
use crate::render::document::{Table, html::HtmlTable};

/// A figure, ready for the page.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) caption: String,
    /// The content as a sentence, for screen readers.
    pub(super) words: String,
    pub(super) wide: String,
    pub(super) narrow: String,
    /// Index and name of each line; empty where the caption names the only line.
    pub(super) legend: Vec<(usize, String)>,
    /// The drawn numbers.
    pub(super) table: HtmlTable,
}

impl Figure {
    /// Draws the plot.
    pub(super) fn new(
        plot: &Plot,
        caption: String,
        words: String,
        legend: Vec<(usize, String)>,
        table: &Table,
    ) -> Result<Self, DrawError> {
        Ok(Self {
            caption,
            words,
            wide: plot.draw(WIDE)?,
            narrow: plot.draw(NARROW)?,
            legend,
            table: table.into(),
        })
    }
}

/// The colour of the `index`-th line, and its label.
pub(super) fn identity(index: usize) -> (RGBColor, String) {
    (COLORS[index % COLORS.len()], (index + 1).to_string())
}
