//! Which session of a database waits for which.
//!
//! PostgreSQL and MySQL tell the sessions that block a session. MariaDB tells it, too, but reads the locks only once in 100 ms, and never
//! if it is asked more often. So its report of the state of InnoDB is read, which is always new: it tells who waits, and the sessions
//! that may be the reason.

mod innodb;

use futures::TryFutureExt;
use sqlx::{AssertSqlSafe, Row, SqlSafeStr, SqlStr};

use super::{Upstream, links};
use crate::{
    adapters::{
        CONNECT_TIMEOUT,
        sql::{self, Columns, Connection, Link},
    },
    gate::{GateKind, footprint::Links},
    input::address::{DbKind, DbTarget, Driver},
    service::Target,
};

/// A connection to a database that is asked which session waits for which.
pub struct LockMonitor {
    connection: Connection,
    database: Database,
    /// Why the login may not ask which session waits.
    refusal: Option<String>,
}

/// The databases that are asked in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Database {
    Postgres,
    Mysql,
    MariaDb,
}

/// The sessions that block a session of PostgreSQL; 0 stands for a prepared transaction.
const POSTGRES: &str =
    "SELECT DISTINCT pid::bigint FROM unnest(pg_catalog.pg_blocking_pids({})) AS pid WHERE pid > 0";

/// The sessions that block a session of MySQL: by locks of rows, then by locks of tables and named locks.
const MYSQL: &str = "SELECT CAST(b.PROCESSLIST_ID AS SIGNED) FROM performance_schema.data_lock_waits AS w \
     JOIN performance_schema.threads AS r ON r.THREAD_ID = w.REQUESTING_THREAD_ID \
     JOIN performance_schema.threads AS b ON b.THREAD_ID = w.BLOCKING_THREAD_ID \
     WHERE r.PROCESSLIST_ID = {} AND b.PROCESSLIST_ID IS NOT NULL \
     UNION SELECT CAST(b.PROCESSLIST_ID AS SIGNED) FROM performance_schema.metadata_locks AS w \
     JOIN performance_schema.metadata_locks AS g ON g.OBJECT_TYPE = w.OBJECT_TYPE \
     AND g.OBJECT_SCHEMA <=> w.OBJECT_SCHEMA AND g.OBJECT_NAME <=> w.OBJECT_NAME \
     AND g.LOCK_STATUS = 'GRANTED' AND g.OWNER_THREAD_ID <> w.OWNER_THREAD_ID \
     JOIN performance_schema.threads AS r ON r.THREAD_ID = w.OWNER_THREAD_ID \
     JOIN performance_schema.threads AS b ON b.THREAD_ID = g.OWNER_THREAD_ID \
     WHERE w.LOCK_STATUS = 'PENDING' AND r.PROCESSLIST_ID = {} AND b.PROCESSLIST_ID IS NOT NULL";

/// What a session of MariaDB does: its state and its statement.
const STATE: &str = "SELECT STATE, INFO FROM information_schema.PROCESSLIST WHERE ID = {}";

/// All other sessions of MariaDB.
const OTHERS: &str = "SELECT CAST(ID AS SIGNED) FROM information_schema.PROCESSLIST \
     WHERE ID NOT IN ({}, CONNECTION_ID()) AND COMMAND <> 'Daemon'";

/// The session that has a named lock of MariaDB.
const OWNER: &str = "SELECT COALESCE(CAST(IS_USED_LOCK({}) AS SIGNED), 0)";

