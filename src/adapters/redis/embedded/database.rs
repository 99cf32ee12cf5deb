//! One logical database: keys, their values and their deadlines.
//!
//! Expired keys are removed all at once before a command runs, found through an ordered queue. So no
//! command can meet one, and the handlers need no expiry checks. Eviction is left out.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::{
    reply::{Reply, errors},
    set::Set,
    value::Value,
    zset::SortedSet,
};

type Key = Box<[u8]>;

/// Keys and values of one database.
///
/// The map keeps insertion order and fills holes from the end, which gives `SCAN` its guarantee.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Database {
    entries: IndexMap<Key, Value, FxBuildHasher>,
    deadlines: HashMap<Key, u64, FxBuildHasher>,
    queue: BTreeSet<(u64, Key)>,
}

impl Database {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn expiring(&self) -> usize {
        self.deadlines.len()
    }

    /// Mean time to live of the keys that have one.
    pub(super) fn average_ttl(&self, now: u64) -> u64 {
        let ttls = self.deadlines.values().map(|at| at.saturating_sub(now));
        ttls.sum::<u64>() / (self.deadlines.len() as u64).max(1)
    }

    /// Removes the keys whose deadline has passed; how many.
    pub(super) fn expire(&mut self, now: u64) -> usize {
        let mut expired = 0;
        while self.queue.first().is_some_and(|(at, _)| *at < now) {
            let Some((_, key)) = self.queue.pop_first() else {
                break;
            };
            self.deadlines.remove(&key);
            self.entries.swap_remove(&key);
            expired += 1;
        }
        expired
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&Value> {
        self.entries.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        self.entries.get_mut(key)
    }

    pub(super) fn contains(&self, key: &[u8]) -> bool {
        self.entries.contains_key(key)
    }

    /// Stores a value and leaves the deadline as it is.
    pub(super) fn set_value(&mut self, key: &[u8], value: Value) {
        if let Some(slot) = self.entries.get_mut(key) {
            *slot = value;
        } else {
            self.entries.insert(key.into(), value);
        }
    }

    /// Stores a value without a deadline.
    pub(super) fn set(&mut self, key: &[u8], value: Value) {
        self.persist(key);
        self.set_value(key, value);
    }

    /// Removes a key; whether it was there.
    pub(super) fn remove(&mut self, key: &[u8]) -> bool {
        self.persist(key);
        self.entries.swap_remove(key).is_some()
    }

    pub(super) fn deadline(&self, key: &[u8]) -> Option<u64> {
        if self.deadlines.is_empty() {
            return None;
        }
        self.deadlines.get(key).copied()
    }

    /// Sets the deadline of a key that exists.
    pub(super) fn set_deadline(&mut self, key: &[u8], at: u64) {
        self.persist(key);
        self.deadlines.insert(key.into(), at);
        self.queue.insert((at, key.into()));
    }

    /// Removes a key's deadline; whether it had one.
    pub(super) fn persist(&mut self, key: &[u8]) -> bool {
        if self.deadlines.is_empty() {
            return false;
        }
        let Some((key, at)) = self.deadlines.remove_entry(key) else {
            return false;
        };
        self.queue.remove(&(at, key))
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = (&[u8], &Value)> {
        self.entries.iter().map(|(key, value)| (&**key, value))
    }

    /// The key at a position of the insertion order.
    pub(super) fn key_at(&self, index: usize) -> Option<(&[u8], &Value)> {
        self.entries
            .get_index(index)
            .map(|(key, value)| (&**key, value))
    }

    pub(super) fn set_of(&self, key: &[u8]) -> Result<Option<&Set>, Reply> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Set(set)) => Ok(Some(set)),
            Some(_) => Err(errors::WRONG_TYPE),
        }
    }

    pub(super) fn set_of_mut(&mut self, key: &[u8]) -> Result<Option<&mut Set>, Reply> {
        match self.get_mut(key) {
            None => Ok(None),
            Some(Value::Set(set)) => Ok(Some(set)),
            Some(_) => Err(errors::WRONG_TYPE),
        }
    }

    pub(super) fn sorted_of(&self, key: &[u8]) -> Result<Option<&SortedSet>, Reply> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::SortedSet(set)) => Ok(Some(set)),
            Some(_) => Err(errors::WRONG_TYPE),
        }
    }

    pub(super) fn sorted_of_mut(&mut self, key: &[u8]) -> Result<Option<&mut SortedSet>, Reply> {
        match self.get_mut(key) {
            None => Ok(None),
            Some(Value::SortedSet(set)) => Ok(Some(set)),
            Some(_) => Err(errors::WRONG_TYPE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expires_after_the_deadline_not_at_it() {
        let mut db = Database::default();
        db.set(b"a", Value::Int(1));
        db.set_deadline(b"a", 100);
        assert_eq!(db.expire(100), 0);
        assert_eq!(db.expire(101), 1);
        assert_eq!((db.len(), db.expiring()), (0, 0));
    }

    #[test]
    fn setting_anew_drops_the_deadline() {
        let mut db = Database::default();
        db.set(b"a", Value::Int(1));
        db.set_deadline(b"a", 100);
        db.set(b"a", Value::Int(2));
        assert_eq!(db.deadline(b"a"), None);
        assert_eq!(db.expire(1_000), 0);
        assert!(db.contains(b"a"));
    }
}
