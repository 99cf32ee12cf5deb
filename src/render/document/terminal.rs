//! A document on a terminal: wrapped to its width, tables with as many columns as fit.

use super::{
    Block, Cell, Column, ColumnKind, Document, Row, Style, Table, Text, Tone,
    layout::{Grid, TerminalWriter, wrapped},
};
use crate::{
    render::interleaving,
    text::format::{clean, shorten},
};

impl Document {
    /// The whole document, for a terminal of this style.
    pub(crate) fn terminal(&self, style: Style) -> String {
        let mut writer = TerminalWriter::new(style.readable());
        self.write(&mut writer);
        writer.finish()
    }

    fn write(&self, writer: &mut TerminalWriter) {
        let style = writer.style;
        for block in &self.blocks {
            match block {
                Block::Gap => writer.gap(),
                Block::Title(_, text) | Block::Strong(text) => {
                    writer.heading(&style.paint(Tone::Heading, text));
                }
                Block::Heading(text) => writer.heading(&heading(text, style)),
                Block::Fact(label, text) => writer.hanging(label, &text.painted(style)),
                Block::VerdictLine(line) => {
                    let text = line.text.painted(style);
                    let text = format!("{}{}{text}", line.name, line.separator);
                    writer.barred(line.tone, &text);
                }
                Block::Note(text) => writer.note(text),
                Block::Paragraph(text) => writer.text(text),
                Block::Lines(text) => writer.block(&text.painted(style)),
                Block::Table(table) => write_table(writer, table),
                Block::Entries(entries) => write_entries(writer, entries),
                Block::Picture(picture) => {
                    writer.block(&interleaving::terminal::render(picture, style));
                }
                Block::Folded(title, body) => {
                    writer.gap();
                    writer.heading(&style.paint(Tone::Heading, title));
                    body.write(writer);
                }
            }
        }
    }
}

impl Text {
    /// The text with its tones as colours. Each line is coloured by itself: a table pads lines, and the padding has no colour.
    pub(super) fn painted(&self, style: Style) -> String {
        let parts = self.0.iter().map(|(tone, text)| {
            let lines = text.split('\n').map(|line| style.paint(*tone, line));
            lines.collect::<Vec<_>>().join("\n")
        });
        parts.collect()
    }
}

/// In bold, unless the text has a tone already.
fn heading(text: &Text, style: Style) -> String {
    let parts = text.0.iter().map(|(tone, part)| match tone {
        Tone::Plain => (Tone::Heading, part.clone()),
        tone => (*tone, part.clone()),
    });
    Text(parts.collect()).painted(style)
}

/// Names are aligned, and no longer than leaves room for the texts.
fn write_entries(writer: &mut TerminalWriter, entries: &[(String, String)]) {
    let style = writer.style;
    let names = entries.iter().map(|(name, _)| indented(style, name, true));
    let names: Vec<_> = names.collect();
    let widths = names.iter().map(|name| textwrap::core::display_width(name));
    let width = widths.max().unwrap_or(0);
    for (name, (_, text)) in names.iter().zip(entries) {
        let pad = " ".repeat(width - textwrap::core::display_width(name));
        writer.hanging(&format!("{name}{pad}  "), text);
    }
}

fn indented(style: Style, name: &str, is_shortened: bool) -> String {
    if is_shortened {
        format!("  {}", shorten(&clean(name), style.width * 3 / 10))
    } else {
        format!("  {name}")
    }
}

/// One table, or as many as it takes for the columns to fit, where the table can be divided.
fn write_table(writer: &mut TerminalWriter, table: &Table) {
    let style = writer.style;
    let columns = fitting(table, style);
    let is_divisible = table.columns.iter().any(|column| column.block.is_some());
    let parts = match columns.split_first() {
        Some((first, rest)) if is_divisible => {
            let airy = parts(table, *first, rest, style, 2);
            let tight = parts(table, *first, rest, style, 1);
            // Narrow gaps are used only if they save a table.
            if tight.len() < airy.len() {
                tight
            } else {
                airy
            }
        }
        _ => vec![columns],
    };
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            writer.gap();
        }
        writer.block(&grid(table, part, style).draw(style));
    }
}

/// The columns that are shown: dispensable ones are left out until the rest fits.
fn fitting(table: &Table, style: Style) -> Vec<usize> {
    let is_filled = |index: usize| table.cells().any(|row| !is_empty(&row[index]));
    let mut columns: Vec<_> = (0..table.columns.len())
        .filter(|index| !table.columns[*index].only_if_filled || is_filled(*index))
        .collect();
    let orders = table.columns.iter().filter_map(|column| column.dispensable);
    let mut orders: Vec<_> = orders.collect();
    orders.sort_unstable();
    orders.dedup();
    for order in orders {
        if grid(table, &columns, style).width(1) > style.width {
            columns.retain(|index| table.columns[*index].dispensable != Some(order));
        }
    }
    columns
}

fn is_empty(cell: &Cell) -> bool {
    matches!(cell, Cell::Text(text) if text.is_empty())
}

