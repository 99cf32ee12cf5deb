//! The messages between the parent and its children: one line of JSON each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};

use crate::{
    engine::run::measurements::Measurements, input::address::Services, model::workload::Workload,
};

/// The share of a run that one child makes. Sent through a pipe and not as arguments, because it holds passwords.
///
/// The workload and the services are the validated settings themselves: a new setting needs no line here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assignment {
    /// The index of the child, from 0, and the number of children.
    pub share: (usize, usize),
    pub run_id: String,
    /// The workload of the whole run; only a closed loop's `in_flight` is that of this child.
    pub workload: Workload,
    pub subject: AssignedSubject,
}

/// What the users of a child send their claims to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignedSubject {
    Strategy(Box<AssignedStrategy>),
    Target(Box<AssignedTarget>),
}

/// A built-in strategy, on services that the parent has opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssignedStrategy {
    pub name: String,
    /// The services of the run, with the addresses of those that are embedded in the parent.
    pub services: Services,
}

/// A service of the user, which the parent has set up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssignedTarget {
    pub path: PathBuf,
    /// The target file as the parent read it: the file on disk may have changed since.
    pub text: String,
    /// Connections of each child; `None` is as many as its attempts need.
    pub connections: Option<usize>,
    pub allow_remote: bool,
    /// The values that the responses of the setup requests gave.
    pub given: Vec<Option<String>>,
}

/// A message of the parent to a child.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParentMessage {
    /// Open the connections.
    Prepare(Box<Assignment>),
    /// Start the load at this time: nanoseconds since the Unix epoch.
    Release(u64),
    /// End the load early.
    Stop,
    /// The topic is drained: send [`ChildMessage::Measured`] and exit.
    Finish,
}

/// A message of a child to the parent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildMessage {
    /// The child is connected and warmed up.
    Ready,
    /// The child cannot take part, for this reason.
    Failed(String),
    /// Counts since the release, sent at an interval.
    Progress {
        started: u64,
        finished: u64,
        issued: u64,
        inserted: u64,
    },
    /// The load has ended; every record is delivered or given up.
    Loaded {
        /// Why the load ended before every attempt had a response; `None` where every attempt had one.
        trouble: Option<String>,
    },
    /// The measurements of the child: its last message.
    Measured(Box<Measurements>),
}

/// Writes a message.
///
/// # Errors
///
/// The reader has closed its end of the pipe.
pub async fn send(
    writer: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    writer.flush().await
}

/// Reads the next message; `None` when the writer has closed its end of the pipe.
pub async fn receive<T: DeserializeOwned>(reader: &mut (impl AsyncBufRead + Unpin)) -> Option<T> {
    let mut line = String::new();
    match reader.read_line(&mut line).await {
        Ok(length) if length > 0 => serde_json::from_str(&line).ok(),
        _ => None,
    }
}
