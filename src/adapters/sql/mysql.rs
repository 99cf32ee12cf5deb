//! MySQL and MariaDB (InnoDB).

use sqlx::SqlStr;

use super::{
    Dialect,
    orders::{self, OrderSql},
    texts::{Insert, NamedLock, Placeholders::Marks, Schema, Sql, Tables, named},
};

/// The dialect of this kind of database.
pub const DIALECT: Dialect = Dialect {
    sql,
    conflicts: CONFLICTS,
    tables_of_runs: "SELECT CAST(table_name AS CHAR(64)) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'coupon_bench%' ORDER BY 1",
};

/// SQLSTATE of a deadlock, and of a lock wait that took too long (`ER_LOCK_WAIT_TIMEOUT` comes as a general error).
const CONFLICTS: &[&str] = &["40001"];

/// The statements that create the tables of a run.
fn create(tables: &Tables, schema: Schema) -> Vec<SqlStr> {
    let unique = if schema.unique_user { " UNIQUE" } else { "" };
    let name = |text: &str| named(text, tables);
    let mut create = vec![
        name(&format!(
            "CREATE TABLE {{coupon}} (id BIGINT AUTO_INCREMENT PRIMARY KEY, user_id BIGINT{unique}) ENGINE = InnoDB"
        )),
        name(
            "CREATE TABLE {event} (id BIGINT PRIMARY KEY, issued BIGINT NOT NULL, version BIGINT NOT NULL) ENGINE = InnoDB",
        ),
        name("INSERT INTO {event} (id, issued, version) VALUES (1, 0, 0)"),
    ];
    create.extend(prefill(schema.prefilled).iter().map(|text| name(text)));
    if schema.orders {
        create.extend(orders::create(
            "BIGINT AUTO_INCREMENT PRIMARY KEY",
            " ENGINE = InnoDB",
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
            "INSERT IGNORE INTO {coupon} (user_id) VALUES ",
            Marks,
            "",
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
        lock_event: name("SELECT issued, version FROM {event} WHERE id = 1 FOR UPDATE"),
        assign: name("UPDATE {coupon} SET user_id = ? WHERE id = ?"),
        lock_name: Some(NamedLock {
            take: name("SELECT GET_LOCK('{event}', 3600)"),
            // The lock belongs to the session, not to the transaction. A lock that is released before the commit protects nothing.
            release: Some(name("SELECT RELEASE_LOCK('{event}')")),
        }),
        lock_free_coupon: Some(name(
            "SELECT id FROM {coupon} WHERE user_id IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
        )),
        begin_serializable: &["SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "BEGIN"],
        orders: schema.orders.then(|| OrderSql::new(Marks, tables)),
        version: "SELECT VERSION()",
    }
}

/// Inserts of at most 1,000 rows each: MySQL bounds recursive queries at 1,000 rounds by default.
fn prefill(coupons: u64) -> Vec<String> {
    const CHUNK: u64 = 1000;
    (0..coupons.div_ceil(CHUNK))
        .map(|chunk| {
            let rows = CHUNK.min(coupons - chunk * CHUNK);
            let values = vec!["(NULL)"; usize::try_from(rows).unwrap_or(0)].join(", ");
            format!("INSERT INTO {{coupon}} (user_id) VALUES {values}")
        })
        .collect()
}
