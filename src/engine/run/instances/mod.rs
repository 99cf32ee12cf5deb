//! `--instances N`: several of this program's own processes as one workload, each with its own pool, its own in-process lock
//! and a share of the users.
//!
//! The parent owns the services and judges; its children, started with [`COMMAND`], only join them. A service of the user's own is
//! set up, drained and read by the parent, too. They speak in
//! [`message`]s, a line of JSON each. A child that dies is reported, and what its users were told is indeterminate.

mod assignment;
mod child;
mod message;
mod parent;

pub use child::main as child;
pub(super) use message::AssignedSubject;
pub use parent::{HEAD_START, Instances};

/// The hidden command that makes this program a child.
pub const COMMAND: &str = "instance";
