//! The strategies: one file each, and the registry that everything else loops over.
//!
//! A strategy is its `claim` and, where it has one, its `consume` loop, written against [`crate::ports`] alone. It
//! never spawns, sleeps or reads a clock by itself, so whoever polls its futures decides everything.
//! Clocks, histograms, printing and concrete backends do not belong here. To add one, write its file and
//! add its line to [`REGISTRY`].

mod db_conditional;
mod db_named_lock;
mod db_optimistic;
mod db_pessimistic;
mod db_serializable;
mod db_skip_locked;
mod local_lock;
mod lost_update;
mod naive;
mod naive_verbatim;
mod redis_get_incr;
mod redis_incr;
mod redis_kafka;
mod redis_kafka_safe;
mod redis_lock;
mod redis_lua;
mod redis_set_incr;
mod redis_zset;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::ports::{Consumer, Effect, Event, PortError, Result, UserId};

/// Every strategy, in the order in which a course would introduce them.
pub static REGISTRY: &[Entry] = &[
    naive::ENTRY,
    naive_verbatim::ENTRY,
    lost_update::ENTRY,
    local_lock::ENTRY,
    db_pessimistic::ENTRY,
    db_optimistic::ENTRY,
    db_serializable::ENTRY,
    db_conditional::ENTRY,
    db_named_lock::ENTRY,
    db_skip_locked::ENTRY,
    redis_incr::ENTRY,
    redis_get_incr::ENTRY,
    redis_set_incr::ENTRY,
    redis_lock::ENTRY,
    redis_lua::ENTRY,
    redis_zset::ENTRY,
    redis_kafka::ENTRY,
    redis_kafka_safe::ENTRY,
];

/// A way of giving out the coupons.
#[async_trait]
pub trait Strategy: Send + Sync {
    /// One user asks for a coupon; the answer is what the user is told.
    async fn claim(&self, user: UserId) -> Result<Decision>;

    /// Works off the topic until [`Consumer::poll`] says that the run is over.
    /// Strategies without a topic have nothing to do here.
    async fn consume(&self, _consumer: &dyn Consumer) -> Result<()> {
        Ok(())
    }
}

/// What a user is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The coupon is yours.
    Issued,
    /// All coupons are gone.
    SoldOut,
    /// You have asked before.
    Duplicate,
    /// Your request is noted; whether you get a coupon shows later. No strategy of the catalogue says this, services do.
    Accepted,
}

/// What a strategy claims of itself, without faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// Nothing: it may over-issue.
    None,
    /// Exactly the limit, as long as there is one process.
    SingleProcess,
    /// Never more than the limit, perhaps fewer.
    AtMost,
    /// Exactly `min(limit, demand)`.
    Exact,
}

impl Promise {
    /// What is left of it where so many processes serve the users.
    #[must_use]
    pub fn to_instances(self, instances: u32) -> Self {
        match self {
            Self::SingleProcess if instances > 1 => Self::None,
            promise => promise,
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::SingleProcess => "single-process",
            Self::AtMost => "at-most",
            Self::Exact => "exact",
        })
    }
}

/// What a strategy needs besides a database with a coupon table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Redis.
    Redis,
    /// Kafka; a strategy that produces also consumes.
    Kafka,
    /// A unique key on the coupon table's user.
    UniqueUser,
    /// As many coupons as the limit, made beforehand without a user.
    Prefilled,
    /// A database with locks that go by a name.
    NamedLocks,
    /// A database that can skip the rows others have locked.
    SkipLocked,
}

/// A strategy's line in the catalogue.
pub struct Entry {
    /// What `--strategy` takes.
    pub name: &'static str,
    /// How it works, in one line.
    pub how: &'static str,
    /// What it claims without faults.
    pub promise: Promise,
    /// Whether a user who asks twice gets at most one coupon.
    pub one_per_user: bool,
    /// Besides a database with a coupon table.
    pub needs: &'static [Need],
    /// What is known to break it, in one line.
    pub known_failure: &'static str,
    /// Its file, whose listing is the strategy's page.
    pub source: &'static str,
    /// Puts it on the ports of a run.
    pub build: fn(&Event) -> Arc<dyn Strategy>,
}

impl Entry {
    /// Whether it needs this.
    pub fn needs(&self, need: Need) -> bool {
        self.needs.contains(&need)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Eq for Entry {}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// All tries are used up, each without effect.
fn gave_up() -> PortError {
    PortError::new("retry", Effect::Conflict, "gave up after the last try")
}

/// Finds a strategy by its name.
pub fn find(name: &str) -> Option<&'static Entry> {
    REGISTRY.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests;
