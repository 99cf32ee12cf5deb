//! A setting as it was typed, not yet interpreted: a flag's text, or a TOML value's text and where it stands.
//!
//! Flags and file thereby share the functions that interpret a text, and their errors.

use std::{fmt, ops::Range};

use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use toml::Spanned;

use crate::text::quote::quoted;

/// A setting as it was typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Typed {
    /// The text; of a TOML number or boolean, its plain form.
    pub(crate) text: String,
    /// Bytes in the scenario file; `None` for a flag or a variable.
    pub(crate) span: Option<Range<usize>>,
}

/// Masked, as a log of the arguments must not tell a password.
impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.text))
    }
}

impl From<String> for Typed {
    fn from(text: String) -> Self {
        Self { text, span: None }
    }
}

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Spanned::<OneOrMany>::deserialize(deserializer)?;
        let span = Some(value.span());
        match value.into_inner() {
            OneOrMany::One(text) => Ok(Self { text, span }),
            OneOrMany::Many(_) => Err(D::Error::custom("expected one value, not an array")),
        }
    }
}

/// For settings that are lists: `"a"` is `["a"]`.
pub(crate) fn one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Typed>, D::Error> {
    let value = Spanned::<OneOrMany>::deserialize(deserializer)?;
    let span = Some(value.span());
    match value.into_inner() {
        OneOrMany::One(text) => Ok(vec![Typed { text, span }]),
        OneOrMany::Many(items) if items.is_empty() => {
            Err(D::Error::custom("an empty array says nothing"))
        }
        OneOrMany::Many(items) => Ok(items),
    }
}

enum OneOrMany {
    One(String),
    Many(Vec<Typed>),
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
