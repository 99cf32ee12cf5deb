//! Values of parameters and rows, as text.

use mysql_common::{
    constants::{ColumnFlags, ColumnType},
    io::ParseBuf,
    value::{BinValue, TextValue, Value, ValueDeserializer},
};

use crate::text::format::shorten;

/// The number of characters of a parameter that are kept.
const KEPT: usize = 1024;

/// The number of characters of a value in the text of an answer.
const SHOWN: usize = 40;

/// The type of a column or parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    column: ColumnType,
    flags: ColumnFlags,
}

impl Kind {
    /// The type of a parameter, from the two bytes of its type.
    pub fn of_parameter(kind: u8, flags: u8) -> Option<Self> {
        let flags = if flags & 0x80 == 0 {
            ColumnFlags::empty()
        } else {
            ColumnFlags::UNSIGNED_FLAG
        };
        Some(Self {
            column: readable(kind)?,
            flags,
        })
    }

    /// The type of a column, from its definition.
    ///
    /// The type is among the last 12 bytes. The fields before them depend on the version of the server, and `Column` of
    /// `mysql_common` does not know those of MariaDB.
    pub fn of_column(definition: &[u8]) -> Option<Self> {
        let (_, last) = definition.split_last_chunk::<12>()?;
        Some(Self {
            column: readable(last[6])?,
            flags: ColumnFlags::from_bits_truncate(u16::from_le_bytes([last[7], last[8]])),
        })
    }
}

/// The column type with a number. `None` for a type that never is in a row, for which `mysql_common` panics.
fn readable(kind: u8) -> Option<ColumnType> {
    use ColumnType as T;
    let kind = T::try_from(kind).ok()?;
    let is_internal = matches!(
        kind,
        T::MYSQL_TYPE_TIMESTAMP2
            | T::MYSQL_TYPE_DATETIME2
            | T::MYSQL_TYPE_TIME2
            | T::MYSQL_TYPE_TYPED_ARRAY
            | T::MYSQL_TYPE_UNKNOWN
    );
    (!is_internal).then_some(kind)
}

/// Takes a value in the binary format. `None` if it is incomplete.
pub fn binary(kind: Kind, bytes: &mut ParseBuf<'_>) -> Option<Value> {
    let value: ValueDeserializer<BinValue> = bytes.parse((kind.column, kind.flags)).ok()?;
    Some(number_of_bits(kind, value.0))
}

/// Takes a value of a row in the text format. `None` if it is incomplete.
pub fn text(kind: Kind, bytes: &mut ParseBuf<'_>) -> Option<Value> {
    let value: ValueDeserializer<TextValue> = bytes.parse(()).ok()?;
    Some(number_of_bits(kind, value.0))
}

/// A value of the type BIT as a number. Both formats have it as bytes.
fn number_of_bits(kind: Kind, value: Value) -> Value {
    match value {
        Value::Bytes(bytes) if kind.column == ColumnType::MYSQL_TYPE_BIT && bytes.len() <= 8 => {
            let bits = bytes
                .iter()
                .fold(0, |bits, byte| bits << 8 | u64::from(*byte));
            Value::UInt(bits)
        }
        other => other,
    }
}

/// A parameter as text; `None` for NULL.
pub fn parameter(value: &Value) -> Option<String> {
    plain(value).map(|text| shorten(&text, KEPT))
}

/// A value of a row in the text of an answer.
pub fn shown(value: &Value) -> String {
    plain(value).map_or_else(|| "NULL".to_owned(), |text| shorten(&text, SHOWN))
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(characters(bytes)),
        // Dates are in quotes.
        other => Some(other.as_sql(true).trim_matches('\'').to_owned()),
    }
}

/// Bytes as text, or as a hexadecimal number if they are no text.
fn characters(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let is_text = |text: &&str| !text.contains(|c: char| c.is_control() && !c.is_whitespace());
    if let Some(text) = std::str::from_utf8(bytes).ok().filter(is_text) {
        return text.to_owned();
    }
    let mut number = "0x".to_owned();
    for byte in bytes.iter().take(KEPT) {
        // Writing to a string cannot fail.
        let _ = write!(number, "{byte:02x}");
    }
    number
}
