//! The databases, through sqlx: opening, warming, reading the ledger, removing the objects of the run.
//!
//! A new kind of database that speaks one of the known protocols is one more file with its [`Dialect`] beside [`postgres`], its two
//! lines in this file, and its description in [`DbKind`].

mod connect;
mod connection;
mod error;
mod link;
mod mysql;
mod orders;
mod ping;
mod pool;
mod pooler;
mod postgres;
pub mod remains;
mod sqlite;
mod statements;
mod table;
mod texts;
mod transaction;

use std::{
    sync::{Arc, Once},
    time::Duration,
};

use sqlx::SqlSafeStr;

pub use connect::{Contact, probe};
pub use connection::{Columns, Connection, Statements};
pub use error::words;
pub use link::Link;
pub use orders::{CONNECTIONS as ORDER_CONNECTIONS, OrderService, Orders};
pub use ping::Ping;
pub use texts::Schema;

use self::{
    connect::{Access, first_contact, in_time},
    error::Errors,
    pool::Pool,
    sqlite::File,
    table::Table,
    texts::{Sql, Tables},
};
use super::{CONNECT_TIMEOUT, OpenError, Role, ServiceInfo};
use crate::{
    input::address::{DbKind, DbTarget, Services},
    ports::{CouponTable, UserId},
    text::durations::{Durations, SharedDurations},
};

/// The texts and codes in which a kind of database differs from the others.
struct Dialect {
    /// The statements of a run.
    sql: fn(&Tables, Schema) -> Sql,
    /// The codes of errors after which a transaction can be repeated: SQLSTATEs, or result codes of SQLite.
    conflicts: &'static [&'static str],
    /// A query for the names of all tables that may belong to a run.
    tables_of_runs: &'static str,
}

/// The dialect of a kind of database.
fn dialect(kind: DbKind) -> &'static Dialect {
    match kind {
        DbKind::Sqlite => &sqlite::DIALECT,
        DbKind::Postgres => &postgres::DIALECT,
        DbKind::Mysql => &mysql::DIALECT,
    }
}

/// The effect of a pooler in transaction mode.
const UNPREPARED: &str = "statements are sent without preparing them, which costs the server time";

/// The warning is printed once per process.
static POOLER: Once = Once::new();

/// The objects that a run creates in a database, as text for the user.
pub fn object_names(target: &DbTarget, run_id: &str, schema: Schema) -> Vec<String> {
    let tables = Tables::new(run_id);
    let names = tables.names(schema).into_iter();
    match target {
        DbTarget::PrivateSqlite => vec![format!("folder {}*", sqlite::folder(run_id))],
        _ => names.map(|name| format!("table {name}")).collect(),
    }
}

/// The database of one run.
pub struct Database {
    pool: Pool,
    link: Link,
    sql: Arc<Sql>,
    errors: Errors,
    tables: Tables,
    schema: Schema,
    timeout: Duration,
    file: Option<File>,
    info: ServiceInfo,
    target: String,
    role: Role,
    services: Services,
    waits: Arc<SharedDurations>,
}

impl Database {
    /// Connects, and creates the tables of the run. A guest uses the tables of its host.
    pub async fn open(
        services: &Services,
        run_id: &str,
        schema: Schema,
        role: Role,
        timeout: Duration,
    ) -> Result<Self, OpenError> {
        let target = services.db.to_string();
        let fail = |message: String| OpenError::new("--db", &target, message);
        let ca = services.tls_ca.as_ref();
        let access = Access::to(&services.db, ca, run_id, schema, timeout);
        let mut access = access.map_err(|error| fail(words(&error)))?;

        let Contact { info, statements } = first_contact(&mut access).await.map_err(fail)?;
        if statements == Statements::Plain && role != Role::Guest {
            POOLER.call_once(|| {
                tracing::warn!("{target} is behind a pooler in transaction mode: {UNPREPARED}");
            });
        }
        let pool = Pool::new(&access.link, services.db_pool, timeout.max(CONNECT_TIMEOUT));
        let database = Self {
            pool,
            link: access.link,
            sql: Arc::new(access.sql),
            errors: access.errors,
            tables: Tables::new(run_id),
            schema,
            timeout,
            file: access.file,
            info,
            target: target.clone(),
            role,
            services: services.clone(),
            waits: Arc::default(),
        };
        if role == Role::Guest {
            return Ok(database);
        }
        if let Err(problem) = in_time(database.create()).await {
            let left = database
                .remove()
                .await
                .err()
                .map(|left| format!("; {left}"));
            return Err(fail(problem + &left.unwrap_or_default()));
        }
        tracing::info!(table = database.tables.coupon, db = %services.db, "database objects created");
        Ok(database)
    }

