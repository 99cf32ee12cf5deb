//! What was measured, as plain data. Nothing here measures, judges or knows how it is shown.
//!
//! # Layout
//!
//! - [`workload`]: who asks, how often and how fast
//! - [`outcome`]: how an attempt ended
//! - [`interleaving`]: which user made which step, and the token of a schedule
//! - [`verdict`]: the words of a judgement
//! - [`environment`]: this program and this machine
//! - [`trace`]: the steps of a run's attempts, with their times
//! - [`report`]: the report of a run; [`ceiling`]: that of `ceiling`

pub mod ceiling;
pub mod environment;
pub mod interleaving;
pub mod outcome;
pub mod report;
pub mod trace;
pub mod verdict;
pub mod workload;
