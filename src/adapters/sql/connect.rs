//! The access to a database, and the first connection to it.

use std::time::Duration;

use sqlx::{Error, SqlSafeStr};

use super::{
    CONNECT_TIMEOUT, Schema, ServiceInfo,
    connection::Statements,
    dialect,
    error::{Errors, words},
    link::Link,
    pooler,
    sqlite::File,
    texts::{Sql, Tables},
};
use crate::input::address::{DbKind, DbTarget, TlsCa};

/// What is needed to open a database and to use it in a run.
pub struct Access {
    pub link: Link,
    pub sql: Sql,
    pub errors: Errors,
    pub file: Option<File>,
    pub kind: DbKind,
}

impl Access {
    pub fn to(
        target: &DbTarget,
        ca: Option<&TlsCa>,
        run_id: &str,
        schema: Schema,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let file = match target {
            DbTarget::PrivateSqlite => Some(File::private(run_id)?),
            DbTarget::Sqlite(path) => Some(File::users(path)),
            DbTarget::Server(..) => None,
        };
        let link = match &file {
            Some(file) => Link::sqlite(file.path(), file.pragmas(timeout)),
            None => Link::to(target, ca)?,
        };
        let kind = target.kind();
        let dialect = dialect(kind);
        Ok(Self {
            link,
            sql: (dialect.sql)(&Tables::new(run_id), schema),
            errors: Errors {
                conflicts: dialect.conflicts,
            },
            file,
            kind,
        })
    }
}

/// What the first connection to a database has found.
pub struct Contact {
    /// The kind and the version of the database.
    pub info: ServiceInfo,
    /// How statements can be sent to the database.
    pub statements: Statements,
}

/// Connects once and asks for the version. Creates no object except a private SQLite file, which is removed at once.
pub async fn probe(target: &DbTarget, ca: Option<&TlsCa>) -> Result<Contact, String> {
    let mut access = Access::to(target, ca, "probe", Schema::default(), CONNECT_TIMEOUT)
        .map_err(|error| words(&error))?;
    let contact = first_contact(&mut access).await;
    if let Some(file) = access.file {
        file.remove(true);
    }
    contact
}

/// Opens one connection, so that a database that is not there is an error at once and not after the timeout of the pool. Behind a pooler
/// in transaction mode, `access` connects without prepared statements from now on.
pub async fn first_contact(access: &mut Access) -> Result<Contact, String> {
    let Access { link, sql, .. } = &*access;
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
        access.link = access.link.clone().plain();
    }
    let info = ServiceInfo {
        kind: if version.contains("MariaDB") {
            "mariadb"
        } else {
            access.kind.name()
        },
        // "10.11.14-MariaDB-0+deb12u2" and "15.18 (Debian 15.18-0+deb12u1)": readers look for the number.
        version: version
            .split(['-', ' '])
            .next()
            .unwrap_or_default()
            .to_owned(),
        embedded: access.kind == DbKind::Sqlite,
    };
    Ok(Contact { info, statements })
}

/// Bounds the time of work before and after the load.
pub async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, String> {
    match tokio::time::timeout(CONNECT_TIMEOUT, work).await {
        Ok(done) => done.map_err(|error| words(&error)),
        Err(_) => Err(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs())),
    }
}
