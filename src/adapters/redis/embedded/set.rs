//! An unordered set. Members that are canonical integers live apart from the others as plain `i64`s:
//! eight bytes a member for the usual user ids, and no conversion when a set stops being all integers.

use std::collections::HashSet;

use rustc_hash::FxBuildHasher;

use super::number::{self, IntText};

/// A set of byte strings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Set {
    ints: HashSet<i64, FxBuildHasher>,
    texts: HashSet<Box<[u8]>, FxBuildHasher>,
}

impl Set {
    /// Adds a member; whether it is new.
    pub(super) fn insert(&mut self, member: &[u8]) -> bool {
        match number::parse_int(member) {
            Some(int) => self.ints.insert(int),
            // Looked up first, because most members of a race are refused as duplicates or new once.
            None => !self.texts.contains(member) && self.texts.insert(member.into()),
        }
    }

    /// Removes a member; whether it was there.
    pub(super) fn remove(&mut self, member: &[u8]) -> bool {
        match number::parse_int(member) {
            Some(int) => self.ints.remove(&int),
            None => self.texts.remove(member),
        }
    }

    pub(super) fn contains(&self, member: &[u8]) -> bool {
        match number::parse_int(member) {
            Some(int) => self.ints.contains(&int),
            None => self.texts.contains(member),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ints.len() + self.texts.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ints.is_empty() && self.texts.is_empty()
    }

    /// Calls `visit` with every member.
    pub(super) fn for_each(&self, mut visit: impl FnMut(&[u8])) {
        for &int in &self.ints {
            visit(IntText::new(int).as_bytes());
        }
        for text in &self.texts {
            visit(text);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::Set;

    #[test]
    fn integers_and_look_alikes_are_distinct() {
        let mut set = Set::default();
        for member in ["1", "01", "+1", "1 ", "-1"] {
            assert!(set.insert(member.as_bytes()), "{member}");
            assert!(!set.insert(member.as_bytes()), "{member}");
        }
        assert_eq!(set.len(), 5);
        assert!(set.remove(b"01") && !set.contains(b"01") && set.contains(b"1"));
        let mut members = Vec::new();
        set.for_each(|m| members.push(String::from_utf8(m.to_vec()).unwrap()));
        members.sort();
        assert_eq!(members, ["+1", "-1", "1", "1 "]);
    }
}