impl LockMonitor {
    /// Connects to the database, and asks it once.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn open(db: &DbTarget) -> Result<Self, String> {
        let connect = async {
            let mut connection = Link::to(db, None)?.connect().await?;
            let database = match connection {
                Connection::Mysql(_) => {
                    let version = "SELECT VERSION()".into_sql_str();
                    let version = connection.texts(version).await?;
                    let maria = version.iter().any(is_maria);
                    if maria {
                        Database::MariaDb
                    } else {
                        Database::Mysql
                    }
                }
                _ => Database::Postgres,
            };
            Ok::<_, sqlx::Error>(Self {
                connection,
                database,
                refusal: None,
            })
        };
        let opened = tokio::time::timeout(CONNECT_TIMEOUT, connect).await;
        let opened = opened.map_err(|_| "no answer in time".to_owned())?;
        let mut opened = opened.map_err(|error| sql::words(&error))?;
        let refusal = opened.may_ask().await.err();
        opened.refusal = refusal.map(|error| format!("{error}{}", opened.advice()));
        Ok(opened)
    }

    /// Why the login may not ask which session waits, with an advice.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// The sessions that block this session: process ids of PostgreSQL, thread ids of MySQL. Empty if it does not wait for a lock. In
    /// MariaDB, these are all sessions that may block it. `None` if the login may not ask. Takes about a millisecond.
    ///
    /// # Errors
    /// The database did not answer.
    pub async fn waits(&mut self, session: u64) -> Result<Option<Vec<u64>>, String> {
        if self.refusal.is_some() {
            return Ok(None);
        }
        let asked = match self.database {
            Database::Postgres => self.sessions(filled(POSTGRES, session)).await,
            Database::Mysql => self.sessions(filled(MYSQL, session)).await,
            Database::MariaDb => self.maria(session).await,
        };
        asked.map(Some).map_err(|error| sql::words(&error))
    }

    /// What connects the tables: views, triggers, foreign keys, partitions.
    ///
    /// # Errors
    /// The database did not answer.
    pub async fn links(&mut self) -> Result<Links, String> {
        links::links(&mut self.connection).await
    }

    async fn may_ask(&mut self) -> Result<(), String> {
        let asked = match self.database {
            Database::MariaDb => self.innodb_status().map_ok(drop).await,
            Database::Mysql => self.sessions(filled(MYSQL, 0)).map_ok(drop).await,
            Database::Postgres => Ok(()),
        };
        asked.map_err(|error| sql::words(&error))
    }

    fn advice(&self) -> &'static str {
        match self.database {
            Database::MariaDb => "; the login needs GRANT PROCESS ON *.*",
            Database::Mysql => "; the login needs GRANT SELECT ON performance_schema.*",
            Database::Postgres => "",
        }
    }

    async fn maria(&mut self, session: u64) -> Result<Vec<u64>, sqlx::Error> {
        let states = self.connection.texts(filled(STATE, session)).await?;
        let Some((Some(state), info)) = states.into_iter().next() else {
            return Ok(Vec::new());
        };
        if state == "User lock" {
            let name = info.as_deref().and_then(innodb::lock_name);
            let owner = match name {
                Some(name) => self.sessions(text(OWNER.replace("{}", name))).await?,
                None => Vec::new(),
            };
            if !owner.is_empty() {
                return Ok(owner);
            }
            return self.sessions(filled(OTHERS, session)).await;
        }
        // Locks of tables and of the server.
        if state.starts_with("Waiting for ") {
            return self.sessions(filled(OTHERS, session)).await;
        }
        let report = self.innodb_status().await?;
        Ok(innodb::blockers(&report, session))
    }

    async fn innodb_status(&mut self) -> Result<String, sqlx::Error> {
        let Connection::Mysql(connection) = &mut self.connection else {
            return Ok(String::new());
        };
        let query = sqlx::raw_sql("SHOW ENGINE INNODB STATUS".into_sql_str());
        let row = query.fetch_one(connection).await?;
        row.try_get_unchecked(2)
    }

    async fn sessions(&mut self, query: SqlStr) -> Result<Vec<u64>, sqlx::Error> {
        let sessions = self.connection.column(query).await?.into_iter();
        let sessions = sessions.filter_map(|session| u64::try_from(session).ok());
        Ok(sessions.filter(|session| *session != 0).collect())
    }
}

fn is_maria((version, _): &Columns) -> bool {
    version
        .as_deref()
        .is_some_and(|version| version.contains("MariaDB"))
}

fn filled(query: &str, session: u64) -> SqlStr {
    text(query.replace("{}", &session.to_string()))
}

fn text(query: String) -> SqlStr {
    AssertSqlSafe(query).into_sql_str()
}

/// The monitor of the database behind a gate. `None` if no login is known.
///
/// # Errors
/// The database cannot be reached with the login.
pub async fn monitor(target: &Target, upstream: &Upstream) -> Result<Option<LockMonitor>, String> {
    match login(target, upstream) {
        Some(db) => LockMonitor::open(&db).await.map(Some),
        None => Ok(None),
    }
}

/// The address of the database behind a gate with a login: that of the user, or one in the target file.
fn login(target: &Target, upstream: &Upstream) -> Option<DbTarget> {
    let kind = match upstream.kind {
        GateKind::Postgres => DbKind::Postgres,
        GateKind::Mysql => DbKind::Mysql,
        GateKind::Redis => return None,
    };
    if let Some(login) = &upstream.login {
        return Some(DbTarget::Server(kind, login.clone()));
    }
    let mut databases = target.databases().into_iter();
    let found = databases.find(|db| is_behind(db, kind.driver(), &upstream.host, upstream.port));
    found.cloned()
}

/// Whether the database is the one at this host and port.
fn is_behind(db: &DbTarget, driver: Driver, host: &str, port: u16) -> bool {
    let at = match Link::to(db, None) {
        Ok(Link::Postgres(options, _)) if driver == Driver::Postgres => {
            (options.get_host().to_owned(), options.get_port())
        }
        Ok(Link::Mysql(options)) if driver == Driver::Mysql => {
            (options.get_host().to_owned(), options.get_port())
        }
        _ => return false,
    };
    at.1 == port && (at.0.eq_ignore_ascii_case(host) || (is_here(&at.0) && is_here(host)))
}

/// Whether the host is this machine.
fn is_here(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "::1")
}

#[cfg(test)]
mod tests;
