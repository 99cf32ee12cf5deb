//! The names of a run's keys: the prefix of the run, then the name of the key in the event. Each name is built once.

use std::sync::{Arc, PoisonError, RwLock};

use crate::adapters::Role;

/// The keys of the event, which all strategies share. A host removes these keys although it has not used them.
pub const EVENT_KEYS: [&str; 4] = ["applied_user", "arrivals", "coupon_count", "coupon_lock"];

/// The prefix of the keys of a run. A cluster places a key by the text in braces, so all keys of a run are on one node.
pub fn tag(run_id: &str) -> String {
    format!("coupon_bench:{{{run_id}}}")
}

/// Every key that the run has used.
pub struct Keys {
    prefix: String,
    used: RwLock<Vec<(&'static str, Arc<str>)>>,
}

impl Keys {
    pub fn new(run_id: &str) -> Self {
        Self {
            prefix: format!("{}:", tag(run_id)),
            used: RwLock::new(Vec::new()),
        }
    }

    /// The full name of `key`. A strategy has few keys, so a linear search is faster than a hash.
    pub fn full(&self, key: &'static str) -> Arc<str> {
        let known = |used: &[(&'static str, Arc<str>)]| {
            let found = used.iter().find(|(name, _)| *name == key);
            found.map(|(_, full)| Arc::clone(full))
        };
        // No code under this lock leaves the list in an invalid state, so a poisoned lock is harmless.
        if let Some(full) = known(&self.used.read().unwrap_or_else(PoisonError::into_inner)) {
            return full;
        }
        let mut used = self.used.write().unwrap_or_else(PoisonError::into_inner);
        known(&used).unwrap_or_else(|| {
            let full: Arc<str> = format!("{}{key}", self.prefix).into();
            used.push((key, Arc::clone(&full)));
            full
        })
    }

    /// Every name that was used so far. The names of a host are the names that its guests can have used.
    pub fn all(&self, role: Role) -> Vec<Arc<str>> {
        if role == Role::Host {
            for key in EVENT_KEYS {
                self.full(key);
            }
        }
        let used = self.used.read().unwrap_or_else(PoisonError::into_inner);
        used.iter().map(|(_, full)| Arc::clone(full)).collect()
    }
}
