//! The simulated services, and the ports in front of them.
//!
//! - [`call`]: what a task wants, and what it gets, as data
//! - [`mailbox`], [`ports`]: the ports of a strategy, where every call waits until it is served
//! - [`executor`]: the strategy's own futures, polled by hand
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
