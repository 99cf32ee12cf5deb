//! Finding a database: what differs between them when one is opened, the first contact.

use std::time::Duration;

use sqlx::{Any, AnyConnection, Connection, SqlSafeStr};

use super::{
    CONNECT_TIMEOUT, Schema, ServiceInfo,
    error::{Errors, words},
    mysql, postgres,
    sql::{Sql, Tables},
    sqlite::{self, File},
};
use crate::scenario::{DbTarget, ServiceUrl};

/// What differs between the databases when one is opened.
pub struct Dialect {
    pub link: Link,
    pub sql: Sql,
    pub errors: Errors,
    pub file: Option<File>,
    pub kind: &'static str,
}

/// How a connection is made.
#[derive(Clone)]
pub struct Link {
    /// With its password.
    pub url: String,
    /// What is said on every connection first.
    pub pragmas: Option<String>,
}

impl Link {
    fn plain(url: &ServiceUrl) -> Self {
        Self {
            url: url.with_password().to_owned(),
            pragmas: None,
        }
    }
}

impl Dialect {
    pub fn of(
        target: &DbTarget,
        run_id: &str,
        schema: Schema,
        timeout: Duration,
    ) -> std::io::Result<Self> {
        let tables = Tables::new(run_id);
        let sqlite = |file: File| {
            Ok(Self {
                link: Link {
                    url: file.url()?,
                    pragmas: Some(file.pragmas(timeout)),
                },
                sql: sqlite::sql(&tables, schema),
                errors: Errors {
                    conflicts: sqlite::CONFLICTS,
                },
                file: Some(file),
                kind: "sqlite",
            })
        };
        match target {
            DbTarget::PrivateSqlite => sqlite(File::private(run_id)?),
            DbTarget::Sqlite(path) => sqlite(File::users(path)),
            DbTarget::Postgres(url) => Ok(Self {
                link: Link::plain(url),
                sql: postgres::sql(&tables, schema),
                errors: Errors {
                    conflicts: postgres::CONFLICTS,
                },
                file: None,
                kind: "postgres",
            }),
            DbTarget::Mysql(url) => Ok(Self {
                link: Link::plain(url),
                sql: mysql::sql(&tables, schema),
                errors: Errors {
                    conflicts: mysql::CONFLICTS,
                },
                file: None,
                kind: "mysql",
            }),
        }
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
pub async fn first_contact(dialect: &Dialect) -> Result<ServiceInfo, String> {
    let contact = async {
        let mut connection = AnyConnection::connect(&dialect.link.url).await?;
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
pub async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, String> {
    match tokio::time::timeout(CONNECT_TIMEOUT, work).await {
        Ok(done) => done.map_err(|error| words(&error)),
        Err(_) => Err(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs())),
    }
}
