//! How far a run is, for whoever watches it.

use std::sync::{Arc, atomic::AtomicU64};

/// Counters for whoever watches the run.
#[derive(Debug, Default)]
pub struct Counters {
    /// Attempts that have started.
    pub started: AtomicU64,
    /// Attempts that have ended.
    pub finished: AtomicU64,
    /// Attempts that were told "issued".
    pub issued: AtomicU64,
    /// Coupons in the database.
    pub inserted: Arc<AtomicU64>,
}
