//! Before anything is opened: the open files and the memory that a run needs, against what this process may have.
//!
//! A library that cannot open a file, or that gets no memory, ends the process without a word about the cause. So the needs are
//! estimated beforehand, from figures that were measured, and a run that cannot succeed is refused with them.

pub mod memory;
mod needs;

pub use crate::adapters::files::{self, Files};
pub use memory::Memory;
pub use needs::Needs;

/// What the process may not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Shortage {
    /// Open files.
    #[error(transparent)]
    Files(#[from] files::TooMany),
    /// Memory.
    #[error(transparent)]
    Memory(#[from] memory::TooMuch),
}

/// Compares what is needed with what there is, and raises the soft limit of open files where that is enough.
pub fn check(needs: &Needs) -> Result<(), Shortage> {
    memory::check(&needs.memory, memory::available())?;
    files::check(&needs.files)?;
    Ok(())
}
