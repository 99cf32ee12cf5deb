//! Finding a database: what differs between them when one is opened, the first contact.

use std::time::Duration;

use sqlx::{Error, SqlSafeStr};

use super::{
    CONNECT_TIMEOUT, Schema, ServiceInfo,
    connection::Statements,
    error::{Errors, words},
    link::Link,
    mysql, pooler, postgres,
    sqlite::{self, File},
    texts::{Sql, Tables},
};
use crate::input::address::{DbTarget, TlsCa};

/// What differs between the databases when one is opened.
pub struct Dialect {
    pub link: Link,
    pub sql: Sql,
    pub errors: Errors,
    pub file: Option<File>,
    pub kind: &'static str,
}

impl Dialect {
    pub fn of(
        target: &DbTarget,
        ca: Option<&TlsCa>,
        run_id: &str,
        schema: Schema,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let tables = Tables::new(run_id);
        let sqlite = |file: File| {
            Ok(Self {
                link: Link::sqlite(file.path(), file.pragmas(timeout)),
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
                link: Link::postgres(url, ca)?,
                sql: postgres::sql(&tables, schema),
                errors: Errors {
                    conflicts: postgres::CONFLICTS,
                },
                file: None,
                kind: "postgres",
            }),
            DbTarget::Mysql(url) => Ok(Self {
                link: Link::mysql(url, ca)?,
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

/// What a first connection has found out.
pub struct Contact {
    /// What it is.
    pub info: ServiceInfo,
    /// How statements can be sent to it.
    pub statements: Statements,
}

/// Connects once and asks what it is; creates nothing but a private SQLite file, which goes at once.
pub async fn probe(target: &DbTarget, ca: Option<&TlsCa>) -> Result<Contact, String> {
    let mut dialect = Dialect::of(target, ca, "probe", Schema::default(), CONNECT_TIMEOUT)
        .map_err(|error| words(&error))?;
    let contact = first_contact(&mut dialect).await;
    if let Some(file) = dialect.file {
        file.remove(true);
    }
    contact
}

/// One connection, so that a service that is not there is refused at once and not after the pool's patience. Behind a pooler
/// that gives sessions away, `dialect` connects without prepared statements from now on.
pub async fn first_contact(dialect: &mut Dialect) -> Result<Contact, String> {
    let Dialect { link, sql, .. } = &*dialect;
    let contact = async {
        let mut connection = link.connect().await?;
        let version = connection.texts(sql.version.into_sql_str()).await?;
        let prepares = matches!(link, Link::Postgres(_, Statements::Prepared));
        let pooled = prepares && pooler::shares_sessions(link, &mut connection).await;
        connection.close().await;
        let version = version.into_iter().find_map(|(version, _)| version);
        Ok((version.unwrap_or_default(), pooled))
    };
    let (version, pooled) = in_time(contact).await?;
    let mut statements = Statements::Prepared;
    if pooled {
        statements = Statements::Plain;
        dialect.link = dialect.link.clone().plain();
    }
    let info = ServiceInfo {
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
    };
    Ok(Contact { info, statements })
}

/// Bounds what is done before and after the clock runs.
pub async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, String> {
    match tokio::time::timeout(CONNECT_TIMEOUT, work).await {
        Ok(done) => done.map_err(|error| words(&error)),
        Err(_) => Err(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs())),
    }
}
