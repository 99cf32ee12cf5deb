//! The load: starts the attempts of a schedule and records their outcomes.
//!
//! # Layout
//!
//! - [`schedule`]: the users and intended starts of the attempts, as pure data
//! - [`engine`]: runs a schedule; [`pacer`]: starts the attempts of an open loop
//! - [`recorder`]: the times and outcomes of the attempts, and the progress of the load
//!
//! This module names no strategy and no backend.

mod engine;
mod pacer;
mod recorder;
mod schedule;

pub use engine::{End, Load, LoadEnd, run};
pub use recorder::{Counters, Recorder};
pub use schedule::{Pacing, Schedule};
