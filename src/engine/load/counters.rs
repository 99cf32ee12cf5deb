//! The progress of a load.

use std::sync::{Arc, atomic::AtomicU64};

/// The progress of a load, updated while the load runs.
#[derive(Debug, Default)]
pub struct Counters {
    /// Attempts that have started.
    pub started: AtomicU64,
    /// Attempts that have ended.
    pub finished: AtomicU64,
    /// Attempts with the outcome `issued`.
    pub issued: AtomicU64,
    /// Coupons in the database.
    pub inserted: Arc<AtomicU64>,
}
