//! The picture as a table in Markdown.

use std::fmt::Write;

use super::{column, legend, sign};
use crate::{
    model::interleaving::{Interleaving, Mark, Step},
    text::clean,
};

/// A heading, the table, the legend and the ledger.
pub fn render(picture: &Interleaving) -> String {
    let mut text = format!("### {}\n\n", escaped(&picture.title));
    let heads: Vec<_> = picture.actors.iter().map(ToString::to_string).collect();
    let rule = "| --- ".repeat(heads.len());
    // Writing to a string cannot fail.
    let _ = writeln!(text, "| | {} |\n| ---: {rule}|", heads.join(" | "));
    for (number, step) in (1..).zip(&picture.steps) {
        text.push_str(&row(picture, number, step));
    }
    let _ = writeln!(text, "\n{}\n", legend(picture).join(" · "));
    let _ = writeln!(text, "Ledger: {}.", escaped(&picture.ledger));
    if !picture.why.is_empty() {
        let _ = writeln!(text, "\n**{}**", escaped(&picture.why));
    }
    if let Some(token) = &picture.token {
        let _ = writeln!(text, "\nSchedule: `{token}`");
    }
    text
}

fn row(picture: &Interleaving, number: usize, step: &Step) -> String {
    let at = column(picture, step).unwrap_or(0);
    let cells = (0..picture.actors.len()).map(|index| {
        if index == at {
            cell(step)
        } else {
            String::new()
        }
    });
    let cells: Vec<_> = cells.collect();
    format!("| {number} {} | {} |\n", sign(step.mark), cells.join(" | "))
}

fn cell(step: &Step) -> String {
    let mut text = code(&step.name);
    if let Some(saw) = &step.saw {
        let _ = write!(text, " → {}", escaped(saw));
    }
    if step.mark == Mark::Broke {
        text = format!("**{text}**");
    }
    if let Some(told) = &step.told {
        let _ = write!(text, "<br>*{}*", escaped(told));
    }
    text
}

/// Text between backticks, more of them than the text has in a row. A line break or a `|` would end the cell.
fn code(text: &str) -> String {
    let text = clean(text).replace('|', "\\|");
    let runs = text.split(|letter| letter != '`');
    let fence = "`".repeat(runs.map(str::len).max().unwrap_or(0) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Text whose characters have no meaning in Markdown.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in clean(text).chars() {
        if matches!(
            letter,
            '\\' | '`' | '*' | '_' | '|' | '<' | '>' | '[' | ']' | '#'
        ) {
            safe.push('\\');
        }
        safe.push(letter);
    }
    safe
}
