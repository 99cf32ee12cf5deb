//! A document as Markdown, made for the comment on a pull request. All text is escaped: names may come from anywhere.

use std::fmt::Write;

use super::{Block, Cell, ColumnKind, Document, Table, Tone, VerdictLine, escape::escaped};
use crate::{render::interleaving, text::printable};

impl Document {
    /// The whole document, ending in a newline.
    pub(crate) fn markdown(&self) -> String {
        printable(&self.blocks_as_markdown()).into_owned()
    }

    /// Blocks with one empty line between them; facts and lines that follow each other are one table or one list.
    fn blocks_as_markdown(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut before: Option<&Block> = None;
        for block in &self.blocks {
            let text = match block {
                Block::Gap => continue,
                Block::Title(None, text) => format!("## {}\n", escaped(text)),
                Block::Title(Some(tone), text) => format!("## {} {}\n", sign(*tone), escaped(text)),
                Block::Heading(text) => format!("### {}\n", escaped(&text.plain())),
                Block::Strong(text) => format!("**{}**\n", escaped(text)),
                Block::Fact(label, text) => row([label.trim_end(), &text.plain()].map(escaped)),
                Block::VerdictLine(line) => item(line),
                Block::Note(text) => format!("<sub>{}</sub>\n", escaped(text)),
                Block::Paragraph(text) => format!("{}\n", escaped(text)),
                Block::Lines(text) => format!("```\n{}\n```\n", text.plain()),
                Block::Table(table) => table_as_markdown(table),
                Block::Entries(entries) => {
                    let items = entries.iter().map(|(name, text)| VerdictLine {
                        name: name.clone(),
                        separator: ": ",
                        text: text.into(),
                        ..VerdictLine::default()
                    });
                    items.map(|line| item(&line)).collect()
                }
                Block::Picture(picture) => interleaving::markdown::render(picture),
                // The empty lines make it Markdown within HTML.
                Block::Folded(title, body) => format!(
                    "<details>\n<summary>{title}</summary>\n\n{}\n</details>\n",
                    body.blocks_as_markdown()
                ),
            };
            match (before, block, parts.last_mut()) {
                (Some(Block::Fact(..)), Block::Fact(..), Some(last))
                | (Some(Block::VerdictLine(_)), Block::VerdictLine(_), Some(last)) => {
                    last.push_str(&text);
                }
                (_, Block::Fact(..), _) => parts.push(format!("|  |  |\n| --- | --- |\n{text}")),
                _ => parts.push(text),
            }
            before = Some(block);
        }
        parts.join("\n")
    }
}

/// The sign of a tone: nothing is shown by colour alone.
fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "✅",
        Tone::Bad => "❌",
        _ => "⚠️",
    }
}

fn item(line: &VerdictLine) -> String {
    let mut text = format!("{}- ", "  ".repeat(line.level));
    // Writing to a string cannot fail.
    if line.is_signed {
        let _ = write!(text, "{} ", sign(line.tone));
    }
    if !line.name.is_empty() {
        let _ = write!(text, "**{}**{}", escaped(&line.name), line.separator);
    }
    let _ = writeln!(text, "{}", escaped(&line.text.plain()));
    text
}

fn table_as_markdown(table: &Table) -> String {
    let columns = &table.columns;
    let rule = columns.iter().map(|column| match column.kind {
        ColumnKind::Figures => "---:",
        ColumnKind::Words | ColumnKind::Prose | ColumnKind::Bars => "---",
    });
    let mut text = row(columns.iter().map(|column| escaped(&column.title())));
    text += &row(rule);
    for cells in table.cells() {
        text += &row(cells.iter().map(cell));
    }
    text
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => escaped(&text.plain()),
        Cell::Either(_, text) | Cell::Name(Tone::Plain, text) => escaped(text),
        Cell::Name(tone, text) | Cell::Signed(tone, text) => {
            format!("{} {}", sign(*tone), escaped(text))
        }
        Cell::Bar { value, .. } => value.to_string(),
    }
}

fn row(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let cells = cells.into_iter().map(|cell| cell.as_ref().to_owned());
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}
