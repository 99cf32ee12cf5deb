//! The open files and the memory that a command needs, compared with what this process may use, before any service is opened.
//!
//! A library that cannot open a file or cannot allocate memory ends the process without a useful message. Therefore the needs are
//! estimated from measured figures, and a run that cannot succeed is refused with the estimate.

pub mod memory;
mod needs;

pub use crate::adapters::files::{self, Files};
pub use memory::Memory;
pub use needs::Needs;

/// A resource that the process may not use as needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Shortage {
    /// The number of open files.
    #[error(transparent)]
    Files(#[from] files::TooMany),
    /// The memory.
    #[error(transparent)]
    Memory(#[from] memory::TooMuch),
}

/// Compares the needs with the limits of this process. Raises the soft limit of open files where that is sufficient.
///
/// # Errors
///
/// The command needs more open files or more memory than this process may use.
pub fn check(needs: &Needs) -> Result<(), Shortage> {
    memory::check(&needs.memory, memory::available())?;
    files::check(&needs.files)?;
    Ok(())
}
