//! A figure: a plot for every width, what it shows in words, and its figures in a table.

use plotters::style::RGBColor;

use super::plot::{COLORS, DrawError, NARROW, Plot, WIDE};
use crate::render::document::{Table, html::HtmlTable};

/// A figure, ready for the page.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) caption: String,
    /// For those who do not see it.
    pub(super) words: String,
    pub(super) wide: String,
    pub(super) narrow: String,
    /// Names of the lines, by their places; empty where the caption says it all.
    pub(super) legend: Vec<(usize, String)>,
    /// What is drawn, as numbers.
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
