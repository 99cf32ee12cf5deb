//! The strategies: one file each, and the registry that everything else loops over.
//!
//! A strategy is its `claim` and, where it has one, its `consume` loop, written against [`crate::ports`] alone. It
//! never spawns a task, sleeps or reads a clock by itself, so the code that polls its futures decides the order of all steps.
//! Clocks, histograms, printing and concrete backends do not belong here. To add a strategy, write its file and
//! add its line to [`REGISTRY`]; `README.md` in this folder shows how.

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

/// A way to issue the coupons.
#[async_trait]
pub trait Strategy: Send + Sync {
    /// One user asks for a coupon. The decision is the response to the user.
    ///
    /// # Errors
    ///
    /// If a call of a port fails, or after the last retry.
    async fn claim(&self, user: UserId) -> Result<Decision>;

    /// Processes the records of the topic until [`Consumer::poll`] returns `None`. A strategy without a topic keeps this default.
    ///
    /// # Errors
    ///
    /// If a call of a port fails.
    async fn consume(&self, _consumer: &dyn Consumer) -> Result<()> {
        Ok(())
    }
}

/// The response to a user's claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The coupon is yours.
    Issued,
    /// All coupons are gone.
    SoldOut,
    /// The user has asked before.
    Duplicate,
    /// The request is accepted, and the decision comes later. Only services respond with this; no strategy of the catalogue does.
    Accepted,
}

/// What a strategy promises, without faults.
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
    /// The promise that remains with this number of processes.
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
    /// A database with named locks.
    NamedLocks,
    /// A database that can skip locked rows.
    SkipLocked,
}

/// A strategy's line in the catalogue.
pub struct Entry {
    /// What `--strategy` takes.
    pub name: &'static str,
    /// How it works, in one line.
    pub how: &'static str,
    /// What it promises without faults.
    pub promise: Promise,
    /// Whether a user who asks twice gets at most one coupon.
    pub one_per_user: bool,
    /// What it needs besides a database with a coupon table.
    pub needs: &'static [Need],
    /// The known failures, in one line.
    pub known_failure: &'static str,
    /// The text of its file, from which the strategy's page is made.
    pub source: &'static str,
    /// Builds it from the ports of a run.
    pub build: fn(&Event) -> Arc<dyn Strategy>,
}

impl Entry {
    /// Whether the strategy needs this.
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

/// The error after the last retry; no try had an effect.
fn gave_up() -> PortError {
    PortError::new("retry", Effect::Conflict, "gave up after the last try")
}

/// Finds a strategy by its name.
pub fn find(name: &str) -> Option<&'static Entry> {
    REGISTRY.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests;
