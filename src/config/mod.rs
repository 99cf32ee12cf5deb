//! The one place where flags, a scenario file and the environment become a validated [`scenario::Scenario`].
//!
//! # Layout
//!
//! - [`settings`]: the flags of `run`, which are also the keys of a scenario file
//! - [`mod@file`]: reads a scenario file
//! - [`layers`]: flag over file over environment
//! - [`mod@effective`]: what was typed becomes what is meant
//! - [`output`]: what a run prints, and where documents go
//! - [`strategies`]: which strategies are meant, and which the database can run; `targets`: a service in their place
//! - [`scenario`]: the result

pub(crate) mod arrivals;
pub mod effective;
pub mod file;
pub mod layers;
pub mod output;
mod reported;
pub mod scenario;
pub mod settings;
pub mod strategies;
mod targets;
mod tls_ca;

pub use self::{
    effective::{Effective, doctor_services, effective},
    output::{Output, OutputTarget},
    settings::{RunArgs, RunSettings, ServiceArgs},
};
