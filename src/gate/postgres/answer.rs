//! The answer to the statements of a unit, from the messages of the server.

use std::sync::Arc;

use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{DataRowBody, ErrorFields, Message};

use super::{
    message::{parsed, unreadable},
    prepared::{Column, Portal},
    sql::{Change, Removed, Words},
    values,
};
use crate::{
    gate::{event::WireAnswer, wire::WireError},
    text::{
        self,
        format::{plural, shorten},
    },
};

/// The most characters of an error's message.
const ERROR_CHARS: usize = 80;

/// The most characters of one value.
const VALUE_CHARS: usize = 24;

/// The most columns of a row that is shown.
const SHOWN_COLUMNS: u16 = 4;

/// A statement that was sent.
#[derive(Debug)]
pub(super) enum Sent {
    /// In a simple query.
    Simple(Words),
    /// By `Execute`.
    Extended(Arc<Portal>),
}

impl Sent {
    fn words(&self) -> &Words {
        match self {
            Self::Simple(words) => words,
            Self::Extended(portal) => &portal.prepared.words,
        }
    }
}

/// What the server has said so far about the statements of a unit.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The statements.
    sent: Vec<Sent>,
    /// The number of statements that were executed.
    done: usize,
    /// The columns that the server told in the answer to a simple query.
    columns: Option<Vec<Column>>,
    /// Rows of the current statement.
    rows: u64,
    /// The first row of the current statement.
    row: Option<String>,
    /// What the last statement said that said something.
    text: Option<String>,
    is_error: bool,
    changed_nothing: bool,
    committed: bool,
}

impl Outcome {
    /// Nothing was said yet.
    pub(super) fn new(sent: Vec<Sent>) -> Self {
        Self {
            sent,
            done: 0,
            columns: None,
            rows: 0,
            row: None,
            text: None,
            is_error: false,
            changed_nothing: true,
            committed: false,
        }
    }

    /// The columns of the following rows.
    pub(super) fn describes(&mut self, columns: Vec<Column>) {
        self.columns = Some(columns);
    }

    /// A row that is too long to be read.
    pub(super) fn long_row(&mut self) {
        self.rows += 1;
    }

    /// A row.
    pub(super) fn row(&mut self, message: &[u8]) -> Result<(), WireError> {
        self.rows += 1;
        if self.rows == 1
            && let Message::DataRow(row) = parsed(message)?
        {
            self.row = self.shown(&row)?;
        }
        Ok(())
    }

    /// The values of a row; `None` if it has too many, or nothing to show.
    fn shown(&self, row: &DataRowBody) -> Result<Option<String>, WireError> {
        let mut ranges = row.ranges();
        if ranges.size_hint().0 > usize::from(SHOWN_COLUMNS) {
            return Ok(None);
        }
        let columns = match self.sent.get(self.done) {
            Some(Sent::Extended(portal)) => portal.columns(),
            _ => self.columns.clone(),
        };
        let columns = columns.unwrap_or_default();
        let mut shown = Vec::new();
        while let Some(range) = ranges.next().map_err(|error| unreadable(&error))? {
            let value = range.and_then(|range| row.buffer().get(range));
            let column = columns.get(shown.len()).copied();
            let Column { oid, format } = column.unwrap_or(Column { oid: 0, format: 0 });
            if oid == values::VOID {
                return Ok(None);
            }
            let value = value.map(|bytes| values::text(bytes, oid, format));
            shown.push(value.map_or("NULL".to_owned(), |value| quoted_if_empty(&value)));
        }
        Ok((!shown.is_empty()).then(|| shown.join(", ")))
    }

    /// The current statement ended. Returns the prepared statements that it removed.
    pub(super) fn completes(&mut self, tag: &str) -> Option<Removed> {
        let unknown = Words::default();
        let words = self.sent.get(self.done).map_or(&unknown, Sent::words);
        let (text, changed) = read_tag(tag, words, self.rows);
        self.committed |= words.change == Some(Change::Commits);
        let removed = words.removed.clone();
        let row = self.row.take().filter(|_| self.rows == 1);
        self.text = row.or(text).or(self.text.take());
        self.changed_nothing &= !changed;
        self.done += 1;
        self.rows = 0;
        removed
    }

    /// The current statement was empty.
    pub(super) fn empty(&mut self) {
        self.done += 1;
    }

    /// The current statement stopped after the number of rows that the client wanted.
    pub(super) fn suspends(&mut self) {
        let rows = self.rows;
        self.completes(&format!("SELECT {rows}"));
    }

    /// The current statement failed.
    pub(super) fn fails(&mut self, mut fields: ErrorFields<'_>) -> Result<(), WireError> {
        let (mut severity, mut code, mut message) = <(String, String, String)>::default();
        while let Some(field) = fields.next().map_err(|error| unreadable(&error))? {
            let value = || text::clean(&String::from_utf8_lossy(field.value_bytes()));
            match field.type_() {
                b'S' if severity.is_empty() => severity = value(),
                // The severity in English.
                b'V' => severity = value(),
                b'C' => code = value(),
                b'M' => message = value(),
                _ => {}
            }
        }
        self.text = Some(shorten(
            &format!("{severity} {code} {message}"),
            ERROR_CHARS,
        ));
        self.is_error = true;
        // The changes of the statements before are undone, unless they were committed.
        self.changed_nothing = !self.committed;
        Ok(())
    }

    /// The answer.
    pub(super) fn answer(self, in_transaction: bool) -> WireAnswer {
        WireAnswer {
            text: self.text,
            is_error: self.is_error,
            // A function call and a `Sync` that commits end without a tag that says what they did.
            changed_nothing: self.changed_nothing
                && (self.is_error || self.done >= self.sent.len()),
            in_transaction,
        }
    }
}

/// What the tag of a `CommandComplete` says, and whether the statement may have changed data.
fn read_tag(tag: &str, words: &Words, rows: u64) -> (Option<String>, bool) {
    let (command, number) = tag.rsplit_once(' ').unwrap_or((tag, ""));
    let number = number.parse::<u64>().ok();
    let affected = number.unwrap_or(0);
    let said = || Some(plural(number.unwrap_or(rows), "row"));
    match command {
        "SELECT" => (said(), !words.reads || (words.locks && affected > 0)),
        "INSERT 0" | "UPDATE" | "DELETE" | "MERGE" | "COPY" | "FETCH" | "MOVE" => {
            (said(), affected > 0 || words.with)
        }
        "BEGIN" | "SET" | "RESET" | "SHOW" | "SAVEPOINT" | "RELEASE" | "LISTEN" | "UNLISTEN"
        | "DEALLOCATE" => (None, false),
        // A commit of a transaction that has failed.
        "ROLLBACK" if words.change == Some(Change::Commits) => (Some(tag.to_owned()), true),
        _ if tag == "START TRANSACTION" || tag == "DEALLOCATE ALL" => (None, false),
        _ => ((rows > 0).then(|| plural(rows, "row")), true),
    }
}

fn quoted_if_empty(value: &str) -> String {
    if value.is_empty() {
        "''".to_owned()
    } else {
        shorten(&text::clean(value), VALUE_CHARS)
    }
}
