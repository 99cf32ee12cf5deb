//! What runs: load, exploration, replay.
//!
//! # Layout
//!
//! - [`limits`]: the open files and the memory that a run needs, checked before a service is opened
//! - [`load`]: when each user arrives, and what each user was told
//! - [`run`]: one run from its services to its report, repeated over strategies and trials
//! - [`ceiling`]: how fast the services are without a strategy
//! - [`explore`]: every interleaving over simulated services
//! - [`replay`]: one interleaving on real services
//! - [`clean`]: what runs that were killed have left behind

pub mod ceiling;
pub mod clean;
pub mod explore;
pub mod limits;
pub mod load;
pub mod replay;
pub mod run;
