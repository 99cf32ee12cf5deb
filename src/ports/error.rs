//! The error of a port call. It says whether the step may have taken effect.

use std::borrow::Cow;

/// The result of a port call.
pub type Result<T> = std::result::Result<T, PortError>;

/// Whether a failed step took effect. This decides between a failed and an indeterminate attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The service refused the step, and the step had no effect.
    None,
    /// The service refused the step because of a concurrent transaction (a serialization failure, a deadlock, a busy
    /// database). The step had no effect, and a retry may succeed.
    Conflict,
    /// No answer came. The step may have taken effect or may still take effect.
    Unknown,
}

/// A step that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{step}: {message}")]
pub struct PortError {
    /// The step as a schedule names it, for example `INCR coupon_count`.
    pub step: Cow<'static, str>,
    /// Whether the step may have taken effect.
    pub effect: Effect,
    /// The message of the service, without secrets.
    pub message: String,
}

impl PortError {
    /// The error of `step`.
    pub fn new(
        step: impl Into<Cow<'static, str>>,
        effect: Effect,
        message: impl Into<String>,
    ) -> Self {
        Self {
            step: step.into(),
            effect,
            message: message.into(),
        }
    }

    /// Whether a retry may succeed.
    pub fn is_conflict(&self) -> bool {
        self.effect == Effect::Conflict
    }
}
