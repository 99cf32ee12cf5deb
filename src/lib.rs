//! Does a first-come-first-served event really give out exactly its limit?
//!
//! `coupon-bench` fires concurrent users at a strategy or at a running service, then reconciles what every user was told with
//! what the database holds.
//!
//! # Layout
//!
//! The modules are in the order of the data's way. A module imports only from modules above it; `tests/layers.rs` checks that.
//!
//! - [`text`]: numbers, durations, quoting, foreign text, and the removal of secrets from text
//! - [`statistics`]: means, confidence intervals and Welch's test
//! - [`ports`]: everything that a strategy may do to the world, as five small traits
//! - [`strategies`]: the strategies, one file each, written against the ports alone
//! - [`model`]: what was measured, as plain data: workload, outcomes, steps of a schedule, verdict, report
//! - [`input`]: settings as typed, with the place where each was typed; addresses of services
//! - [`judge`]: pure functions over the model: ledger, verdict, witness, comparison, assertions, exit codes
//! - [`adapters`]: databases, Redis, Kafka and HTTP, real or embedded
//! - [`instrument`]: ports around ports: traced, metered, gated
//! - [`gate`]: wire proxies that hold the statements of a service until they are released
//! - [`service`]: a service of the user's own: its file, its requests, its ledger
//! - [`config`]: flags, scenario file and environment become one validated [`config::scenario::Scenario`]
//! - [`engine`]: generates the load, runs, explores, replays
//! - [`serve`]: a strategy over HTTP, for any load tool
//! - [`render`]: reports as text, Markdown, HTML, JUnit and data
//! - [`cli`]: the commands

// The blank lines keep rustfmt from sorting the modules.
pub mod text;

pub mod statistics;

pub mod ports;

pub mod strategies;

pub mod model;

pub mod input;

pub mod judge;

pub mod adapters;

pub mod instrument;

pub mod gate;

pub mod service;

pub mod config;

pub mod engine;

pub mod serve;

pub mod render;

pub mod cli;

#[cfg(test)]
mod fuzz;
