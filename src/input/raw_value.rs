//! A setting before it is parsed: the text of a flag, or the text of a TOML value and its place.
//!
//! Flags and files share the functions that parse a text, and their errors.

use std::{fmt, ops::Range};

use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use toml::Spanned;

use crate::text::quote::quoted;

/// The text of a setting, not parsed.
#[derive(Clone, PartialEq, Eq)]
pub struct RawValue {
    /// The text; a TOML number or boolean in its plain form.
    pub(crate) text: String,
    /// Bytes in the file; `None` for a flag or a variable.
    pub(crate) span: Option<Range<usize>>,
}

/// Masked: a log of the arguments must not show a password.
impl fmt::Debug for RawValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.text))
    }
}

impl From<String> for RawValue {
    fn from(text: String) -> Self {
        Self { text, span: None }
    }
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Spanned::<OneOrMany>::deserialize(deserializer)?;
        let span = Some(value.span());
        match value.into_inner() {
            OneOrMany::One(text) => Ok(Self { text, span }),
            OneOrMany::Many(_) => Err(D::Error::custom("expected one value, not an array")),
        }
    }
}

/// Reads a setting that is a list: `"a"` is read as `["a"]`.
pub(crate) fn one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<RawValue>, D::Error> {
    let value = Spanned::<OneOrMany>::deserialize(deserializer)?;
    let span = Some(value.span());
    match value.into_inner() {
        OneOrMany::One(text) => Ok(vec![RawValue { text, span }]),
        OneOrMany::Many(items) if items.is_empty() => {
            Err(D::Error::custom("the array is empty, so leave out the key"))
        }
        OneOrMany::Many(items) => Ok(items),
    }
}

enum OneOrMany {
    One(String),
    Many(Vec<RawValue>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor)
    }
}

struct OneOrManyVisitor;

impl<'de> Visitor<'de> for OneOrManyVisitor {
    type Value = OneOrMany;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a whole number or a boolean")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMany, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(OneOrMany::Many(all))
    }
}
