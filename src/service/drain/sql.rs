//! A query that counts the remaining work, as in an outbox table.

use super::Backlog;
use crate::{
    input::address::DbTarget,
    service::{
        AttemptValues, EventValues, Template,
        ledger::{QueryKind, Raw, sql::Query},
    },
};

/// A query that returns 0 once no work is left.
#[derive(Debug)]
pub struct SqlZero {
    /// The database.
    pub db: DbTarget,
    /// The query.
    pub query: Template,
}

/// The condition on a connection.
pub struct SqlProbe(Query);

impl SqlZero {
    pub(super) async fn open(&self, event: &EventValues) -> Result<SqlProbe, String> {
        let query = self.query.fill(event, AttemptValues::NONE);
        Query::open(&self.db, query, QueryKind::Count)
            .await
            .map(SqlProbe)
    }
}

impl SqlProbe {
    pub(super) async fn ask(&mut self) -> Result<Backlog, String> {
        let left = match self.0.read().await? {
            Raw::Number(left) => left,
            Raw::Rows(rows) => rows.len() as i128,
        };
        Ok(Backlog {
            // A negative number is not an amount of work.
            left: u64::try_from(left).ok(),
            words: format!("the query of sql returned {left}"),
        })
    }
}
