//! `--instances N`: several processes of this program share the users of one workload. Each process has its own connection pool and
//! its own in-process lock.
//!
//! The parent opens the services, drains them and judges the run. Its children, started with the command [`COMMAND`], join the
//! services and make the attempts. Parent and child exchange [`message`]s, one line of JSON each. The parent reports a child that
//! dies; the outcomes of its users are indeterminate.

mod assignment;
mod child;
mod message;
mod parent;

pub use child::main as child;
pub(super) use message::AssignedSubject;
pub use parent::{HEAD_START, Instances};

/// The hidden command that starts this program as a child.
pub const COMMAND: &str = "instance";
