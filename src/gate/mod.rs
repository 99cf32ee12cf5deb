//! Gates: wire proxies in front of PostgreSQL, MySQL and Redis, which hold each statement until it is released.
//!
//! A service connects to a gate instead of its database. The gate forwards all bytes unchanged, in both directions. It reads only the
//! borders of messages: where a statement begins, where its answer ends, and whether a transaction is open.
//!
//! # Layout
//!
//! - [`Gate`]: the address that a service connects to
//! - [`GateControl`]: holds and releases statements
//! - [`event`]: what a gate reports: connections, statements and their answers
//! - [`wire`]: what the protocol of a service must tell a gate
//! - [`footprint`]: the tables and keys that a statement reads and writes, and whether two statements commute
//! - [`postgres`]: the protocol of PostgreSQL
//! - [`redis`]: the protocol of Redis
//! - [`connection`]: the two sockets of a connection
//! - [`passage`]: what happens to the bytes of a connection, without sockets
//! - [`pending`], [`outgoing`]: what is not yet forwarded, and what a socket has not yet taken

mod connection;
mod control;
pub mod event;
pub mod footprint;
#[cfg(test)]
pub(crate) mod fuzzed;
mod listen;
mod mysql;
mod outgoing;
mod passage;
mod pending;
mod postgres;
mod redis;
pub mod wire;

pub use control::GateControl;
pub use listen::Gate;

use std::fmt;

use serde::Serialize;

/// The protocol of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GateKind {
    /// PostgreSQL, protocol version 3.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// Redis, RESP2 and RESP3.
    Redis,
}

impl GateKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Postgres, Self::Mysql, Self::Redis];

    /// The name in flags and messages: `postgres`, `mysql`, `redis`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Redis => "redis",
        }
    }

    /// The port of a service that names none.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::Mysql => 3306,
            Self::Redis => 6379,
        }
    }
}

impl fmt::Display for GateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
