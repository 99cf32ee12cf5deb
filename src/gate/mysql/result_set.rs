//! The rows of an answer.

use std::borrow::Cow;

use mysql_common::{
    io::ParseBuf,
    packets::NullBitmap,
    value::{ServerSide, Value},
};

use super::{
    packet::Packet,
    values::{self, Kind},
};
use crate::text::format::{clean, plural};

/// The maximum number of columns of a row whose values are shown.
const SHOWN: u64 = 4;

/// A result set, of which only the first row is kept.
#[derive(Debug, Default)]
pub struct ResultSet {
    columns: u64,
    /// Whether the rows have the binary format.
    is_binary: bool,
    /// The types of the columns; none if there are too many.
    kinds: Vec<Option<Kind>>,
    rows: u64,
    first: Vec<u8>,
}

impl ResultSet {
    /// A result set with this number of columns.
    pub fn new(columns: u64, is_binary: bool) -> Self {
        Self {
            columns,
            is_binary,
            ..Self::default()
        }
    }

    /// The number of columns.
    pub fn columns(&self) -> u64 {
        self.columns
    }

    /// The types of the columns, if they are few. `None` for a type that cannot be read.
    pub fn kinds(&self) -> &[Option<Kind>] {
        &self.kinds
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The columns have the same types as those of an earlier result.
    pub fn know(&mut self, kinds: &[Option<Kind>]) {
        kinds.clone_into(&mut self.kinds);
    }

    /// Reads the definition of the next column.
    pub fn define(&mut self, packet: &Packet<'_>) {
        if self.columns <= SHOWN {
            let kind = packet.is_whole().then(|| Kind::of_column(packet.head));
            self.kinds.push(kind.flatten());
        }
    }

    /// Counts a row, and keeps the first one.
    pub fn row(&mut self, packet: &Packet<'_>) {
        self.rows += 1;
        if self.rows == 1 && self.columns <= SHOWN && packet.is_whole() {
            packet.head.clone_into(&mut self.first);
        }
    }

    /// The values of a single row, or the number of rows.
    pub fn text(&self) -> String {
        let values = (self.rows == 1).then(|| self.values()).flatten();
        values.map_or_else(|| plural(self.rows, "row"), |values| clean(&values))
    }

    fn values(&self) -> Option<String> {
        let is_known = !self.first.is_empty() && self.kinds.len() as u64 == self.columns;
        let values = is_known.then(|| {
            if self.is_binary {
                self.binary()
            } else {
                self.text_values()
            }
        });
        let values: Vec<_> = values.flatten()?.iter().map(values::shown).collect();
        Some(values.join(", "))
    }

    fn text_values(&self) -> Option<Vec<Value>> {
        let mut row = ParseBuf(&self.first);
        let kinds = self.kinds.iter();
        kinds.map(|kind| values::text((*kind)?, &mut row)).collect()
    }

    fn binary(&self) -> Option<Vec<Value>> {
        let mut row = ParseBuf(&self.first);
        row.checked_skip(1).then_some(())?;
        let nulls: NullBitmap<ServerSide, Cow<'_, [u8]>> = row.parse(self.kinds.len()).ok()?;
        let values = self.kinds.iter().enumerate().map(|(place, kind)| {
            if nulls.is_null(place) {
                Some(Value::NULL)
            } else {
                values::binary((*kind)?, &mut row)
            }
        });
        values.collect()
    }
}
