//! As many open files as there will be connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::ConnectError;

/// What the rest of the program may hold: its databases' connections, Redis, Kafka, files.
const REST: u64 = 256;

/// Raises the soft limit as far as it takes and the hard one allows.
pub fn allow(connections: usize) -> Result<(), ConnectError> {
    let needed = connections as u64 + REST;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // None is no limit.
    if current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let enough = maximum.is_none_or(|maximum| maximum >= needed);
    if enough && setrlimit(Resource::Nofile, raised).is_ok() {
        return Ok(());
    }
    Err(ConnectError::Descriptors {
        connections,
        needed,
        allowed: maximum.or(current).unwrap_or_default(),
    })
}
