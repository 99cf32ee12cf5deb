//! What parent and children say to each other: one line of JSON each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};

use crate::{
    engine::run::observed::Observed,
    input::address::TlsCa,
    model::workload::{Arrivals, DbConnection, Rate},
};

/// What a child has to do. Goes through a pipe and not through arguments, as it holds passwords.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assignment {
    /// Which child, from 0, and of how many.
    pub share: (usize, usize),
    pub work: Work,
    pub run_id: String,
    pub users: u64,
    pub limit: u64,
    pub attempts: u32,
    /// A closed loop's places are those of this child.
    pub arrivals: Arrivals,
    pub seed: u64,
    pub timeout_ms: u64,
    pub warmup: bool,
}

/// What is asked by a child's users.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    Strategy(Box<StrategyWork>),
    Target(Box<TargetWork>),
}

/// A strategy, and where its services are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StrategyWork {
    pub strategy: String,
    pub db: String,
    pub db_pool: u32,
    pub db_connection: DbConnection,
    pub redis: String,
    pub redis_connections: u32,
    pub kafka: String,
    pub consumers: u32,
    pub consumer_batch: u32,
    /// Of all children together.
    pub consumer_rate: Option<Rate>,
    pub tls_ca: Option<TlsCa>,
}

/// A service of the user's own, which the parent has set up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TargetWork {
    pub path: PathBuf,
    /// The file as the parent has read it: it may have been edited since.
    pub text: String,
    /// Connections of each child, where that is said.
    pub connections: Option<usize>,
    pub allow_remote: bool,
    /// What the setup has given.
    pub given: Vec<Option<String>>,
}

/// To a child.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Get ready.
    Prepare(Box<Assignment>),
    /// Release everybody at this time: nanoseconds since the Unix epoch.
    Release(u64),
    /// End the load early.
    Stop,
    /// The pipeline is empty: tell what there is to tell, and end.
    Finish,
}

/// From a child.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// Connected and warm.
    Ready,
    /// It cannot take part.
    Failed(String),
    /// How far it is.
    Progress {
        started: u64,
        finished: u64,
        issued: u64,
        inserted: u64,
    },
    /// Its load has ended, its records are delivered or given up.
    Loaded {
        /// Why the load ended, where that was not because everybody was answered.
        trouble: Option<String>,
    },
    /// The last word.
    Observed(Box<Observed>),
}

/// Writes a message.
pub async fn send(
    writer: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    writer.flush().await
}

/// Reads the next message; `None` when the other side is gone.
pub async fn receive<T: DeserializeOwned>(reader: &mut (impl AsyncBufRead + Unpin)) -> Option<T> {
    let mut line = String::new();
    match reader.read_line(&mut line).await {
        Ok(length) if length > 0 => serde_json::from_str(&line).ok(),
        _ => None,
    }
}
