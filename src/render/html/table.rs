//! A table for the page.

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// Whether it is compared with others, and so stands at the right.
    pub(super) figure: bool,
    /// A class of the style sheet; empty where it is plain.
    pub(super) tone: &'static str,
}

/// Rows under a head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) head: Vec<Cell>,
    /// The first cell is the head of its row.
    pub(super) rows: Vec<Vec<Cell>>,
}

/// A cell of words.
pub(super) fn words(text: impl Into<String>) -> Cell {
    Cell {
        text: text.into(),
        figure: false,
        tone: "",
    }
}

/// A cell with a number.
pub(super) fn number(text: impl Into<String>) -> Cell {
    Cell {
        text: text.into(),
        figure: true,
        tone: "",
    }
}

impl Cell {
    /// The same in a colour that says how good it is.
    pub(super) fn toned(self, tone: &'static str) -> Self {
        Self { tone, ..self }
    }
}

impl Table {
    /// A column of words, and columns of numbers.
    pub(super) fn of_numbers(
        head: &[&str],
        rows: impl IntoIterator<Item = (String, Vec<String>)>,
    ) -> Self {
        let mut head: Vec<_> = head.iter().map(|name| number(*name)).collect();
        if let Some(first) = head.first_mut() {
            first.figure = false;
        }
        let rows = rows.into_iter().map(|(name, cells)| {
            let cells = cells.into_iter().map(number);
            std::iter::once(words(name)).chain(cells).collect()
        });
        Self {
            head,
            rows: rows.collect(),
        }
    }
}
