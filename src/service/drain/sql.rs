//! A query that counts the work which is left, as in an outbox table.

use super::Backlog;
use crate::{
    input::address::DbTarget,
    service::{
        Event, Template, Who,
        ledger::{Raw, What, sql::Query},
    },
};

/// A query that returns 0 once no work is under way.
#[derive(Debug)]
pub struct SqlZero {
    /// The database.
    pub db: DbTarget,
    /// The query.
    pub query: Template,
}

/// The query on a connection.
pub struct Count(Query);

impl SqlZero {
    pub(super) async fn open(&self, event: &Event) -> Result<Count, String> {
        let query = self.query.fill(event, Who::NOBODY);
        Query::open(&self.db, query, What::Count).await.map(Count)
    }
}

impl Count {
    pub(super) async fn ask(&mut self) -> Result<Backlog, String> {
        let left = match self.0.read().await? {
            Raw::Number(left) => left,
            Raw::Rows(rows) => rows.len() as i128,
        };
        Ok(Backlog {
            // A number below 0 is no amount of work, and not 0.
            left: u64::try_from(left).ok(),
            words: format!("the query of sql returned {left}"),
        })
    }
}
