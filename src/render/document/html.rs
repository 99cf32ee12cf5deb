//! A table for the HTML page: what its template reads.

use super::{Cell, ColumnKind, Table, Tone};

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::render) struct HtmlCell {
    pub(in crate::render) text: String,
    /// Whether it is aligned to the right.
    pub(in crate::render) figure: bool,
    /// A class of the style sheet; empty where the cell is plain.
    pub(in crate::render) tone: &'static str,
}

/// Rows under a head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::render) struct HtmlTable {
    pub(in crate::render) head: Vec<HtmlCell>,
    /// The first cell is the head of its row.
    pub(in crate::render) rows: Vec<Vec<HtmlCell>>,
}

impl From<&Table> for HtmlTable {
    fn from(table: &Table) -> Self {
        let is_figure = |index: usize| table.columns[index].kind == ColumnKind::Figures;
        let head = table.columns.iter().map(|column| HtmlCell {
            text: column.title(),
            figure: column.kind == ColumnKind::Figures,
            tone: "",
        });
        let rows = table.cells().map(|cells| {
            let cells = cells.iter().enumerate();
            let cells = cells.map(|(index, cell)| html_cell(cell, is_figure(index)));
            cells.collect()
        });
        Self {
            head: head.collect(),
            rows: rows.collect(),
        }
    }
}

fn html_cell(cell: &Cell, figure: bool) -> HtmlCell {
    let (text, tone) = match cell {
        Cell::Text(text) => (text.plain(), ""),
        Cell::Either(_, text) | Cell::Name(Tone::Plain, text) => (text.clone(), ""),
        Cell::Name(tone, text) | Cell::Signed(tone, text) => {
            (format!("{} {text}", sign(*tone)), class(*tone))
        }
        Cell::Bar { value, .. } => (value.to_string(), ""),
    };
    HtmlCell { text, figure, tone }
}

/// The class of a tone.
pub(in crate::render) fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Bad => "bad",
        _ => "warn",
    }
}

/// The sign of a tone: nothing is shown by colour alone.
fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "✓",
        Tone::Bad => "✗",
        _ => "?",
    }
}
