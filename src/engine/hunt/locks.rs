//! Which session of a database waits for which.

use super::Upstream;
use crate::service::Target;

/// A connection to a database that is asked which session waits for which.
pub struct LockMonitor;

impl LockMonitor {
    /// The sessions that block this session.
    ///
    /// # Errors
    /// The database did not answer.
    #[expect(clippy::unused_async, reason = "databases are asked later")]
    pub async fn waits(&mut self, _session: u64) -> Result<Vec<u64>, String> {
        Ok(Vec::new())
    }
}

/// The monitor of the database behind a gate. `None` if no login is known.
///
/// # Errors
/// The database cannot be reached with the login.
#[expect(clippy::unused_async, reason = "databases are asked later")]
pub async fn monitor(
    _target: &Target,
    _upstream: &Upstream,
) -> Result<Option<LockMonitor>, String> {
    Ok(None)
}
