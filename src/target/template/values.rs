//! Values that were captured from answers, by name.

use std::sync::Arc;

use super::Escape;

/// The shortest captured value that is hidden. A shorter one is a number or a word, and hiding it would hide every other
/// occurrence of the same characters.
const SHORTEST_SECRET: usize = 8;

/// A name under which a value is captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As a placeholder spells it: `step.token`, `setup.event_id`, `claim.ticket`.
    pub placeholder: String,
    /// Whether no output may show its value.
    pub secret: bool,
}

/// One value for each name, as far as answers have given them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    names: Arc<[Name]>,
    values: Vec<Option<String>>,
}

impl Default for Values {
    fn default() -> Self {
        Self::new(Arc::from([]))
    }
}

impl Values {
    /// None is known yet.
    pub fn new(names: Arc<[Name]>) -> Self {
        Self {
            values: vec![None; names.len()],
            names,
        }
    }

    /// Every value is `value`: to try whether a request can be built at all.
    pub fn all(names: &[Name], value: &str) -> Self {
        Self {
            values: vec![Some(value.to_owned()); names.len()],
            names: Arc::from(names),
        }
    }

    /// Whether there is nothing to capture.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The value of a name, by its index.
    pub fn get(&self, index: usize) -> Option<&str> {
        self.values.get(index)?.as_deref()
    }

    /// The placeholder of a name, by its index.
    pub fn placeholder(&self, index: usize) -> &str {
        let name = self.names.get(index);
        name.map_or("", |name| name.placeholder.as_str())
    }

    /// Takes a value in; the last one counts.
    pub fn set(&mut self, index: usize, value: String) {
        if let Some(slot) = self.values.get_mut(index) {
            *slot = Some(value);
        }
    }

    /// The values that no output may show.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let pairs = self.names.iter().zip(&self.values);
        pairs.filter_map(|(name, value)| value.as_deref().filter(|_| name.secret))
    }
}

/// The text without these values, as they are and as URLs and JSON spell them.
pub fn hide<'a>(text: &str, values: impl Iterator<Item = &'a str>) -> String {
    let mut values: Vec<_> = values
        .filter(|value| value.len() >= SHORTEST_SECRET)
        .collect();
    // A value that contains another one goes first.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    values.into_iter().fold(text.to_owned(), |text, value| {
        [Escape::None, Escape::Json, Escape::Percent]
            .into_iter()
            .fold(text, |text, escape| text.replace(&escape.of(value), "***"))
    })
}
