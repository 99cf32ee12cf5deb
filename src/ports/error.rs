//! What a port answers when it does not answer: an error that says whether the step may have taken effect.

use std::borrow::Cow;

/// What a port returns.
pub type Result<T> = std::result::Result<T, PortError>;

/// Whether a failed step changed anything: the difference between "failed" and "indeterminate".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The service refused: nothing happened.
    None,
    /// The service refused because of somebody else's concurrent work (a serialization failure, a deadlock,
    /// a busy database): nothing happened, and trying again may succeed.
    Conflict,
    /// No answer came: the step may have happened or may still happen.
    Unknown,
}

/// A step that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{step}: {message}")]
pub struct PortError {
    /// The step as a schedule names it, for example `INCR coupon_count`.
    pub step: Cow<'static, str>,
    /// Whether it may have taken effect.
    pub effect: Effect,
    /// The service's words, without secrets.
    pub message: String,
}

impl PortError {
    /// A failure of `step`.
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

    /// Whether trying again may succeed.
    pub fn is_conflict(&self) -> bool {
        self.effect == Effect::Conflict
    }
}
