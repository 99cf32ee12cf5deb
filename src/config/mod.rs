//! Flags, scenario file and environment become one validated [`scenario::Scenario`].
//!
//! # Layout
//!
//! In the order of the data:
//!
//! - [`settings`]: the declaration of every flag of `run`, which is also the key of a scenario file, in groups that other commands take too
//! - [`mod@file`]: reads a scenario file
//! - [`layers`]: flag over file over environment
//! - [`resolve`](mod@resolve): parses each setting, checks its bounds, and fills in its default; `workload`, `services`, [`strategies`],
//!   `targets` and [`output`] do that for one group each
//! - [`scenario`]: the result; `reported`: the result as a report writes it
//!
//! # How to add a setting
//!
//! Declare the flag in [`settings`]. Add a field to the validated type ([`scenario::Scenario`],
//! [`Workload`](crate::model::workload::Workload) or [`Services`](crate::input::address::Services)) and parse it where the type is
//! built: `resolve`, `workload` or `services`. The compiler then asks for a line in `reported`. The scenario file, `compare` and the
//! processes of `--instances` take the setting without a further line.

pub mod file;
pub mod layers;
pub mod output;
mod reported;
pub mod resolve;
pub mod scenario;
mod services;
pub mod settings;
pub mod strategies;
mod targets;
mod workload;

pub use self::{
    output::{Output, OutputTarget},
    resolve::{RunConfig, doctor_services, resolve},
    settings::{RunArgs, RunSettings, ServiceArgs},
};
pub(crate) use self::{services::services, workload::workload};
