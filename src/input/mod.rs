//! Settings as typed, each with the place where it was typed, and the addresses of services.
//!
//! # Layout
//!
//! - [`typed`]: a setting that nobody has interpreted; [`error`]: what is wrong with it, and where it was typed
//! - [`toml_file`]: any file in TOML, with the line and the key of every mistake
//! - [`address`]: databases, Redis and Kafka; [`services`]: how an address is written

use std::ffi::OsString;

pub mod address;
pub mod error;
mod sentinel;
pub mod services;
pub mod toml_file;
pub(crate) mod typed;

pub use error::UsageError;

/// Looks up an environment variable: `&|name| std::env::var_os(name)`, or a table in a test.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;
