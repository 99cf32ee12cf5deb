//! The simulated services, and the ports in front of them.
//!
//! # Layout
//!
//! - [`call`]: the calls and answers of the ports, as data
//! - [`mailbox`], [`ports`]: the ports of a strategy, where every call waits for its answer
//! - [`executor`]: polls the strategy's own futures by hand
//! - [`database`], [`topic`], [`cache`]: the services as plain values; a call is one atomic step
//! - [`intern`]: values by number

pub mod cache;
pub mod call;
pub mod database;
pub mod executor;
pub mod intern;
pub mod mailbox;
pub mod ports;
pub mod topic;
