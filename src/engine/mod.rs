//! The engine: runs, explores and replays strategies and services.
//!
//! # Layout
//!
//! - [`limits`]: the open files and the memory that a run needs, checked before a service is opened
//! - [`load`]: when each user arrives, and the outcome of each attempt
//! - [`run`]: one run from its services to its report, repeated over strategies and trials
//! - [`ceiling`]: the throughput of the services without a strategy
//! - [`explore`]: every interleaving over simulated services
//! - [`hunt`]: every order of the statements of two requests to a service, on its real databases
//! - [`replay`]: one interleaving on real services
//! - [`clean`]: the objects that killed runs have left on the services

pub mod ceiling;
pub mod clean;
pub mod explore;
pub mod hunt;
pub mod limits;
pub mod load;
pub mod replay;
pub mod run;
