//! The databases, through sqlx: opening, warming, reading the ledger, removing what the run created.
//!
//! A new database is one more file with its SQL beside [`sqlite`], and its line in [`Database::open`].

mod error;
mod mysql;
mod postgres;
mod sql;
mod sqlite;
mod statements;
mod table;
mod transaction;

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt};
use sqlx::{Any, AnyConnection, AnyPool, Connection, Executor, SqlSafeStr, any::AnyPoolOptions};

pub use sql::Schema;

use self::{
    error::{Errors, words},
    sql::{Sql, Tables},
    sqlite::File,
    table::Table,
};
use super::{CONNECT_TIMEOUT, OpenError, Role, ServiceInfo};
use crate::{
    ports::{CouponTable, UserId},
    scenario::{DbTarget, Services},
};

/// The database of one run.
pub struct Database {
    pool: AnyPool,
    /// With its password.
    url: String,
    sql: Arc<Sql>,
    errors: Errors,
    tables: Tables,
    file: Option<File>,
    info: ServiceInfo,
    target: String,
    role: Role,
    services: Services,
}

/// What differs between the databases when one is opened.
struct Dialect {
    url: String,
    sql: Sql,
    errors: Errors,
    file: Option<File>,
    kind: &'static str,
    pragmas: Option<String>,
}

impl Dialect {
    fn of(
        target: &DbTarget,
        run_id: &str,
        schema: Schema,
        timeout: Duration,
    ) -> std::io::Result<Self> {
        let tables = Tables::new(run_id);
        let sqlite = |file: File| {
            Ok(Self {
                url: file.url()?,
                sql: sqlite::sql(&tables, schema),
                errors: Errors {
                    conflicts: sqlite::CONFLICTS,
                },
                pragmas: Some(file.pragmas(timeout)),
                file: Some(file),
                kind: "sqlite",
            })
        };
        match target {
            DbTarget::PrivateSqlite => sqlite(File::private(run_id)?),
            DbTarget::Sqlite(path) => sqlite(File::users(path)),
            DbTarget::Postgres(url) => Ok(Self {
                url: url.with_password().to_owned(),
                sql: postgres::sql(&tables, schema),
                errors: Errors {
                    conflicts: postgres::CONFLICTS,
                },
                file: None,
                kind: "postgres",
                pragmas: None,
            }),
            DbTarget::Mysql(url) => Ok(Self {
                url: url.with_password().to_owned(),
                sql: mysql::sql(&tables, schema),
                errors: Errors {
                    conflicts: mysql::CONFLICTS,
                },
                file: None,
                kind: "mysql",
                pragmas: None,
            }),
        }
    }
}

impl Database {
    /// Connects, and creates the run's tables unless they are a host's.
    pub async fn open(
        services: &Services,
        run_id: &str,
        schema: Schema,
        role: Role,
        timeout: Duration,
    ) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let target = services.db.to_string();
        let fail = |message: String| OpenError::new("--db", &target, message);
        let dialect =
            Dialect::of(&services.db, run_id, schema, timeout).map_err(|e| fail(e.to_string()))?;

        let info = first_contact(&dialect).await.map_err(fail)?;
        let pool =
            pool(&dialect, services.db_pool, timeout).map_err(|error| fail(words(&error)))?;
        let database = Self {
            pool,
            url: dialect.url,
            sql: Arc::new(dialect.sql),
            errors: dialect.errors,
            tables: Tables::new(run_id),
            file: dialect.file,
            info,
            target: target.clone(),
            role,
            services: services.clone(),
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
        for statement in &self.sql.create {
            self.pool.execute(sqlx::raw_sql(statement.clone())).await?;
        }
        Ok(())
    }

    /// Opens every connection of the pool and lets each prepare the statements that all strategies start with.
    pub async fn warm_up(&self) -> Result<(), OpenError> {
        let connections =
            futures::future::try_join_all((0..self.services.db_pool).map(|_| async {
                let mut connection = self.pool.acquire().await?;
                sqlx::query::<Any>(self.sql.count.clone())
                    .fetch_one(&mut *connection)
                    .await?;
                Ok(connection)
            }));
        let opened = in_time(connections).await;
        opened.map(drop).map_err(|problem: String| {
            let pool = self.services.db_pool;
            let what = format!("failed to open {pool} connections (--db-pool): {problem}");
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
        })
    }

    /// Where others find it.
    pub fn address(&self) -> String {
        match (&self.file, &self.services.db) {
            (Some(file), _) => format!("sqlite://{}", file.path().display()),
            (None, DbTarget::Postgres(url) | DbTarget::Mysql(url)) => {
                url.with_password().to_owned()
            }
            (None, other) => other.to_string(),
        }
    }

    /// What it is.
    pub fn info(&self) -> &ServiceInfo {
        &self.info
    }

