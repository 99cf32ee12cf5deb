//! Values that were captured from answers, by name.

use std::sync::Arc;

/// A name under which a value is captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name as in a placeholder: `step.token`, `setup.event_id`, `claim.ticket`.
    pub placeholder: String,
    /// Whether no output may show its value.
    pub secret: bool,
}

/// One value for each name. A value is missing until a response has given it.
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
    /// All values are missing.
    pub fn new(names: Arc<[Name]>) -> Self {
        Self {
            values: vec![None; names.len()],
            names,
        }
    }

    /// Every value is `value`. For a test whether a request can be built.
    pub fn all(names: &[Name], value: &str) -> Self {
        Self {
            values: vec![Some(value.to_owned()); names.len()],
            names: Arc::from(names),
        }
    }

    /// Whether there are no names.
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

    /// Sets a value. A later value replaces an earlier one.
    pub fn set(&mut self, index: usize, value: String) {
        if let Some(slot) = self.values.get_mut(index) {
            *slot = Some(value);
        }
    }

    /// All values, in the order of their names, for another process that has read the same file.
    pub fn known(&self) -> Vec<Option<String>> {
        self.values.clone()
    }

    /// Sets all values to those of another process.
    pub fn restore(&mut self, known: Vec<Option<String>>) {
        for (slot, value) in self.values.iter_mut().zip(known) {
            *slot = value;
        }
    }

    /// The values that no output may show.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let pairs = self.names.iter().zip(&self.values);
        pairs.filter_map(|(name, value)| value.as_deref().filter(|_| name.secret))
    }
}
