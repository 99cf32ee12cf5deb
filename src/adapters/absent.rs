//! Stands where a strategy has not asked for a port: every call fails and says so, so that a missing need is an
//! error in a report and never a panic.

use std::time::Duration;

use async_trait::async_trait;

use crate::ports::{Acknowledgement, Cache, Effect, PortError, Result, Script, Topic, UserId};

/// A service that was not opened.
pub struct Absent;

fn missing<T>(step: &'static str) -> Result<T> {
    let message = "the strategy's entry in the registry does not say that it needs this service";
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