    /// The ledger: the user of every coupon, in the order of the rows.
    pub async fn rows(&self) -> Result<Vec<UserId>, String> {
        let users = sqlx::query_scalar::<Any, i64>(self.sql.rows.clone())
            .fetch(&self.pool)
            .map(|user| user.map(|user| UserId(user.cast_unsigned())));
        users.try_collect().await.map_err(|error| words(&error))
    }

    /// Removes what the run created; a guest only leaves.
    pub async fn remove(self) -> Result<(), String> {
        // First, as an open transaction of a connection in the pool would keep a table from being dropped.
        self.leave().await;
        if self.role == Role::Guest {
            return Ok(());
        }
        let dropped = in_time(self.drop_tables()).await;
        if let Some(file) = self.file {
            file.remove(dropped == Ok(true));
        }
        dropped.map(drop).map_err(|problem| {
            let Tables { coupon, event } = &self.tables;
            format!(
                "failed to drop {coupon} and {event} in {}: {problem}",
                self.target
            )
        })
    }

    /// On a connection of its own: those of the pool may be in anybody's hands. Whether nothing else is in the database is
    /// only asked where it is a file.
    async fn drop_tables(&self) -> Result<bool, sqlx::Error> {
        let mut connection = AnyConnection::connect(&self.url).await?;
        for statement in &self.sql.drop {
            connection.execute(sqlx::raw_sql(statement.clone())).await?;
        }
        let mut left = 1;
        if self.file.is_some() {
            let tables = "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'";
            left = sqlx::query_scalar::<Any, i64>(tables)
                .fetch_one(&mut connection)
                .await?;
        }
        connection.close().await?;
        tracing::info!(table = self.tables.coupon, "database objects removed");
        Ok(left == 0)
    }

    /// A connection that a frozen server holds on to is left to the end of the process.
    async fn leave(&self) {
        let _ = tokio::time::timeout(CONNECT_TIMEOUT / 4, self.pool.close()).await;
    }

    /// Leaves it behind: the names of the tables, and of the file where there is one.
    pub async fn keep(self) -> Vec<String> {
        self.leave().await;
        let mut kept = vec![
            format!("table {}", self.tables.coupon),
            format!("table {}", self.tables.event),
        ];
        kept.extend(
            self.file
                .map(|file| format!("file {}", file.keep().display())),
        );
        kept
    }
}

/// Connects once and asks what it is; creates nothing but a private SQLite file, which goes at once.
pub async fn probe(target: &DbTarget) -> Result<ServiceInfo, String> {
    sqlx::any::install_default_drivers();
    let dialect = Dialect::of(target, "probe", Schema::default(), CONNECT_TIMEOUT)
        .map_err(|error| error.to_string())?;
    let info = first_contact(&dialect).await;
    if let Some(file) = dialect.file {
        file.remove(true);
    }
    info
}

/// One plain connection, so that a service that is not there is refused at once and not after the pool's patience.
async fn first_contact(dialect: &Dialect) -> Result<ServiceInfo, String> {
    let contact = async {
        let mut connection = AnyConnection::connect(&dialect.url).await?;
        let version: String = sqlx::query_scalar::<Any, String>(dialect.sql.version.into_sql_str())
            .fetch_one(&mut connection)
            .await?;
        // Answers that come late are of no interest here.
        let _ = connection.close().await;
        Ok(version)
    };
    let version: String = in_time(contact).await?;
    Ok(ServiceInfo {
        kind: if version.contains("MariaDB") {
            "mariadb"
        } else {
            dialect.kind
        },
        // "10.11.14-MariaDB-0+deb12u2" and "15.18 (Debian 15.18-0+deb12u1)": the number is what people look for.
        version: version
            .split(['-', ' '])
            .next()
            .unwrap_or_default()
            .to_owned(),
        embedded: dialect.kind == "sqlite",
    })
}

/// Bounds what is done before and after the clock runs.
async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, String> {
    match tokio::time::timeout(CONNECT_TIMEOUT, work).await {
        Ok(done) => done.map_err(|error| words(&error)),
        Err(_) => Err(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs())),
    }
}

fn pool(dialect: &Dialect, size: u32, timeout: Duration) -> Result<AnyPool, sqlx::Error> {
    let pragmas = dialect.pragmas.clone();
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(timeout.max(CONNECT_TIMEOUT))
        // A ping before every statement would be a second round trip that nobody asked for.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_slow_level(log::LevelFilter::Off)
        .after_connect(move |connection, _| {
            let pragmas = pragmas.clone();
            Box::pin(async move {
                if let Some(pragmas) = pragmas {
                    connection.execute(sqlx::raw_sql(sql::sql(pragmas))).await?;
                }
                Ok(())
            })
        })
        .connect_lazy(&dialect.url)
}
