//! The ports: everything a strategy may do to the world, one call a round trip.
//!
//! A strategy holds these traits and nothing else, so what stands behind them — a real service, an embedded
//! one, memory in a test — is a choice made outside. One call is one named step of a schedule.
//! Implementations live in [`crate::adapters`], wrappers in [`crate::instrument`]; none is here.

pub mod attempt;
mod cache;
mod clock;
mod coupons;
mod error;
mod mutex;
mod topic;

pub use cache::{Cache, Script};
pub use clock::Clock;
pub use coupons::{CouponId, CouponTable, EventRow, Isolation, Statements, Transaction};
pub use error::{Effect, PortError, Result};
pub use mutex::{Guard, Mutex};
pub use topic::{Acknowledgement, Batch, Consumer, Delivery, Topic};

use std::{fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

/// A user of the event, numbered from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserId(pub u64);

impl UserId {
    /// Above every number that a user of a run can have.
    const STRANGERS: u64 = 1 << 63;

    /// The number of somebody who is in a ledger and no user of the run.
    pub fn stranger(number: u64) -> Self {
        Self(Self::STRANGERS | number)
    }

    /// Whether it is one of those.
    pub fn is_stranger(self) -> bool {
        self.0 >= Self::STRANGERS
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The ports of one run, as a strategy is built from them.
///
/// A port that a strategy did not ask for is still there, but every call of it fails
/// (see [`crate::adapters::absent`]), so no combination of ports can panic.
#[derive(Clone)]
pub struct Event {
    /// Coupons to give out.
    pub limit: u64,
    /// Where coupons are rows.
    pub coupons: Arc<dyn CouponTable>,
    /// Redis.
    pub cache: Arc<dyn Cache>,
    /// The Kafka topic `coupon_create`.
    pub coupon_create: Arc<dyn Topic>,
    /// A lock inside this process.
    pub mutex: Arc<dyn Mutex>,
    /// Time, for back-offs and leases.
    pub clock: Arc<dyn Clock>,
    /// How long a strategy tries.
    pub patience: Patience,
}

/// The bounds of everything a strategy repeats or holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often a conflict is answered by trying again, the first try included.
    pub tries: u32,
    /// How often a lock that somebody else holds is asked for.
    pub lock_tries: u32,
    /// Before the second try; doubles from there.
    pub back_off: Duration,
    /// The back-off stops doubling here.
    pub longest_back_off: Duration,
    /// How long a lock with a lease is held at most.
    pub lease: Duration,
}

impl Patience {
    /// Before try `number`, counted from 1 for the second.
    pub fn back_off(&self, number: u32) -> Duration {
        let doubled = self
            .back_off
            .saturating_mul(1 << number.saturating_sub(1).min(20));
        doubled.min(self.longest_back_off)
    }
}

impl Default for Patience {
    /// What an application would choose: give up on conflicts after ten tries, on a lock after half a minute.
    fn default() -> Self {
        Self {
            tries: 10,
            lock_tries: 300,
            back_off: Duration::from_millis(1),
            longest_back_off: Duration::from_millis(128),
            lease: Duration::from_secs(10),
        }
    }
}
