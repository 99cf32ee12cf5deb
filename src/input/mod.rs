//! Settings before they are parsed, each with its place, and the addresses of services.
//!
//! # Layout
//!
//! - [`raw_value`]: a setting before it is parsed; [`error`]: what is wrong with a setting, and its place
//! - [`toml_file`]: a TOML file, with the line and the key of every error
//! - [`address`]: the addresses of databases, Redis and Kafka; [`services`]: parses the text of an address

use std::ffi::OsString;

pub mod address;
pub mod error;
pub(crate) mod raw_value;
mod sentinel;
pub mod services;
pub mod toml_file;

pub use error::UsageError;

/// Reads an environment variable: `&|name| std::env::var_os(name)`, or a table in a test.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;
