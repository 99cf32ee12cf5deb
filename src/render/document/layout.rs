//! Text in lines of a terminal's width: labels, bars, and tables without a frame.

use tabled::{
    Table,
    builder::Builder,
    settings::{
        Alignment, Padding, Style as Lines,
        formatting::AlignmentStrategy,
        object::Columns,
        style::{Border, HorizontalLine, VerticalLine},
    },
};
use textwrap::{Options, WordSplitter};

use super::style::{Style, Tone};
use crate::text;

/// The lines written so far.
pub(crate) struct TerminalWriter {
    pub(crate) style: Style,
    text: String,
}

impl TerminalWriter {
    pub(crate) fn new(style: Style) -> Self {
        Self {
            style,
            text: String::new(),
        }
    }

    /// Writes an empty line, unless the text begins here or the last line is empty.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A line that has its colours already.
    pub(crate) fn heading(&mut self, text: &str) {
        self.wrap(text, "", "");
    }

    pub(crate) fn note(&mut self, text: &str) {
        for line in wrapped(text, self.style.width, "", "") {
            self.push(&self.style.paint(Tone::Quiet, line));
        }
    }

    /// A paragraph of Markdown, without backticks.
    pub(crate) fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.wrap(text.trim().replace('`', "").as_str(), "", "");
        }
    }

    /// A label at the left, and text that stays in the column beside it.
    pub(crate) fn hanging(&mut self, label: &str, text: &str) {
        let rest = " ".repeat(textwrap::core::display_width(label));
        self.wrap(text, label, &rest);
    }

    /// A line with a coloured bar at its left, which stands out.
    pub(crate) fn barred(&mut self, tone: Tone, text: &str) {
        let bar = format!("{} ", self.style.paint(tone, "▌"));
        self.wrap(text, &bar, &bar);
    }

    /// Lines that are not wrapped.
    pub(crate) fn block(&mut self, text: &str) {
        for line in text.lines() {
            self.push(line);
        }
    }

    pub(crate) fn finish(self) -> String {
        let printable = if self.style.color {
            text::printable_in_color
        } else {
            text::printable
        };
        printable(&self.text).into_owned()
    }

    fn wrap(&mut self, text: &str, first: &str, rest: &str) {
        for line in wrapped(text, self.style.width, first, rest) {
            self.push(&line);
        }
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// Lines of at most `width` characters. A word with a hyphen, such as `redis-kafka`, is not divided.
pub(crate) fn wrapped(text: &str, width: usize, first: &str, rest: &str) -> Vec<String> {
    let options = Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .word_splitter(WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::wrap(text, options)
        .into_iter()
        .map(std::borrow::Cow::into_owned)
        .collect()
}

/// A table without a frame. The first row is the head.
pub(crate) struct Grid {
    pub(crate) rows: Vec<Vec<String>>,
    /// Indices of the columns that are aligned to the left.
    pub(crate) left: Vec<usize>,
    /// The column before which a line divides the table.
    pub(crate) divider: Option<usize>,
}

impl Grid {
    /// The table as text, with two spaces between columns if the width allows it, otherwise with one.
    pub(crate) fn draw(&self, style: Style) -> String {
        let airy = self.table(2);
        if airy.total_width() <= style.width {
            airy.to_string()
        } else {
            self.table(1).to_string()
        }
    }

    /// The width of the table with so many spaces between columns.
    pub(crate) fn width(&self, gap: usize) -> usize {
        self.table(gap).total_width()
    }

    fn table(&self, gap: usize) -> Table {
        let columns = self.rows.first().map_or(0, Vec::len);
        let mut table = Builder::from_iter(self.rows.clone()).build();
        let rule = HorizontalLine::new('─');
        match self.divider {
            Some(at) => {
                table.with(
                    Lines::empty()
                        .horizontals([(1, rule)])
                        .verticals([(at, VerticalLine::new('│'))]),
                );
                table.modify(
                    (0, at),
                    Border::new().bottom('─').left('│').corner_bottom_left('┼'),
                );
            }
            None => {
                table.with(Lines::empty().horizontals([(1, rule)]));
            }
        }
        for column in 0..columns {
            let ends_part = column + 1 == columns;
            let starts_part = self.divider == Some(column);
            let right = if ends_part { 0 } else { gap };
            table.modify(
                Columns::one(column),
                Padding::new(usize::from(starts_part) * gap, right, 0, 0),
            );
            if !self.left.contains(&column) {
                table.modify(Columns::one(column), Alignment::right());
                table.modify(Columns::one(column), AlignmentStrategy::PerLine);
            }
        }
        table
    }
}
