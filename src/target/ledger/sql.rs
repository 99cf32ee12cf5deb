//! A ledger in a database: the first columns of a query of the user's, as text, whatever their types. Whatever the query is, it is
//! made on a connection that may only read.

use sqlx::{
    AssertSqlSafe, Connection, MySqlConnection, PgConnection, Row, SqliteConnection, raw_sql,
};

use super::{Raw, Row as Coupon, What};
use crate::{
    backend::{CONNECT_TIMEOUT, ServiceInfo, database},
    report::Backend,
    scenario::DbTarget,
    target::number,
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

    pub async fn read(&mut self) -> Result<Raw, String> {
        let rows = self.connection.columns(&self.text).await;
        let rows =
            rows.map_err(|error| format!("the query failed: {}", database::words(&error)))?;
        let rows: Option<Vec<Coupon>> = rows
            .into_iter()
            .map(|(user, code)| user.map(|user| Coupon { user, code }))
            .collect();
        let rows = rows.ok_or("the query returned a row without a value")?;
        match (self.what, rows.as_slice()) {
            (What::Users, _) => Ok(Raw::Rows(rows)),
            (What::Count, [row]) => {
                let count = number::integer(&row.user).map(Raw::Number);
                count.ok_or_else(|| format!("the query returned no count but {:?}", row.user))
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

    /// The first two columns of all rows; a query is the user's own.
    pub(in crate::target) async fn columns(
        &mut self,
        query: &str,
    ) -> Result<Vec<Columns>, sqlx::Error> {
        let query = raw_sql(AssertSqlSafe(query));
        match self {
            Self::Postgres(connection) => {
                let rows = query.fetch_all(connection).await?;
                rows.iter().map(columns).collect()
            }
            Self::Mysql(connection) => {
                let rows = query.fetch_all(connection).await?;
                rows.iter().map(columns).collect()
            }
            Self::Sqlite(connection) => {
                let rows = query.fetch_all(connection).await?;
                rows.iter().map(columns).collect()
            }
        }
    }
}

/// Of a row, as text.
pub(in crate::target) type Columns = (Option<String>, Option<String>);

fn columns<R: Row>(row: &R) -> Result<Columns, sqlx::Error>
where
    usize: sqlx::ColumnIndex<R>,
    for<'a> Option<String>: sqlx::Decode<'a, R::Database>,
{
    let second = if row.len() > 1 {
        row.try_get_unchecked(1)?
    } else {
        None
    };
    Ok((row.try_get_unchecked(0)?, second))
}
