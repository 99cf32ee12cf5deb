//! The prepared statements and the portals of a connection.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use postgres_protocol::Oid;

use super::{
    message::Fields,
    sql::{Removed, Words},
    values,
};
use crate::gate::{event::SqlStatement, wire::WireError};

/// A column of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// The type.
    pub(super) oid: Oid,
    /// 0 for text, 1 for binary.
    pub(super) format: i16,
}

/// A prepared statement.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    /// The SQL text.
    pub(super) text: String,
    /// What its words say.
    pub(super) words: Words,
    /// The types of the parameters that the client gave; 0 where it left the choice to the server.
    types: Vec<Oid>,
    /// The types of the parameters that the server told.
    pub(super) parameters: OnceLock<Vec<Oid>>,
    /// The columns of the result that the server told.
    pub(super) columns: OnceLock<Vec<Column>>,
}

/// A prepared statement with the values of its parameters.
#[derive(Debug, Default)]
pub(super) struct Portal {
    /// The statement.
    pub(super) prepared: Arc<Prepared>,
    /// The values as text; `None` for NULL.
    parameters: Vec<Option<String>>,
    /// The formats of the result's columns.
    formats: Vec<i16>,
}

/// The prepared statements and portals by their names. Those without a name have the empty name.
#[derive(Debug, Default)]
pub(super) struct Named {
    statements: HashMap<Vec<u8>, Arc<Prepared>>,
    portals: HashMap<Vec<u8>, Arc<Portal>>,
}

/// A statement that a `Parse` creates.
#[derive(Debug, Clone)]
pub(super) struct Created {
    name: Vec<u8>,
    prepared: Arc<Prepared>,
    /// The statement that had the name before: it stays if the `Parse` fails.
    previous: Option<Arc<Prepared>>,
}

/// A statement that a `Close` removes when the server answers it.
#[derive(Debug, Clone)]
pub(super) struct Closed {
    name: Vec<u8>,
    prepared: Arc<Prepared>,
}

impl Prepared {
    /// A statement without parameters, or one that was prepared unseen.
    pub(super) fn of_text(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            words: Words::of(text),
            ..Self::default()
        }
    }

    fn type_of(&self, parameter: usize) -> Oid {
        let given = self.types.get(parameter).copied().unwrap_or(0);
        let told = self.parameters.get().and_then(|told| told.get(parameter));
        if given == 0 {
            told.copied().unwrap_or(0)
        } else {
            given
        }
    }
}

impl Portal {
    /// The statement for a reader of events.
    pub(super) fn statement(&self) -> SqlStatement {
        SqlStatement {
            text: self.prepared.text.clone(),
            parameters: self.parameters.clone(),
        }
    }

    /// The columns of the result; `None` if the server has not told them.
    pub(super) fn columns(&self) -> Option<Vec<Column>> {
        let columns = self.prepared.columns.get()?.iter().enumerate();
        let with_format = |(index, column): (usize, &Column)| Column {
            format: format_of(&self.formats, index),
            ..*column
        };
        Some(columns.map(with_format).collect())
    }
}

/// The format of a parameter or a column: none is text for all, and one is for all.
fn format_of(formats: &[i16], index: usize) -> i16 {
    match formats {
        [] => 0,
        [all] => *all,
        each => each.get(index).copied().unwrap_or(0),
    }
}

impl Named {
    /// Reads a `Parse`.
    pub(super) fn parse(&mut self, mut fields: Fields<'_>) -> Result<Created, WireError> {
        let name = fields.text()?.to_vec();
        let text = String::from_utf8_lossy(fields.text()?);
        let prepared = Arc::new(Prepared {
            types: fields.list(Fields::number)?,
            ..Prepared::of_text(&text)
        });
        let previous = self.statements.insert(name.clone(), Arc::clone(&prepared));
        Ok(Created {
            name,
            prepared,
            previous,
        })
    }

    /// Forgets a statement whose `Parse` failed.
    pub(super) fn failed(&mut self, created: Created) {
        let current = self.statements.get(&created.name);
        if current.is_some_and(|current| Arc::ptr_eq(current, &created.prepared)) {
            match created.previous {
                Some(previous) => self.statements.insert(created.name, previous),
                None => self.statements.remove(&created.name),
            };
        }
    }

    /// Reads a `Bind`.
    pub(super) fn bind(&mut self, mut fields: Fields<'_>) -> Result<(), WireError> {
        let portal = fields.text()?.to_vec();
        let prepared = self.prepared(fields.text()?);
        let formats = fields.list(Fields::short)?;
        let values = fields.list(Fields::value)?;
        let values = values.into_iter().enumerate();
        let parameters = values.map(|(index, value)| {
            let format = format_of(&formats, index);
            value.map(|bytes| values::text(bytes, prepared.type_of(index), format))
        });
        let parameters = parameters.collect();
        let bound = Portal {
            parameters,
            prepared,
            formats: fields.list(Fields::short)?,
        };
        self.portals.insert(portal, Arc::new(bound));
        Ok(())
    }

    /// The statement of this name. One that was prepared unseen, by `PREPARE` in a text, is shown by its name.
    pub(super) fn prepared(&self, name: &[u8]) -> Arc<Prepared> {
        let known = self.statements.get(name).cloned();
        known.unwrap_or_else(|| {
            let text = format!("EXECUTE {}", String::from_utf8_lossy(name));
            Arc::new(Prepared::of_text(&text))
        })
    }

    /// The portal of this name. A cursor that was declared in a text is shown by its name.
    pub(super) fn portal(&self, name: &[u8]) -> Arc<Portal> {
        let known = self.portals.get(name).cloned();
        known.unwrap_or_else(|| {
            let text = format!("FETCH ALL FROM {}", String::from_utf8_lossy(name));
            Arc::new(Portal {
                prepared: Arc::new(Prepared::of_text(&text)),
                ..Portal::default()
            })
        })
    }

    /// Reads a `Close`.
    pub(super) fn close(&mut self, mut fields: Fields<'_>) -> Result<Option<Closed>, WireError> {
        let kind = fields.byte()?;
        let name = fields.text()?;
        if kind == b'P' {
            self.portals.remove(name);
            return Ok(None);
        }
        let prepared = self.statements.get(name).cloned();
        Ok(prepared.map(|prepared| Closed {
            name: name.to_vec(),
            prepared,
        }))
    }

    /// Removes a statement that the server has closed, unless its name was given to another one since.
    pub(super) fn closed(&mut self, closed: &Closed) {
        let current = self.statements.get(&closed.name);
        if current.is_some_and(|current| Arc::ptr_eq(current, &closed.prepared)) {
            self.statements.remove(&closed.name);
        }
    }

    /// Removes what `DEALLOCATE` or `DISCARD ALL` removed.
    pub(super) fn remove(&mut self, removed: &Removed) {
        match removed {
            Removed::All => self.statements.clear(),
            Removed::One(name) => drop(self.statements.remove(name)),
        }
    }

    /// Forgets the portals: the transaction that they belong to has ended.
    pub(super) fn end_portals(&mut self) {
        self.portals.clear();
    }
}
