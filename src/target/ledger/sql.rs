//! A ledger in a database: the first column of a query of the user's, as text, whatever its type. Whatever the query is, it is
//! made on a connection that may only read.

use sqlx::{
    AssertSqlSafe, Connection, MySqlConnection, PgConnection, Row, SqliteConnection, raw_sql,
};

use super::{Found, What};
use crate::{
    backend::{CONNECT_TIMEOUT, ServiceInfo, database},
    report::Backend,
    scenario::DbTarget,
};

/// A query on a connection.
pub struct Query {
    connection: Link,
    text: String,
    what: What,
    info: ServiceInfo,
}

/// Not sqlx's common connection: it does not know half of the types that users' ids have. The protocol of a plain query sends
/// all of them as text.
pub(in crate::target) enum Link {
    Postgres(PgConnection),
    Mysql(MySqlConnection),
    Sqlite(SqliteConnection),
}

impl Query {
    pub async fn open(db: &DbTarget, text: String, what: What) -> Result<Self, String> {
        let failed = |why: String| format!("failed to use {db}: {why}");
        let info = database::probe(db).await.map_err(failed)?;
        let connect = tokio::time::timeout(CONNECT_TIMEOUT, Link::to_read(db)).await;
        let connection = connect.map_err(|_| failed("no answer in time".to_owned()))?;
        Ok(Self {
            connection: connection.map_err(|error| failed(database::words(&error)))?,
            text,
            what,
            info,
        })
    }

    pub async fn read(&mut self) -> Result<Found, String> {
        let rows = self.connection.column(&self.text).await;
        let rows =
            rows.map_err(|error| format!("the query failed: {}", database::words(&error)))?;
        let users: Option<Vec<String>> = rows.into_iter().collect();
        let users = users.ok_or("the query returned a row without a value")?;
        match (self.what, users.as_slice()) {
            (What::Users, _) => Ok(Found::Users(users)),
            (What::Count, [count]) => {
                let count = count.parse().map(Found::Count);
                count.map_err(|_| "the query returned no count".to_owned())
            }
            (What::Count, rows) => Err(format!(
                "the query returned {} rows where one count was expected",
                rows.len()
            )),
        }
    }

    pub fn backend(&self) -> Backend {
        Backend {
            kind: self.info.kind.to_owned(),
            version: self.info.version.clone(),
            embedded: false,
        }
    }
}

impl Link {
    async fn to_read(db: &DbTarget) -> Result<Self, sqlx::Error> {
        let mut link = Self::open(db).await?;
        match &mut link {
            Self::Postgres(connection) => {
                let only_read = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY";
                raw_sql(only_read).execute(connection).await?;
            }
            Self::Mysql(connection) => {
                let only_read = "SET SESSION TRANSACTION READ ONLY";
                raw_sql(only_read).execute(connection).await?;
            }
            Self::Sqlite(connection) => {
                raw_sql("PRAGMA query_only = ON")
                    .execute(connection)
                    .await?;
            }
        }
        Ok(link)
    }

    /// Without any restriction.
    pub(in crate::target) async fn open(db: &DbTarget) -> Result<Self, sqlx::Error> {
        Ok(match db {
            DbTarget::Postgres(url) => {
                Self::Postgres(PgConnection::connect(url.with_password()).await?)
            }
            DbTarget::Mysql(url) => {
                Self::Mysql(MySqlConnection::connect(url.with_password()).await?)
            }
            DbTarget::PrivateSqlite | DbTarget::Sqlite(_) => {
                Self::Sqlite(SqliteConnection::connect(&db.to_string()).await?)
            }
        })
    }

    /// The first column of all rows; a query is the user's own.
    pub(in crate::target) async fn column(
        &mut self,
        query: &str,
    ) -> Result<Vec<Option<String>>, sqlx::Error> {
        let query = raw_sql(AssertSqlSafe(query));
        match self {
            Self::Postgres(connection) => {
                let rows = query.fetch_all(connection).await?;
                rows.iter().map(|row| row.try_get_unchecked(0)).collect()
            }
            Self::Mysql(connection) => {
                let rows = query.fetch_all(connection).await?;
                rows.iter().map(|row| row.try_get_unchecked(0)).collect()
            }
            Self::Sqlite(connection) => {
                let rows = query.fetch_all(connection).await?;
                rows.iter().map(|row| row.try_get_unchecked(0)).collect()
            }
        }
    }
}
