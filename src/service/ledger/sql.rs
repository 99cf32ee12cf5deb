//! A ledger in a database: the first two columns of a query of the target file, as text for every type. The query runs on a
//! read-only connection.

use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::{QueryKind, Raw, Row as Coupon};
use crate::{
    adapters::{
        CONNECT_TIMEOUT, ServiceInfo,
        sql::{self, Columns, Connection, Contact, Link, Statements},
    },
    input::address::DbTarget,
    model::report::Backend,
    service::json_number,
};

/// A query on a connection.
pub struct Query {
    connection: Connection,
    /// Whether each query needs a read-only transaction of its own.
    in_transaction: bool,
    text: String,
    what: QueryKind,
    info: ServiceInfo,
}

impl Query {
    pub async fn open(db: &DbTarget, text: String, what: QueryKind) -> Result<Self, String> {
        let failed = |why: String| format!("failed to use {db}: {why}");
        let Contact { info, statements } = sql::probe(db, None).await.map_err(failed)?;
        let connect = tokio::time::timeout(CONNECT_TIMEOUT, to_read(db, statements)).await;
        let connection = connect.map_err(|_| failed("no answer in time".to_owned()))?;
        Ok(Self {
            connection: connection.map_err(|error| failed(sql::words(&error)))?,
            in_transaction: statements == Statements::Plain,
            text,
            what,
            info,
        })
    }

    pub async fn read(&mut self) -> Result<Raw, String> {
        let rows = self.rows().await;
        let rows = rows.map_err(|error| format!("the query failed: {}", sql::words(&error)))?;
        let rows: Option<Vec<Coupon>> = rows
            .into_iter()
            .map(|(user, code)| user.map(|user| Coupon { user, code }))
            .collect();
        let rows = rows.ok_or("the query returned a row without a value")?;
        match (self.what, rows.as_slice()) {
            (QueryKind::Users, _) => Ok(Raw::Rows(rows)),
            (QueryKind::Count, [row]) => {
                let count = json_number::integer(&row.user).map(Raw::Number);
                count.ok_or_else(|| {
                    format!("the query returned {:?}, which is not a count", row.user)
                })
            }
            (QueryKind::Count, rows) => Err(format!(
                "the query returned {} rows where one count was expected",
                rows.len()
            )),
        }
    }

    async fn rows(&mut self) -> Result<Vec<Columns>, sqlx::Error> {
        let query = AssertSqlSafe(self.text.as_str()).into_sql_str();
        if !self.in_transaction {
            return self.connection.texts(query).await;
        }
        let begin = "BEGIN READ ONLY".into_sql_str();
        self.connection.run(begin).await?;
        let rows = self.connection.texts(query).await;
        let ended = self.connection.run("ROLLBACK".into_sql_str()).await;
        rows.and_then(|rows| ended.map(|()| rows))
    }

    pub fn backend(&self) -> Backend {
        Backend {
            kind: self.info.kind.to_owned(),
            version: self.info.version.clone(),
            embedded: false,
        }
    }
}

/// Opens a read-only connection. A pooler in transaction mode gives the session, with its settings, to other clients; behind such a
/// pooler each query has a read-only transaction of its own instead.
async fn to_read(db: &DbTarget, statements: Statements) -> Result<Connection, sqlx::Error> {
    let mut connection = Link::to(db, None)?.connect().await?;
    if statements == Statements::Plain {
        return Ok(connection);
    }
    let only_read = match &connection {
        Connection::Postgres(..) => "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        Connection::Mysql(_) => "SET SESSION TRANSACTION READ ONLY",
        Connection::Sqlite(_) => "PRAGMA query_only = ON",
    };
    connection.run(only_read.into_sql_str()).await?;
    Ok(connection)
}
