//! Removes secrets from every output.
//!
//! A secret is found in two ways: by its name (the password of a URL, the value of a parameter `token`, an
//! `Authorization` header), and by its known value, in any encoding.
//!
//! # Layout
//!
//! - [`names`]: the names whose values are secrets, and the search for such names in a text
//! - [`secrets`]: a set of known values, and the search for them
//! - `views`: a text with percent signs, backslashes, entities or base64 decoded
//!
//! # Where it is applied
//!
//! - [`value`]: to typed values in errors
//! - [`foreign`]: to messages of services and libraries, where they enter the program
//! - [`output`]: to every document and every line on stdout and stderr, as the last filter
//!
//! # Limits
//!
//! A value of fewer than [`secrets::SHORTEST`] bytes is masked by its name and not searched for: a search for the password `1`
//! would mask every number. A value that resembles a word or a number is searched for in foreign texts as a whole word. The last
//! filter does not search for it, because it would mask words and numbers of the program itself. A password that equals the user,
//! the host or the path of its own URL is not searched for, because these are shown.

pub mod names;
pub mod secrets;
mod views;

use std::{
    borrow::Cow,
    io::{self, Write},
    sync::{PoisonError, RwLock},
};

pub use names::{text, value};
pub use secrets::Secrets;

/// The mask that replaces a secret.
pub const MASK: &str = "***";

/// The secrets that the process knows.
static KNOWN: RwLock<Secrets> = RwLock::new(Secrets::new());

/// Adds a secret to those that the process knows.
pub fn remember(secret: &str) {
    learn(|known| known.add(secret));
}

/// Adds the secrets of a URL: its password, and the values of parameters with a secret name.
pub fn remember_url(url: &url::Url) {
    learn(|known| known.add_url(url));
}

/// Adds the secrets in a typed value, which may be an invalid URL.
pub fn remember_typed(typed: &str) {
    let secrets = names::secrets_in(typed);
    if !secrets.is_empty() {
        learn(|known| known.add_all(secrets));
    }
}

/// Adds all secrets of a set.
pub fn remember_all(secrets: &Secrets) {
    if !secrets.is_empty() {
        learn(|known| known.extend(secrets));
    }
}

fn learn(change: impl FnOnce(&mut Secrets)) {
    change(&mut KNOWN.write().unwrap_or_else(PoisonError::into_inner));
}

/// A message of a service or a library, without secrets.
pub fn foreign(message: &str) -> String {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    text(&known.mask(message))
}

/// An output of the program, without the secrets that differ from its own words and numbers.
pub fn output(written: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.mask_distinctive(written)
}

/// Stderr with the last filter. A caller must write whole lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        io::stderr().write_all(output(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests;
