//! SQL texts as one line.

use super::{
    lexer::{Piece, pieces},
    shortened,
};
use crate::gate::event::SqlStatement;

/// The longest list of columns that is shown, in characters.
const LONGEST_LIST: usize = 40;

/// The longest value that is shown, in characters.
const LONGEST_VALUE: usize = 40;

/// The text with `?` for every value.
pub(super) fn shape(text: &str) -> String {
    let mut line = Line::default();
    for piece in pieces(text) {
        match piece {
            Piece::Text(_) | Piece::Number(_) | Piece::Parameter(_) => line.value(),
            other => line.plain(other),
        }
    }
    line.finish()
}

/// The statements of the text, each for a diagram.
pub(super) fn shown(statement: &SqlStatement) -> Vec<String> {
    let mut next = 0;
    let mut lines = Vec::new();
    for part in pieces(&statement.text).split(|piece| *piece == Piece::Symbol(';')) {
        let mut line = Line::default();
        for piece in part {
            match *piece {
                Piece::Parameter(index) => {
                    let at = index.unwrap_or(next);
                    next = at + 1;
                    match statement.parameters.get(at) {
                        Some(value) => line.push(&value_text(value.as_deref())),
                        None if index.is_some() => line.push(&format!("${}", at + 1)),
                        None => line.push("?"),
                    }
                }
                Piece::Text(text) => line.push(&shortened_text(text)),
                Piece::Number(number) => line.push(number),
                other => line.plain(other),
            }
        }
        lines.push(tidy(&line.finish()));
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// One line for several statements, without those that only prepare the others.
pub(super) fn without_preparation(lines: Vec<String>) -> String {
    let prepares = |line: &str| {
        let first = line.split(' ').next().unwrap_or_default();
        ["BEGIN", "START", "SET"].contains(&first.to_ascii_uppercase().as_str())
    };
    if lines.iter().all(|line| prepares(line)) {
        return lines.join("; ");
    }
    let kept: Vec<_> = lines.into_iter().filter(|line| !prepares(line)).collect();
    kept.join("; ")
}

/// The value of a parameter: numbers as they are, other values in quotes.
fn value_text(value: Option<&str>) -> String {
    let Some(value) = value else {
        return "NULL".to_owned();
    };
    let digits = value.strip_prefix('-').unwrap_or(value);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_number && value.len() <= LONGEST_VALUE {
        return value.to_owned();
    }
    let value: String = value
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format!("'{}'", shortened(&value, LONGEST_VALUE).replace('\'', "''"))
}

fn shortened_text(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let short = shortened(&text, LONGEST_VALUE);
    if short.len() < text.len() {
        short + "'"
    } else {
        short
    }
}

/// The line with an ellipsis for long lists of columns, and the words of transactions in capital letters.
fn tidy(line: &str) -> String {
    if ["begin", "commit", "rollback"].contains(&line) {
        return line.to_ascii_uppercase();
    }
    let line = without_list(line, "select ", Some(" from "));
    without_list(&line, " returning ", None)
}

/// The line with an ellipsis for the list between two words, if it is long and calls no function.
fn without_list(line: &str, begin: &str, end: Option<&str>) -> String {
    // Only ASCII letters change, so the positions are the same in both.
    let lower = line.to_ascii_lowercase();
    let begins = match end {
        Some(_) => lower.starts_with(begin).then_some(0),
        None => lower.rfind(begin),
    };
    let Some(list) = begins.map(|at| at + begin.len()) else {
        return line.to_owned();
    };
    let length = match end {
        Some(end) => lower[list..].find(end),
        None => Some(line.len() - list),
    };
    match length {
        Some(length)
            if length > LONGEST_LIST && !line[list..list + length].contains(['(', '\'']) =>
        {
            format!("{}…{}", &line[..list], &line[list + length..])
        }
        _ => line.to_owned(),
    }
}

/// A line that grows piece by piece, with single spaces.
#[derive(Default)]
struct Line {
    text: String,
    /// A space belongs before the next piece.
    space: bool,
}

impl Line {
    fn plain(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Space => self.space = true,
            Piece::Word(word) | Piece::Name(word) => self.push(word),
            Piece::Symbol(',') => {
                self.space = false;
                self.push(",");
                self.space = true;
            }
            Piece::Symbol(')') => {
                self.space = false;
                self.push(")");
            }
            Piece::Symbol(symbol) => self.push(symbol.encode_utf8(&mut [0; 4])),
            Piece::Text(text) | Piece::Number(text) => self.push(text),
            Piece::Parameter(_) => self.push("?"),
        }
    }

    fn push(&mut self, text: &str) {
        let after_opening = self.text.is_empty() || self.text.ends_with('(');
        if std::mem::take(&mut self.space) && !after_opening {
            self.text.push(' ');
        }
        self.text.push_str(text);
        if self.text.ends_with("(?), (?)") {
            self.text.truncate(self.text.len() - ", (?)".len());
        }
    }

    /// A value of a shape. A list of values is one value.
    fn value(&mut self) {
        if self.space && self.text.ends_with("?,") {
            self.space = false;
            self.text.pop();
        } else {
            self.push("?");
        }
    }

    fn finish(self) -> String {
        self.text.trim_end_matches([';', ' ']).to_owned()
    }
}
