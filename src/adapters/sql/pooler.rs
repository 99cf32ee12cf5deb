//! Detects a pooler such as PgBouncer in front of PostgreSQL that changes the session of a client between transactions.

use std::time::Duration;

use sqlx::{Error, SqlSafeStr};

use super::{connection::Connection, link::Link};

/// How often two connections are asked for the process that serves them.
const ROUNDS: usize = 3;

/// The timeout of a connection. A pooler without a free session answers late, which is not a sign of the mode.
const PATIENCE: Duration = Duration::from_secs(1);

/// True if two connections that are open at the same time are served by the same process of the server, or one of them by
/// several. Both are proof of a pooler in transaction or statement mode; without one, a connection has a process of its own.
///
/// An idle pooler uses the session that was returned last, so the first round is usually enough. If a second connection cannot be
/// opened, the result is false.
pub async fn shares_sessions(link: &Link, first: &mut Connection) -> bool {
    let asked = async {
        let mut second = link.connect().await?;
        let shared = shared(first, &mut second).await;
        second.close().await;
        shared
    };
    matches!(tokio::time::timeout(PATIENCE, asked).await, Ok(Ok(true)))
}

async fn shared(first: &mut Connection, second: &mut Connection) -> Result<bool, Error> {
    let mut known = [None, None];
    for _ in 0..ROUNDS {
        for (index, connection) in [&mut *first, &mut *second].into_iter().enumerate() {
            let process = process(connection).await?;
            let before = known[index].replace(process);
            if before.is_some_and(|before| before != process) || known[0] == known[1] {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Sent as text, because the mode decides whether statements can be prepared.
async fn process(connection: &mut Connection) -> Result<i64, Error> {
    let processes = connection
        .column("SELECT pg_backend_pid()::bigint".into_sql_str())
        .await?;
    processes.first().copied().ok_or(Error::RowNotFound)
}
