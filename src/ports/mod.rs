//! The ports: the traits through which a strategy calls services, one round trip per call.
//!
//! A strategy holds these traits and nothing else, so its caller chooses the implementation: a real service, an embedded
//! service, or memory in a test. One call is one named step of a schedule.
//! The implementations are in [`crate::adapters`] and the wrappers in [`crate::instrument`]; this module has none.

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
    /// The bit that marks a user who is no user of the run; the number of a run's user is smaller.
    const STRANGERS: u64 = 1 << 63;

    /// The number of a user who is in a ledger and is no user of the run.
    pub fn stranger(number: u64) -> Self {
        Self(Self::STRANGERS | number)
    }

    /// Whether this is a user from [`Self::stranger`].
    pub fn is_stranger(self) -> bool {
        self.0 >= Self::STRANGERS
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The ports of one run, from which a strategy is built.
///
/// A port that a strategy does not need is present, but every call of it returns an error
/// (see [`crate::adapters::absent`]), so no combination of ports can panic.
#[derive(Clone)]
pub struct Event {
    /// The number of coupons to issue.
    pub limit: u64,
    /// The database.
    pub coupons: Arc<dyn CouponTable>,
    /// Redis.
    pub cache: Arc<dyn Cache>,
    /// The Kafka topic `coupon_create`.
    pub coupon_create: Arc<dyn Topic>,
    /// A lock inside this process.
    pub mutex: Arc<dyn Mutex>,
    /// The clock for back-offs and leases.
    pub clock: Arc<dyn Clock>,
    /// The bounds of retries and waits.
    pub patience: Patience,
}

/// The bounds of retries, waits and leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The most tries of a transaction that conflicts, the first one included.
    pub tries: u32,
    /// The most tries to take a lock that another claim holds.
    pub lock_tries: u32,
    /// The wait before the second try. It doubles with every further try.
    pub back_off: Duration,
    /// The longest back-off.
    pub longest_back_off: Duration,
    /// The length of a lock's lease.
    pub lease: Duration,
}

impl Patience {
    /// The wait after try `number`, counted from 1.
    pub fn back_off(&self, number: u32) -> Duration {
        let doubled = self
            .back_off
            .saturating_mul(1 << number.saturating_sub(1).min(20));
        doubled.min(self.longest_back_off)
    }
}

impl Default for Patience {
    /// The values of a typical application: ten tries of a conflict, and about half a minute for a lock.
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
