//! Offering the load: who comes in which order, all of them at once or so many at a time, and what they were told.
//!
//! [`schedule`] is pure, [`engine`] runs it, [`recorder`] keeps what happened. No strategy's or backend's name is here.

pub mod counters;
mod engine;
mod pacer;
mod recorder;
mod schedule;

pub use counters::Counters;
pub use engine::{End, Load, LoadEnd, run};
pub use recorder::Recorder;
pub use schedule::{Pacing, Schedule};
