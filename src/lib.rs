//! Does a first-come-first-served event really give out exactly its limit?
//!
//! `coupon-bench` fires concurrent users at a strategy, then reconciles what every user was told with what the database holds.
//!
//! # Layout
//!
//! The rooms are in the order in which a run passes through them; imports point back along it, never forward.
//!
//! - [`cli`]: flags and a scenario file, as typed, become a [`scenario::Scenario`], as meant
//! - [`ports`]: everything that a strategy may do to the world, as five small traits
//! - [`strategy`]: the strategies, one file each, written against the ports alone
//! - [`backend`]: what stands behind the ports: databases, Redis, Kafka, real or embedded
//! - [`http`]: the client for a service of somebody's own, with connections that are open before the load
//! - [`target`]: such a service: how it is asked, what its answers mean, where its coupons are
//! - [`decorate`]: wrappers around ports that are ports themselves
//! - [`load`]: who comes when, and what they were told
//! - [`limits`]: the open files and the memory that a run needs, before anything is opened
//! - [`ledger`], [`verdict`]: what the database holds against what was said; the pure judgement
//! - [`run`]: one run from its services to its report, repeated over strategies and trials
//! - [`ceiling`]: how fast the services are without a strategy around them
//! - [`interleaving`]: who made which step, as data; [`witness`]: why it went wrong
//! - [`explore`]: every interleaving over simulated services; [`replay`]: one of them on real ones
//! - [`serve`]: a strategy over HTTP, for any load tool
//! - [`compare`]: reports against each other: correctness first, then speed, with intervals
//! - [`clean`]: what runs that were killed have left behind
//! - [`report`]: one value, many outputs
//! - [`redact`]: keeps secrets out of every output
//! - [`commands`]: puts the parts together, one function a command
//! - [`assertion`], [`statistics`], [`durations`], [`doctor`], [`exit`]: what the name says
//! - [`text`]: foreign text in every output

pub mod assertion;
pub mod backend;
pub mod ceiling;
pub mod clean;
pub mod cli;
pub mod commands;
pub mod compare;
pub mod decorate;
pub mod doctor;
pub mod durations;
pub mod exit;
pub mod explore;
#[cfg(test)]
mod fuzz;
pub mod http;
pub mod interleaving;
pub mod ledger;
pub mod limits;
pub mod load;
pub mod ports;
pub mod redact;
pub mod replay;
pub mod report;
pub mod run;
pub mod scenario;
pub mod serve;
pub mod statistics;
pub mod strategy;
pub mod target;
pub mod text;
pub mod verdict;
pub mod witness;
