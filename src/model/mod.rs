//! The data of a run: workload, outcomes, traces, verdict, report. This module measures, judges and renders nothing.
//!
//! # Layout
//!
//! - [`workload`]: the number of users, the attempts of each user, and their arrivals
//! - [`outcome`]: how an attempt ended
//! - [`hunt`]: the cases of a hunt and its token
//! - [`interleaving`]: the steps of several users in one order, and the token of a schedule
//! - [`verdict`]: the verdicts and the kinds of findings
//! - [`environment`]: the program and the machine
//! - [`trace`]: the port calls of a run's attempts, with their times
//! - [`report`]: the report of `run`
//! - [`ceiling`]: the report of `ceiling`

pub mod ceiling;
pub mod environment;
pub mod hunt;
pub mod interleaving;
pub mod outcome;
pub mod report;
pub mod trace;
pub mod verdict;
pub mod workload;
