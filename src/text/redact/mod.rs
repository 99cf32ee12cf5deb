//! Keeps secrets out of every output.
//!
//! A secret is found in two ways: by what it means (the password of a URL, the value of a parameter called `token`, an
//! `Authorization` header), and by its value, once it is known, in whatever encoding it comes back.
//!
//! # Layout
//!
//! - [`meaning`]: which names have secrets for values, and where such names stand in a text
//! - [`secrets`]: a set of known values, and the search for them
//! - `views`: a text with its percent signs, backslashes, entities or base64 decoded
//!
//! # Where it is applied
//!
//! - [`value`] for what a user has typed, in errors about it
//! - [`foreign`] for what a service or a library has said, where it enters the program
//! - [`output`] for every document and every line on stdout and stderr, as the last gate
//!
//! # What is not hidden
//!
//! A value of fewer than [`secrets::SHORTEST`] bytes is hidden where it is known by its meaning, and not searched for: a search for
//! the password `1` would destroy every number. A value that is like a word or a number is searched for in foreign texts, as a
//! whole word; the last gate does not search for it, as it would destroy the program's own words and numbers. A password that
//! equals the user, the host or the path of its own URL is not searched for either, as these are shown.

pub mod meaning;
pub mod secrets;
mod views;

use std::{
    borrow::Cow,
    io::{self, Write},
    sync::{PoisonError, RwLock},
};

pub use meaning::{text, value};
pub use secrets::Secrets;

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// What the process has learned to be secret.
static KNOWN: RwLock<Secrets> = RwLock::new(Secrets::new());

/// Remembers a secret for the rest of the process.
pub fn remember(secret: &str) {
    learn(|known| known.add(secret));
}

/// Remembers the secrets of a URL: its password, and the values of parameters with a secret name.
pub fn remember_url(url: &url::Url) {
    learn(|known| known.add_url(url));
}

/// Remembers the secrets in a value that a user has typed, which may be no URL.
pub fn remember_typed(typed: &str) {
    let secrets = meaning::secrets_in(typed);
    if !secrets.is_empty() {
        learn(|known| known.add_all(secrets));
    }
}

/// Remembers all of a set.
pub fn remember_all(secrets: &Secrets) {
    if !secrets.is_empty() {
        learn(|known| known.extend(secrets));
    }
}

fn learn(change: impl FnOnce(&mut Secrets)) {
    change(&mut KNOWN.write().unwrap_or_else(PoisonError::into_inner));
}

/// What a service or a library has said, without secrets.
pub fn foreign(said: &str) -> String {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    text(&known.mask(said))
}

/// An output of the program, without the secrets that cannot be mistaken for its own words and numbers.
pub fn output(written: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.mask_distinctive(written)
}

/// Stderr behind the last gate, for whoever writes whole lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let said = String::from_utf8_lossy(bytes);
        io::stderr().write_all(output(&said).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests;