/// Divides the columns, between blocks where possible. The first column stands in every part.
fn parts(
    table: &Table,
    first: usize,
    mut rest: &[usize],
    style: Style,
    gap: usize,
) -> Vec<Vec<usize>> {
    let block = |index: usize| table.columns[index].block;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let part = |taken: usize| [&[first], &rest[..taken]].concat();
        let fits = |taken: &usize| grid(table, &part(*taken), style).width(gap) <= style.width;
        let ends_block = |taken: &usize| {
            rest.get(*taken)
                .is_none_or(|next| block(*next) != block(rest[taken - 1]))
        };
        let lengths = || (1..=rest.len()).rev();
        let taken = lengths()
            .filter(ends_block)
            .find(fits)
            .or_else(|| lengths().find(fits))
            .unwrap_or(1);
        parts.push(part(taken));
        rest = &rest[taken..];
    }
    parts
}

/// The table with these of its columns.
fn grid(table: &Table, columns: &[usize], style: Style) -> Grid {
    let shown: Vec<&Column> = columns.iter().map(|at| &table.columns[*at]).collect();
    let bars = shown
        .iter()
        .filter(|column| column.kind == ColumnKind::Bars);
    let bar_width = bar_width(style, bars.count());
    let mut rows = vec![shown.iter().map(|it| heading(&it.head, style)).collect()];
    for row in &table.rows {
        rows.push(match row {
            Row::Section(title) => {
                let mut cells = vec![String::new(); columns.len()];
                if let Some(first) = cells.first_mut() {
                    *first = title.painted(style);
                }
                cells
            }
            Row::Cells(cells) => {
                let cells = columns.iter().map(|at| &cells[*at]);
                let cells = cells.map(|cell| painted(cell, style, bar_width, table.shortens_names));
                cells.collect()
            }
        });
    }
    let is_left = |index: &usize| shown[*index].kind != ColumnKind::Figures;
    if let Some(prose) = shown.iter().position(|it| it.kind == ColumnKind::Prose) {
        wrap_prose(table, columns, prose, &mut rows, style);
    }
    Grid {
        rows,
        left: (0..shown.len()).filter(is_left).collect(),
        divider: table.divider,
    }
}

fn painted(cell: &Cell, style: Style, bar_width: usize, shortens_names: bool) -> String {
    match cell {
        Cell::Text(text) | Cell::Either(text, _) => text.painted(style),
        Cell::Name(_, name) => indented(style, name, shortens_names),
        Cell::Signed(tone, word) => style.paint(*tone, word),
        Cell::Bar { value, most } => bar(*value, *most, bar_width),
    }
}

/// Wraps the column of running text to what the other columns leave, two columns of air after each.
fn wrap_prose(
    table: &Table,
    columns: &[usize],
    prose: usize,
    rows: &mut [Vec<String>],
    style: Style,
) {
    let width = |column: usize| {
        let cells = rows.iter().flat_map(|row| row[column].lines());
        cells.map(textwrap::core::display_width).max().unwrap_or(0)
    };
    let others = (0..columns.len()).filter(|column| *column != prose);
    let taken: usize = others.map(|column| width(column) + 2).sum();
    let room = style.width.saturating_sub(taken).max(20);
    let wrap = |text: &Text, plain: Tone| {
        let parts = text.0.iter().enumerate().flat_map(|(index, (tone, part))| {
            let rest = if index == 0 { "" } else { "  " };
            let tone = if *tone == Tone::Plain { plain } else { *tone };
            let lines = wrapped(part, room, "", rest).into_iter();
            lines.map(move |line| style.paint(tone, line))
        });
        parts.collect::<Vec<_>>().join("\n")
    };
    let at = columns[prose];
    rows[0][prose] = wrap(&table.columns[at].head, Tone::Heading);
    for (row, source) in rows.iter_mut().skip(1).zip(&table.rows) {
        if let Row::Cells(cells) = source
            && let Some(Cell::Text(text)) = cells.get(at)
        {
            row[prose] = wrap(text, Tone::Plain);
        }
    }
}

/// The width of a bar. The first column takes 15 characters, a count up to 9, and there is air between.
fn bar_width(style: Style, columns: usize) -> usize {
    (style.width.saturating_sub(17) / columns.max(1))
        .saturating_sub(13)
        .clamp(4, 40)
}

/// A bar in eighths of a character. A value above 0 takes one eighth at least.
fn bar(value: u64, most: u64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if value == 0 || most == 0 {
        return String::new();
    }
    let scaled = u128::from(value) * (width as u128 * 8) / u128::from(most);
    let eighths = usize::try_from(scaled).unwrap_or(0).max(1);
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_value_has_a_visible_bar() {
        assert_eq!(bar(1, 1_000_000, 20), "▏");
        assert_eq!(bar(2, 4, 3), "█▌");
        assert_eq!(bar(0, 4, 3), "");
        assert_eq!(bar(u64::MAX, u64::MAX, 3), "███");
    }
}
