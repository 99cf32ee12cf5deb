//! The load: starts the attempts of a schedule and records their outcomes.
//!
//! # Layout
//!
//! - [`schedule`]: the users and intended starts of the attempts, as pure data
//! - [`engine`]: runs a schedule; [`pacer`]: starts the attempts of an open loop
//! - [`recorder`]: the times and outcomes of the attempts; [`counters`]: the progress
//!
//! This module names no strategy and no backend.

pub mod counters;
mod engine;
mod pacer;
mod recorder;
mod schedule;

pub use counters::Counters;
pub use engine::{End, Load, LoadEnd, run};
pub use recorder::Recorder;
pub use schedule::{Pacing, Schedule};
