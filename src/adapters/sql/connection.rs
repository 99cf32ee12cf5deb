//! One connection to any database, with the few operations that a run needs. Parameters and results are numbers.
//!
//! `sqlx::Any` is not used: it takes a URL only, and a URL cannot express all settings (an IPv6 address for MySQL, no
//! `extra_float_digits` for PgBouncer, certificates from memory).

use futures::{FutureExt, TryStreamExt, future::BoxFuture};
use sqlx::{Error, Executor, MySqlConnection, PgConnection, Row, SqlStr, SqliteConnection};

use super::texts;

/// An open connection.
pub enum Connection {
    /// To PostgreSQL.
    Postgres(PgConnection, Statements),
    /// To MySQL or MariaDB.
    Mysql(MySqlConnection),
    /// To a file.
    Sqlite(SqliteConnection),
}

/// How statements with values are sent to PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statements {
    /// Prepared once on each connection, then run by name.
    Prepared,
    /// As text that contains the numbers, in one message. A pooler may send each statement of a client to another session of the
    /// server, which does not know statements that were prepared in other sessions.
    Plain,
}

/// The same expression for each driver, with `$db` as the driver's type.
macro_rules! with_driver {
    ($connection:expr, $inner:ident: $db:ident => $work:expr) => {
        match $connection {
            Connection::Postgres($inner, _) => {
                type $db = sqlx::Postgres;
                $work
            }
            Connection::Mysql($inner) => {
                type $db = sqlx::MySql;
                $work
            }
            Connection::Sqlite($inner) => {
                type $db = sqlx::Sqlite;
                $work
            }
        }
    };
}

/// Futures are boxed, so that the state of a million waiting users stays small.
impl Connection {
    /// Runs statements without values.
    pub fn run(&mut self, text: SqlStr) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            with_driver!(self, inner: Db => {
                inner.execute(sqlx::raw_sql(text)).await.map(|_: <Db as sqlx::Database>::QueryResult| ())
            })
        }
        .boxed()
    }

    /// Runs a statement with `values` for its placeholders. Returns the number of changed rows.
    pub fn execute<'a>(
        &'a mut self,
        text: SqlStr,
        values: &[i64],
    ) -> BoxFuture<'a, Result<u64, Error>> {
        if let Self::Postgres(inner, Statements::Plain) = self {
            let spelled = sqlx::raw_sql(texts::sql(spelled(text.as_str(), values)));
            return async move { Ok(inner.execute(spelled).await?.rows_affected()) }.boxed();
        }
        with_driver!(self, inner: Db => {
            let mut query = sqlx::query::<Db>(text);
            for value in values {
                query = query.bind(*value);
            }
            async move { Ok(query.execute(inner).await?.rows_affected()) }.boxed()
        })
    }

    /// The first row of a statement without values, of at most two numbers.
    pub fn numbers(&mut self, text: SqlStr) -> BoxFuture<'_, Result<Option<(i64, i64)>, Error>> {
        if let Self::Postgres(inner, Statements::Plain) = self {
            let row = sqlx::raw_sql(text).fetch_optional(inner);
            return async move { row.await?.as_ref().map(pair).transpose() }.boxed();
        }
        with_driver!(self, inner: Db => {
            let query = sqlx::query::<Db>(text);
            async move { query.fetch_optional(inner).await?.as_ref().map(pair).transpose() }.boxed()
        })
    }

    /// The first column of all rows of a statement without values.
    pub fn column(&mut self, text: SqlStr) -> BoxFuture<'_, Result<Vec<i64>, Error>> {
        async move {
            with_driver!(self, inner: Db => {
                let mut rows = sqlx::raw_sql(text).fetch(inner);
                let mut column = Vec::new();
                while let Some(row) = TryStreamExt::try_next(&mut rows).await? {
                    let row: <Db as sqlx::Database>::Row = row;
                    column.push(row.try_get(0)?);
                }
                Ok(column)
            })
        }
        .boxed()
    }

    /// The first two columns of all rows as text, for every type: the results of plain queries are text.
    pub fn texts(&mut self, text: SqlStr) -> BoxFuture<'_, Result<Vec<Columns>, Error>> {
        async move {
            with_driver!(self, inner: Db => {
                let rows: Vec<<Db as sqlx::Database>::Row> = sqlx::raw_sql(text).fetch_all(inner).await?;
                rows.iter().map(columns).collect()
            })
        }
        .boxed()
    }

    /// Closes the connection. An error of the server is ignored.
    pub async fn close(self) {
        let _ = with_driver!(self, inner: Db => <<Db as sqlx::Database>::Connection as sqlx::Connection>::close(inner).await);
    }
}

/// The first two columns of a row, as text.
pub type Columns = (Option<String>, Option<String>);

fn columns<R: Row>(row: &R) -> Result<Columns, Error>
where
    usize: sqlx::ColumnIndex<R>,
    for<'r> Option<String>: sqlx::Decode<'r, R::Database>,
{
    let second = if row.len() > 1 {
        row.try_get_unchecked(1)?
    } else {
        None
    };
    Ok((row.try_get_unchecked(0)?, second))
}

/// The first one or two columns of a row, as numbers.
fn pair<R: Row>(row: &R) -> Result<(i64, i64), Error>
where
    usize: sqlx::ColumnIndex<R>,
    i64: sqlx::Type<R::Database> + for<'r> sqlx::Decode<'r, R::Database>,
{
    let second = if row.len() > 1 { row.try_get(1)? } else { 0 };
    Ok((row.try_get(0)?, second))
}

/// Replaces `$1`, `$2`, … by the values. Numbers need no quotes, so the statement cannot change its meaning.
fn spelled(text: &str, values: &[i64]) -> String {
    let mut pieces = text.split('$');
    let mut spelled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(piece.len());
        let number: Option<usize> = piece[..end].parse().ok();
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        if let Some(value) = value {
            spelled += &value.to_string();
            spelled += &piece[end..];
        } else {
            spelled.push('$');
            spelled += piece;
        }
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_spelled_at_their_places() {
        for (text, values, expected) in [
            ("VALUES ($1), ($2)", &[7, -8][..], "VALUES (7), (-8)"),
            ("a = $2 AND b = $1", &[1, 2], "a = 2 AND b = 1"),
            ("issued < $1", &[i64::MIN], "issued < -9223372036854775808"),
            ("no values", &[], "no values"),
            ("a $ b $3", &[1], "a $ b $3"),
        ] {
            assert_eq!(spelled(text, values), expected);
        }
    }
}