    async fn create(&self) -> Result<(), sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        for statement in &self.sql.create {
            connection.run(statement.clone()).await?;
        }
        Ok(())
    }

    /// Opens every connection of the pool and prepares on each the statements that all strategies start with.
    pub async fn warm_up(&self) -> Result<(), OpenError> {
        let connections =
            futures::future::try_join_all((0..self.services.db_pool).map(|_| async {
                let mut connection = self.pool.acquire().await?;
                connection.numbers(self.sql.count.clone()).await?;
                Ok(connection)
            }));
        let opened = in_time(connections).await;
        opened.map(drop).map_err(|problem: String| {
            let pool = self.services.db_pool;
            let what = format!(
                "failed to open the pool's {pool} connections (10 unless --db-pool says otherwise): {problem}"
            );
            OpenError::new("--db", &self.target, what)
        })
    }

    /// The port.
    pub fn table(&self) -> Arc<dyn CouponTable> {
        Arc::new(Table {
            pool: self.pool.clone(),
            sql: Arc::clone(&self.sql),
            errors: self.errors,
            connection: self.services.db_connection,
            waits: Arc::clone(&self.waits),
        })
    }

    /// The bystander, where the schema has its tables.
    pub fn order_service(&self) -> Option<OrderService> {
        self.sql.orders.clone().map(|sql| OrderService {
            link: self.link.clone(),
            sql,
            timeout: self.timeout,
        })
    }

    /// Asks whether the database answers, beside the pool.
    pub fn ping(&self) -> Ping {
        Ping::new(&self.link)
    }

    /// The times that the calls of the port have waited for a connection of the pool.
    pub fn pool_waits(&self) -> Durations {
        self.waits.total()
    }

    /// The address of the database, for guests.
    pub fn address(&self) -> String {
        match (&self.file, &self.services.db) {
            (Some(file), _) => format!("sqlite://{}", file.path().display()),
            (None, DbTarget::Server(_, url)) => url.with_password().to_owned(),
            (None, other) => other.to_string(),
        }
    }

    /// The kind and the version of the database.
    pub fn info(&self) -> &ServiceInfo {
        &self.info
    }

    /// The ledger: the user of every coupon, in the order of the rows.
    pub async fn rows(&self) -> Result<Vec<UserId>, String> {
        self.read_rows().await.map_err(|error| words(&error))
    }

    async fn read_rows(&self) -> Result<Vec<UserId>, sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        let users = connection.begin()?.column(self.sql.rows.clone()).await;
        connection.ended(&users);
        let users = users?.into_iter();
        Ok(users.map(|user| UserId(user.cast_unsigned())).collect())
    }

    /// Removes the objects of the run. A guest only closes its connections.
    pub async fn remove(self) -> Result<(), String> {
        // The pool is closed first, because an open transaction would block the removal of a table.
        self.leave().await;
        if self.role == Role::Guest {
            return Ok(());
        }
        let dropped = in_time(self.drop_tables()).await;
        if let Some(file) = self.file {
            file.remove(dropped == Ok(true));
        }
        dropped.map(drop).map_err(|problem| {
            let tables = self.tables.names(self.schema).join(", ");
            format!("failed to drop {tables} in {}: {problem}", self.target)
        })
    }

    /// Drops the tables on a new connection, because those of the pool can be in use. Only for a file, checks whether the database has
    /// no other table.
    async fn drop_tables(&self) -> Result<bool, sqlx::Error> {
        let mut connection = self.link.connect().await?;
        for statement in &self.sql.drop {
            connection.run(statement.clone()).await?;
        }
        let mut left = vec![1];
        if self.file.is_some() {
            let tables = "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'";
            left = connection.column(tables.into_sql_str()).await?;
        }
        connection.close().await;
        tracing::info!(table = self.tables.coupon, "database objects removed");
        Ok(left == [0])
    }

    /// A connection to a frozen server stays open until the end of the process.
    async fn leave(&self) {
        let _ = tokio::time::timeout(CONNECT_TIMEOUT / 4, self.pool.close()).await;
    }

    /// Keeps the tables. Returns their names, and the name of the file if there is one.
    pub async fn keep(self) -> Vec<String> {
        self.leave().await;
        let tables = self.tables.names(self.schema).into_iter();
        let mut kept: Vec<_> = tables.map(|name| format!("table {name}")).collect();
        kept.extend(
            self.file
                .map(|file| format!("file {}", file.keep().display())),
        );
        kept
    }
}
