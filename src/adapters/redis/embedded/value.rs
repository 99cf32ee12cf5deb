//! What a key can hold: a string (integers kept as such), a set or a sorted set.
//!
//! Lists, hashes, streams and bit operations are left out.

use super::{
    number::{self, IntText},
    set::Set,
    zset::SortedSet,
};

/// A key's value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Int(i64),
    Text(Vec<u8>),
    Set(Box<Set>),
    SortedSet(Box<SortedSet>),
}

impl Value {
    /// A string value; canonical integers take the compact form, so that `INCR` need not parse.
    pub(super) fn string(bytes: &[u8]) -> Self {
        number::parse_int(bytes).map_or_else(|| Self::Text(bytes.to_vec()), Self::Int)
    }

    /// The name `TYPE` answers.
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Int(_) | Self::Text(_) => "string",
            Self::Set(_) => "set",
            Self::SortedSet(_) => "zset",
        }
    }

    /// The bytes of a string value; `None` for the other types.
    pub(super) fn with_string<T>(&self, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
        match self {
            Self::Int(value) => Some(read(IntText::new(*value).as_bytes())),
            Self::Text(bytes) => Some(read(bytes)),
            Self::Set(_) | Self::SortedSet(_) => None,
        }
    }
}
