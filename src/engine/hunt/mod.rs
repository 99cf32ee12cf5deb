//! The search for a race in a service of the user, over its real databases.
//!
//! Two requests run at the same time. Their statements are held at gates, and released in every order. The ledger judges each order.
//!
//! # Layout
//!
//! - [`settings`]: what is hunted, through which gates, within which bounds
//! - [`command`]: the process of the service
//! - [`redirect`]: the addresses of databases in the settings of a service become those of gates
//! - [`step`]: a statement of a request, as it took effect
//! - [`explain`]: why an order of statements breaks a promise, and a remedy
//! - [`result`]: what a hunt has found

pub mod command;
pub mod explain;
pub mod redirect;
pub mod result;
pub mod settings;
pub mod step;

pub use result::{CaseResult, Extent, HuntResult, HuntWitness, Played};
pub use settings::{HuntBounds, HuntProgress, HuntSettings, Upstream};
pub use step::HuntStep;
