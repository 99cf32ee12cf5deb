//! The simulated services, and the ports in front of them.
//!
//! - [`call`]: what a task wants, and what it gets, as data
//! - [`desk`], [`ports`]: the ports of a strategy, where every call waits until it is served
//! - [`stage`]: the strategy's own futures, polled by hand
//! - [`database`], [`topic`], [`cache`]: the services as plain values; a call is one atomic step
//! - [`intern`]: values by number

pub mod cache;
pub mod call;
pub mod database;
pub mod desk;
pub mod intern;
pub mod ports;
pub mod stage;
pub mod topic;
