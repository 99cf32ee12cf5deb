//! Why a schedule could not be played.

use crate::adapters::OpenError;

/// Why a schedule could not be played.
#[derive(Debug, Clone)]
pub enum ScheduleError {
    /// The statements of the two requests cannot be told apart, or cannot be held one by one. The text says why.
    NotControllable(String),
    /// A statement could belong to both requests. A longer quiet time may help.
    Ambiguous(String),
    /// The service or a database failed. The text says how.
    Failed(String),
    /// The service could not be set up.
    Open(OpenError),
    /// The user interrupted the hunt.
    Interrupted,
}

impl From<OpenError> for ScheduleError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}
