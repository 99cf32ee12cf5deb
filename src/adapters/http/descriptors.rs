//! As many open files as there will be connections.

use super::ConnectError;
use crate::adapters::files;

/// What the rest of the program may hold: its databases' connections, Redis, Kafka, files.
const REST: u64 = 256;

/// Raises the soft limit as far as it takes and the hard one allows.
pub fn allow(connections: usize) -> Result<(), ConnectError> {
    let needed = connections as u64 + REST;
    files::allow(needed).map_err(|allowed| ConnectError::Descriptors {
        connections,
        needed,
        allowed,
    })
}
