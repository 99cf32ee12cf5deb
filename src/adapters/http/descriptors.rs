//! Raises the limit of open files to the number of connections.

use super::ConnectError;
use crate::adapters::files;

/// Open files of the rest of the program: connections to the database, Redis and Kafka, and files.
const REST: u64 = 256;

/// Raises the soft limit as far as needed and as far as the hard limit allows.
pub fn allow(connections: usize) -> Result<(), ConnectError> {
    let needed = connections as u64 + REST;
    files::allow(needed).map_err(|allowed| ConnectError::Descriptors {
        connections,
        needed,
        allowed,
    })
}
