//! Instruments: ports that wrap other ports. A strategy does not notice them.
//!
//! # Layout
//!
//! - [`metered`]: counts the database load and records when each coupon becomes durable
//! - [`stepped`]: passes every call of every port to a hook
//! - [`gated`]: the hook of a replay, which admits calls one by one
//! - [`traced`]: the hook of `--trace`, which records the calls
//! - [`observation`]: the answers of the ports, as a schedule shows them
//!
//! This module names no concrete backend.

pub mod gated;
pub mod metered;
pub mod observation;
pub mod stepped;
pub mod traced;
