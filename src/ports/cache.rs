//! Redis as the strategies use it. Keys are the names of the event; the backend adds the prefix of the run.

use std::time::Duration;

use async_trait::async_trait;

use super::{Result, UserId};

/// A Lua script with its name in schedules and errors.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    /// The name for readers: `claim.lua`.
    pub name: &'static str,
    /// Lua 5.1, as Redis runs it.
    pub source: &'static str,
}

/// The Redis commands of the catalogue; each is one atomic step.
///
/// # Errors
///
/// Every command returns a [`PortError`](super::PortError) if Redis refuses it or does not answer.
#[async_trait]
pub trait Cache: Send + Sync {
    /// `INCR key`: the value after the increment.
    async fn incr(&self, key: &'static str) -> Result<i64>;

    /// `DECR key`: the value after the decrement.
    async fn decr(&self, key: &'static str) -> Result<i64>;

    /// `GET key` of a counter; `None` if the key does not exist.
    async fn get(&self, key: &'static str) -> Result<Option<i64>>;

    /// `SADD key user`: whether the user is new in the set.
    async fn sadd(&self, key: &'static str, user: UserId) -> Result<bool>;

    /// `SREM key user`: whether the user was in the set.
    async fn srem(&self, key: &'static str, user: UserId) -> Result<bool>;

    /// `SET key token NX PX lease`: whether the key was free.
    async fn set_nx_px(&self, key: &'static str, token: &str, lease: Duration) -> Result<bool>;

    /// Runs a script that returns an integer.
    async fn script(&self, script: Script, keys: &[&'static str], args: &[&str]) -> Result<i64>;
}
