//! Values by number: equal values have equal numbers, so that a state consists of a few integers.

use std::hash::Hash;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

/// A growing list of different values.
#[derive(Debug)]
pub struct Interner<T>(IndexSet<T, FxBuildHasher>);

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self(IndexSet::default())
    }
}

impl<T: Hash + Eq> Interner<T> {
    /// The number of `value`. Values are compared, so a collision of hashes does no harm.
    pub fn put(&mut self, value: T) -> u32 {
        // The bounds of a search are far below the largest number.
        u32::try_from(self.0.insert_full(value).0).unwrap_or(u32::MAX)
    }

    /// The value with this number, which [`Interner::put`] has returned.
    pub fn get(&self, number: u32) -> &T {
        &self.0[number as usize]
    }
}
