//! Asks a database what connects its tables: views, triggers, foreign keys, partitions.

use sqlx::SqlSafeStr;

use crate::{
    adapters::sql::{self, Connection},
    gate::footprint::{Link, Links},
};

/// Which link a query tells.
#[derive(Debug, Clone, Copy)]
enum Told {
    View,
    Trigger,
    Child,
    Part,
}

/// The queries for PostgreSQL. Each returns a table, and the source of a trigger or the other table.
const POSTGRES: [(Told, &str); 5] = [
    (
        Told::View,
        "SELECT c.relname::text, NULL::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE (c.relkind IN ('v', 'm', 'f') OR c.relrowsecurity) AND n.nspname NOT IN ('pg_catalog', 'information_schema')",
    ),
    (
        Told::Trigger,
        "SELECT c.relname::text, p.prosrc::text FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
         JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal",
    ),
    (
        Told::Trigger,
        "SELECT c.relname::text, 'SELECT'::text FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class \
         WHERE r.ev_type <> '1'",
    ),
    (
        Told::Child,
        "SELECT p.relname::text, c.relname::text FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_class p ON p.oid = f.confrelid \
         JOIN pg_catalog.pg_class c ON c.oid = f.conrelid WHERE f.contype = 'f'",
    ),
    (
        Told::Part,
        "SELECT p.relname::text, c.relname::text FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent \
         JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid WHERE c.relkind IN ('r', 'p', 'f')",
    ),
];

/// The queries for MySQL and MariaDB.
const MYSQL: [(Told, &str); 3] = [
    (
        Told::View,
        "SELECT CAST(TABLE_NAME AS CHAR), NULL FROM information_schema.TABLES WHERE TABLE_TYPE = 'VIEW' \
         AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')",
    ),
    (
        Told::Trigger,
        "SELECT CAST(EVENT_OBJECT_TABLE AS CHAR), CAST(ACTION_STATEMENT AS CHAR) FROM information_schema.TRIGGERS \
         WHERE TRIGGER_SCHEMA <> 'sys'",
    ),
    (
        Told::Child,
        "SELECT CAST(REFERENCED_TABLE_NAME AS CHAR), CAST(TABLE_NAME AS CHAR) FROM information_schema.KEY_COLUMN_USAGE \
         WHERE REFERENCED_TABLE_NAME IS NOT NULL",
    ),
];

/// What connects the tables of all schemas that the login may see.
///
/// # Errors
/// The database did not answer.
pub async fn links(connection: &mut Connection) -> Result<Links, String> {
    let queries = match connection {
        Connection::Mysql(_) => &MYSQL[..],
        _ => &POSTGRES[..],
    };
    let mut links = Links::default();
    for (told, query) in queries {
        let rows = connection.texts(query.into_sql_str()).await;
        for (table, other) in rows.map_err(|error| sql::words(&error))? {
            let (Some(table), other) = (table, other.unwrap_or_default()) else {
                continue;
            };
            links.add(
                &table,
                match told {
                    Told::View => Link::View,
                    Told::Trigger => Link::Trigger(&other),
                    Told::Child => Link::Child(&other),
                    Told::Part => Link::Part(&other),
                },
            );
        }
    }
    Ok(links)
}
