//! A figure: a plot for every width, what it shows in words, and its figures in a table.

use plotters::style::RGBColor;

use super::{
    plot::{COLORS, DrawError, NARROW, Plot, WIDE},
    table::Table,
};

/// A figure, ready for the page.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) caption: String,
    /// For those who do not see it.
    pub(super) words: String,
    pub(super) wide: String,
    pub(super) narrow: String,
    /// Names of the lines, by their places; empty where there is one.
    pub(super) legend: Vec<(usize, String)>,
    /// What is drawn, as numbers.
    pub(super) table: Table,
}

impl Figure {
    /// Draws the plot.
    pub(super) fn new(
        plot: &Plot,
        caption: String,
        words: String,
        legend: Vec<(usize, String)>,
        table: Table,
    ) -> Result<Self, DrawError> {
        Ok(Self {
            caption,
            words,
            wide: plot.draw(WIDE)?,
            narrow: plot.draw(NARROW)?,
            legend: if legend.len() > 1 { legend } else { Vec::new() },
            table,
        })
    }
}

/// The colour of the `index`-th line, and its label where there are several.
pub(super) fn identity(index: usize, lines: usize) -> (RGBColor, String) {
    let label = if lines > 1 {
        (index + 1).to_string()
    } else {
        String::new()
    };
    (COLORS[index % COLORS.len()], label)
}
