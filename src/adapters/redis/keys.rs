//! The names of a run's keys: the event's own names behind the run's prefix, made once each.

use std::sync::{Arc, PoisonError, RwLock};

use crate::adapters::Role;

/// The event's keys, which all strategies share: a host removes them without having used them.
pub const EVENT_KEYS: [&str; 4] = ["applied_user", "arrivals", "coupon_count", "coupon_lock"];

/// What the names of a run's keys begin with. A cluster places a key by what is in braces, so that all of them are on one node.
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

    /// The full name of `key`. A strategy has a handful of keys, so a scan beats a hash.
    pub fn full(&self, key: &'static str) -> Arc<str> {
        let known = |used: &[(&'static str, Arc<str>)]| {
            let found = used.iter().find(|(name, _)| *name == key);
            found.map(|(_, full)| Arc::clone(full))
        };
        // A poisoned list is still a list: nothing in here can leave it half-written.
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

    /// Every name used so far; those of a host are the ones its guests can have used.
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
