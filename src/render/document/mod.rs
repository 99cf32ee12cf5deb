//! The document tree: what a report, a comparison or an exploration shows, before it is decided how that looks.
//!
//! A [`Document`] is a list of blocks. A block says what a text is (a fact, a note, a table, a line of a verdict), a [`Tone`] says
//! what it means, and a renderer decides on signs, colours and widths. Every table is described once, as a [`Table`].
//!
//! # Layout
//!
//! - `mod`: the document and its blocks; `table`: tables; `style`: tones and colours
//! - `terminal`: the renderer for a terminal, with `layout` for lines and columns
//! - `markdown`: the renderer for Markdown, with `escape` for foreign text
//! - `html`: tables for the page of [`super::html`]

pub(super) mod escape;
pub(super) mod html;
pub(super) mod layout;
mod markdown;
mod style;
mod table;
mod terminal;

pub use style::Style;
pub(crate) use style::Tone;
pub(crate) use table::{Cell, Column, ColumnKind, Row, Table};

use crate::model::interleaving::Interleaving;

/// Text whose parts have tones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text(Vec<(Tone, String)>);

impl Text {
    /// Text of one tone.
    pub(crate) fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self(vec![(tone, text.into())])
    }

    /// This text, followed by another.
    pub(crate) fn then(mut self, other: impl Into<Self>) -> Self {
        self.0.extend(other.into().0);
        self
    }

    /// The parts with a separator between them.
    pub(crate) fn joined(parts: impl IntoIterator<Item = Self>, separator: &str) -> Self {
        let mut all = Self::default();
        for (index, part) in parts.into_iter().enumerate() {
            if index > 0 {
                all = all.then(separator);
            }
            all = all.then(part);
        }
        all
    }

    /// The text without its tones.
    pub(crate) fn plain(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, text)| text.is_empty())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::toned(Tone::Plain, text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::toned(Tone::Plain, text)
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self::toned(Tone::Plain, text)
    }
}

/// One part of a document.
#[derive(Debug, Clone)]
enum Block {
    /// An empty line between two parts. Markdown has one between all blocks anyway.
    Gap,
    /// The title of the document, with the sign of its tone in front, if it has one.
    Title(Option<Tone>, String),
    /// The title of a section.
    Heading(Text),
    /// A line in bold.
    Strong(String),
    /// A label, padded to the width of its column, and the text beside it.
    Fact(String, Text),
    /// A line of a verdict or of a list.
    VerdictLine(VerdictLine),
    /// An explanation in small print.
    Note(String),
    /// Running text.
    Paragraph(String),
    /// Lines that stay as they are.
    Lines(Text),
    Table(Table),
    /// Names, and beside each a text that is wrapped.
    Entries(Vec<(String, String)>),
    /// A picture of an interleaving.
    Picture(Box<Interleaving>),
    /// A part that a page shows folded, under this title.
    Folded(&'static str, Document),
}

/// A line of a verdict: a bar in its tone on a terminal, an item of a list elsewhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct VerdictLine {
    /// The colour of the bar.
    pub(crate) tone: Tone,
    /// Whether the sign of the tone stands in front in a list.
    pub(crate) is_signed: bool,
    /// The strategy that the line is about; empty where one line covers all.
    pub(crate) name: String,
    /// What separates the name from the text.
    pub(crate) separator: &'static str,
    /// How deep the item is in its list.
    pub(crate) level: usize,
    pub(crate) text: Text,
}

/// Blocks in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Document {
    blocks: Vec<Block>,
}

impl Document {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn gap(&mut self) {
        self.blocks.push(Block::Gap);
    }

    pub(crate) fn title(&mut self, tone: Option<Tone>, text: impl Into<String>) {
        self.blocks.push(Block::Title(tone, text.into()));
    }

    pub(crate) fn heading(&mut self, text: impl Into<Text>) {
        self.blocks.push(Block::Heading(text.into()));
    }

    pub(crate) fn strong(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Strong(text.into()));
    }

    /// A label in a column of twelve characters, and the text beside it.
    pub(crate) fn fact(&mut self, label: &str, text: impl Into<Text>) {
        self.hanging(format!("{label:<12}"), text);
    }

    /// The same with a label of any width.
    pub(crate) fn hanging(&mut self, label: impl Into<String>, text: impl Into<Text>) {
        self.blocks.push(Block::Fact(label.into(), text.into()));
    }

    pub(crate) fn facts(&mut self, facts: impl IntoIterator<Item = (&'static str, String)>) {
        for (label, text) in facts {
            self.fact(label, text);
        }
    }

    /// A line of a verdict.
    pub(crate) fn bar(&mut self, tone: Tone, text: impl Into<Text>) {
        self.line(VerdictLine {
            tone,
            text: text.into(),
            ..VerdictLine::default()
        });
    }

    pub(crate) fn line(&mut self, line: VerdictLine) {
        self.blocks.push(Block::VerdictLine(line));
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Note(text.into()));
    }

    pub(crate) fn notes<T: Into<String>>(&mut self, notes: impl IntoIterator<Item = T>) {
        for note in notes {
            self.note(note);
        }
    }

    pub(crate) fn paragraph(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph(text.into()));
    }

    pub(crate) fn lines(&mut self, text: impl Into<Text>) {
        self.blocks.push(Block::Lines(text.into()));
    }

    pub(crate) fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table(table));
    }

    pub(crate) fn entries(&mut self, entries: Vec<(String, String)>) {
        self.blocks.push(Block::Entries(entries));
    }

    pub(crate) fn picture(&mut self, picture: &Interleaving) {
        self.blocks.push(Block::Picture(Box::new(picture.clone())));
    }

    pub(crate) fn folded(&mut self, title: &'static str, body: Self) {
        self.blocks.push(Block::Folded(title, body));
    }

    /// A heading and the body, if there is anything in the body.
    pub(crate) fn section(&mut self, title: &str, body: Self) {
        if !body.blocks.is_empty() {
            self.heading(title);
            self.blocks.extend(body.blocks);
        }
    }

    /// A section that is a list.
    pub(crate) fn list(&mut self, title: &str, items: impl IntoIterator<Item = String>) {
        let mut body = Self::new();
        items
            .into_iter()
            .for_each(|item| body.bar(Tone::Plain, item));
        self.section(title, body);
    }
}
