//! SQLite: one writer at a time, readers on a snapshot (WAL). Has neither named locks nor `SKIP LOCKED`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::SqlStr;

use super::{
    Dialect,
    orders::{self, OrderSql},
    texts::{Insert, Placeholders::Marks, Schema, Sql, Tables, named},
};

/// The dialect of this kind of database.
pub const DIALECT: Dialect = Dialect {
    sql,
    conflicts: CONFLICTS,
    tables_of_runs: "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'coupon_bench%' ORDER BY name",
};

/// The extended result codes of SQLite while another connection writes: `BUSY` and `LOCKED` with their variants.
const CONFLICTS: &[&str] = &["5", "6", "261", "262", "517"];

/// The beginning of the path of a run's private folder.
pub fn folder(run_id: &str) -> String {
    let folder = std::env::temp_dir().join(format!("coupon_bench_{run_id}_"));
    folder.display().to_string()
}

/// A database file, and whether the run removes it.
pub enum File {
    /// A file in a private folder of the run. The folder is removed when this value is dropped.
    Private(tempfile::TempDir),
    /// A file of the user. It is removed at the end if the run created it and it holds no other table.
    Users { path: PathBuf, existed: bool },
}

impl File {
    /// A private file.
    pub fn private(run_id: &str) -> std::io::Result<Self> {
        tempfile::Builder::new()
            .prefix(&format!("coupon_bench_{run_id}_"))
            .tempdir()
            .map(Self::Private)
    }

    /// A file of the user.
    pub fn users(path: &Path) -> Self {
        // The file is created here, so that only one of two runs is its creator.
        let created = std::fs::File::create_new(path);
        Self::Users {
            path: path.to_owned(),
            existed: created.is_err(),
        }
    }

    /// The path.
    pub fn path(&self) -> PathBuf {
        match self {
            Self::Private(folder) => folder.path().join("coupons.sqlite"),
            Self::Users { path, .. } => path.clone(),
        }
    }

    /// Removes the file if the run created it. `empty` is true if the file holds no table.
    pub fn remove(self, empty: bool) {
        match self {
            Self::Private(folder) => drop(folder),
            Self::Users { existed, .. } if existed || !empty => {}
            Self::Users { path, .. } => {
                for suffix in ["", "-wal", "-shm"] {
                    let mut name = path.clone().into_os_string();
                    name.push(suffix);
                    // A file that does not exist needs no removal.
                    let _ = std::fs::remove_file(name);
                }
            }
        }
    }

    /// Keeps the file. Returns its path.
    pub fn keep(self) -> PathBuf {
        let path = self.path();
        if let Self::Private(folder) = self {
            let _ = folder.keep();
        }
        path
    }

    /// Settings of every connection. A row is on the disk when its insert is answered, as with the other databases. A file that
    /// was there before keeps its journal mode, which is stored in it.
    pub fn pragmas(&self, busy_timeout: Duration) -> String {
        let journal = match self {
            Self::Users { existed: true, .. } => "",
            _ => "PRAGMA journal_mode = WAL; ",
        };
        format!(
            "PRAGMA busy_timeout = {}; {journal}PRAGMA synchronous = FULL;",
            busy_timeout.as_millis()
        )
    }
}

/// The statements that create the tables of a run.
fn create(tables: &Tables, schema: Schema) -> Vec<SqlStr> {
    let unique = if schema.unique_user { " UNIQUE" } else { "" };
    let name = |text: &str| named(text, tables);
    let mut create = vec![
        name(&format!(
            "CREATE TABLE {{coupon}} (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id BIGINT{unique})"
        )),
        name(
            "CREATE TABLE {event} (id BIGINT PRIMARY KEY, issued BIGINT NOT NULL, version BIGINT NOT NULL)",
        ),
        name("INSERT INTO {event} (id, issued, version) VALUES (1, 0, 0)"),
    ];
    if schema.prefilled > 0 {
        create.push(name(&format!(
            "INSERT INTO {{coupon}} (user_id) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT NULL FROM n",
            schema.prefilled
        )));
    }
    if schema.orders {
        create.extend(orders::create(
            "INTEGER PRIMARY KEY AUTOINCREMENT",
            "",
            tables,
        ));
    }
    create
}

/// The statements of a run.
fn sql(tables: &Tables, schema: Schema) -> Sql {
    let name = |text: &str| named(text, tables);
    Sql {
        create: create(tables, schema),
        drop: tables.drop(schema),
        rows: name("SELECT user_id FROM {coupon} WHERE user_id IS NOT NULL ORDER BY id"),
        count: name("SELECT count(*) FROM {coupon}"),
        insert: Insert::new("INSERT INTO {coupon} (user_id) VALUES ", Marks, "", tables),
        insert_if_absent: Insert::new(
            "INSERT INTO {coupon} (user_id) VALUES ",
            Marks,
            " ON CONFLICT DO NOTHING",
            tables,
        ),
        event: name("SELECT issued, version FROM {event} WHERE id = 1"),
        set_issued: name("UPDATE {event} SET issued = ? WHERE id = 1"),
        set_issued_if_version: name(
            "UPDATE {event} SET issued = ?, version = version + 1 WHERE id = 1 AND version = ?",
        ),
        increment_issued_below: name(
            "UPDATE {event} SET issued = issued + 1 WHERE id = 1 AND issued < ?",
        ),
        // SQLite locks the whole database for a writer: a write that changes nothing is `BEGIN IMMEDIATE`, one
        // statement later and without reading an older snapshot first.
        lock_event: name(
            "UPDATE {event} SET issued = issued WHERE id = 1 RETURNING issued, version",
        ),
        assign: name("UPDATE {coupon} SET user_id = ? WHERE id = ?"),
        lock_name: None,
        lock_free_coupon: None,
        // All transactions of SQLite are serializable.
        begin_serializable: &["BEGIN"],
        orders: schema.orders.then(|| OrderSql::new(Marks, tables)),
        version: "SELECT sqlite_version()",
    }
}
