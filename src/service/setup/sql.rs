//! SQL on a database of the service.

use bytes::Bytes;
use http::Response;
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::answer;
use crate::{
    adapters::sql::{self, Columns, Link},
    input::address::DbTarget,
    service::{AttemptValues, EventValues, Template},
};

/// One statement, or several that are separated by semicolons.
#[derive(Debug)]
pub struct Query {
    /// The database.
    pub db: DbTarget,
    /// The text of the statements.
    pub text: Template,
}

impl Query {
    pub(super) fn name(&self) -> String {
        format!("sql on {}", self.db.kind())
    }

    pub(super) fn text(&self, event: &EventValues) -> Result<String, String> {
        self.text.check(event, AttemptValues::NONE)?;
        Ok(self.text.fill(event, AttemptValues::NONE))
    }

    /// Runs the statements. The response is the first column of the first row, as text.
    pub(super) async fn run(&self, text: &str) -> Result<Response<Bytes>, String> {
        let failed = |error: sqlx::Error| format!("{}: {}", self.db, sql::words(&error));
        let rows = self.rows(text).await.map_err(failed)?;
        let mut first = rows.into_iter().filter_map(|(first, _)| first);
        Ok(answer(first.next().unwrap_or_default()))
    }

    async fn rows(&self, text: &str) -> Result<Vec<Columns>, sqlx::Error> {
        let mut connection = Link::to(&self.db, None)?.connect().await?;
        connection.texts(AssertSqlSafe(text).into_sql_str()).await
    }
}
