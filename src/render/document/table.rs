//! A table: its columns, and rows of cells. A renderer decides which columns fit.

use super::{Text, Tone};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    /// Text, aligned to the left.
    Words,
    /// Numbers, aligned to the right.
    Figures,
    /// Running text that is wrapped to the width that the other columns leave. Each part of a cell's text begins a line.
    Prose,
    /// Bars of a histogram.
    Bars,
}

/// One column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// A line break says where the head may be broken.
    pub(crate) head: Text,
    /// The head outside of a terminal, where it differs.
    pub(crate) elsewhere: Option<String>,
    pub(crate) kind: ColumnKind,
    /// On a terminal without room for all columns, those with the smallest number are left out first.
    pub(crate) dispensable: Option<u8>,
    /// On a terminal, the table is divided between columns of different blocks where it does not fit.
    pub(crate) block: Option<u8>,
    /// Whether a terminal leaves the column out where all its cells are empty.
    pub(crate) only_if_filled: bool,
}

impl Column {
    fn new(head: impl Into<Text>, kind: ColumnKind) -> Self {
        Self {
            head: head.into(),
            elsewhere: None,
            kind,
            dispensable: None,
            block: None,
            only_if_filled: false,
        }
    }

    pub(crate) fn words(head: impl Into<Text>) -> Self {
        Self::new(head, ColumnKind::Words)
    }

    pub(crate) fn figures(head: impl Into<Text>) -> Self {
        Self::new(head, ColumnKind::Figures)
    }

    pub(crate) fn prose(head: impl Into<Text>) -> Self {
        Self::new(head, ColumnKind::Prose)
    }

    pub(crate) fn bars(head: impl Into<Text>) -> Self {
        Self::new(head, ColumnKind::Bars)
    }

    /// The same with another head outside of a terminal.
    pub(crate) fn elsewhere(self, head: impl Into<String>) -> Self {
        Self {
            elsewhere: Some(head.into()),
            ..self
        }
    }

    /// The same, left out on a narrow terminal; smaller orders first.
    pub(crate) fn dispensable(self, order: u8) -> Self {
        Self {
            dispensable: Some(order),
            ..self
        }
    }

    /// The head on one line, for documents without a fixed width.
    pub(super) fn title(&self) -> String {
        match &self.elsewhere {
            Some(head) => head.clone(),
            None => self.head.plain().replace("-\n", "-").replace('\n', " "),
        }
    }
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(Text),
    /// One text on a terminal, another one elsewhere.
    Either(Text, String),
    /// What the row is about: indented on a terminal; with the sign of its tone elsewhere, unless the tone is plain.
    Name(Tone, String),
    /// A word in its tone: coloured on a terminal, with the sign of its tone elsewhere.
    Signed(Tone, String),
    /// A value to the scale of the largest one of its column.
    Bar {
        value: u64,
        most: u64,
    },
}

impl<T: Into<Text>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

impl Cell {
    /// A number in its tone, unless it is 0.
    pub(crate) fn figure(number: u64, tone: Tone) -> Self {
        let tone = if number == 0 { Tone::Plain } else { tone };
        Text::toned(tone, crate::text::format::count(number)).into()
    }

    pub(crate) fn name(name: impl Into<String>) -> Self {
        Self::Name(Tone::Plain, name.into())
    }
}

/// One row.
#[derive(Debug, Clone)]
pub(crate) enum Row {
    Cells(Vec<Cell>),
    /// A title between rows, or an empty line; on a terminal alone.
    Section(Text),
}

/// Rows under a head.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// The column before which a terminal draws a line.
    pub(crate) divider: Option<usize>,
    /// Whether a terminal shortens names that take more than three tenths of its width.
    pub(crate) shortens_names: bool,
}

impl Table {
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            ..Self::default()
        }
    }

    /// A column of words, and columns of figures.
    pub(crate) fn of_figures<'a>(heads: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = Self::new(heads.into_iter().map(Column::figures));
        if let Some(first) = table.columns.first_mut() {
            first.kind = ColumnKind::Words;
        }
        table
    }

    /// The same with these rows.
    pub(crate) fn with<R: IntoIterator<Item = Cell>>(
        mut self,
        rows: impl IntoIterator<Item = R>,
    ) -> Self {
        rows.into_iter().for_each(|row| self.row(row));
        self
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row::Cells(cells.into_iter().collect()));
    }

    /// A title between rows; an empty one is an empty line.
    pub(crate) fn section(&mut self, title: impl Into<Text>) {
        self.rows.push(Row::Section(title.into()));
    }

    /// The rows without the titles between them.
    pub(super) fn cells(&self) -> impl Iterator<Item = &[Cell]> {
        self.rows.iter().filter_map(|row| match row {
            Row::Cells(cells) => Some(cells.as_slice()),
            Row::Section(_) => None,
        })
    }
}
