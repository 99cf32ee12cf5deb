//! The error of a service that a run cannot use.

use crate::text::redact;

/// A service that could not be reached, or that failed during the setup of a run.
#[derive(Debug, Clone, thiserror::Error)]
#[error("failed to use {target} ({flag}): {message}{}", advice(message))]
pub struct OpenError {
    /// The flag of the service.
    pub flag: &'static str,
    /// The address of the service, without its password.
    pub target: String,
    /// The message of the service or the system.
    pub message: String,
}

/// The advice for a refused connection.
fn advice(message: &str) -> &'static str {
    if message.contains("Connection refused") {
        "; is it running?"
    } else {
        ""
    }
}

impl OpenError {
    /// The error of the service of `flag`.
    pub fn new(flag: &'static str, target: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            flag,
            target: target.into(),
            message: redact::foreign(&message.into()),
        }
    }

    /// Adds the objects that could not be removed after the error.
    pub(super) fn and(mut self, left: &[String]) -> Self {
        for problem in left {
            self.message.push_str("; ");
            self.message.push_str(problem);
        }
        self
    }
}
