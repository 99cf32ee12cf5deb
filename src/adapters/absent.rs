//! The port of a service that the strategy has not asked for. Every call fails, so that a missing need is an error in the report and
//! not a panic.

use std::time::Duration;

use async_trait::async_trait;

use crate::ports::{Acknowledgement, Cache, Effect, PortError, Result, Script, Topic, UserId};

/// A service that was not opened.
pub struct Absent;

fn missing<T>(step: &'static str) -> Result<T> {
    let message = "the strategy uses a service that its registry entry does not list in `needs`";
    Err(PortError::new(step, Effect::None, message))
}

#[async_trait]
impl Cache for Absent {
    async fn incr(&self, _: &'static str) -> Result<i64> {
        missing("INCR")
    }
    async fn decr(&self, _: &'static str) -> Result<i64> {
        missing("DECR")
    }
    async fn get(&self, _: &'static str) -> Result<Option<i64>> {
        missing("GET")
    }
    async fn sadd(&self, _: &'static str, _: UserId) -> Result<bool> {
        missing("SADD")
    }
    async fn srem(&self, _: &'static str, _: UserId) -> Result<bool> {
        missing("SREM")
    }
    async fn set_nx_px(&self, _: &'static str, _: &str, _: Duration) -> Result<bool> {
        missing("SET NX PX")
    }
    async fn script(&self, _: Script, _: &[&'static str], _: &[&str]) -> Result<i64> {
        missing("EVALSHA")
    }
}

#[async_trait]
impl Topic for Absent {
    async fn produce(&self, _: UserId) -> Result<Acknowledgement> {
        missing("produce")
    }
}
