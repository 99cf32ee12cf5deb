//! PostgreSQL.

use sqlx::SqlStr;

use super::{
    Dialect,
    orders::{self, OrderSql},
    texts::{Insert, NamedLock, Placeholders::Numbers, Schema, Sql, Tables, named},
};

/// The dialect of this kind of database.
pub const DIALECT: Dialect = Dialect {
    sql,
    conflicts: CONFLICTS,
    tables_of_runs: "SELECT CAST(tablename AS text) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename LIKE 'coupon_bench%' ORDER BY 1",
};

/// `serialization_failure`, `deadlock_detected`, `lock_not_available`.
const CONFLICTS: &[&str] = &["40001", "40P01", "55P03"];

/// The statements that create the tables of a run.
fn create(tables: &Tables, schema: Schema) -> Vec<SqlStr> {
    let unique = if schema.unique_user { " UNIQUE" } else { "" };
    let name = |text: &str| named(text, tables);
    let mut create = vec![
        name(&format!(
            "CREATE TABLE {{coupon}} (id BIGSERIAL PRIMARY KEY, user_id BIGINT{unique})"
        )),
        name(
            "CREATE TABLE {event} (id BIGINT PRIMARY KEY, issued BIGINT NOT NULL, version BIGINT NOT NULL)",
        ),
        name("INSERT INTO {event} (id, issued, version) VALUES (1, 0, 0)"),
    ];
    if schema.prefilled > 0 {
        create.push(name(&format!(
            "INSERT INTO {{coupon}} (user_id) SELECT NULL FROM generate_series(1, {})",
            schema.prefilled
        )));
    }
    if schema.orders {
        create.extend(orders::create("BIGSERIAL PRIMARY KEY", "", tables));
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
        insert: Insert::new(
            "INSERT INTO {coupon} (user_id) VALUES ",
            Numbers,
            "",
            tables,
        ),
        insert_if_absent: Insert::new(
            "INSERT INTO {coupon} (user_id) VALUES ",
            Numbers,
            " ON CONFLICT DO NOTHING",
            tables,
        ),
        event: name("SELECT issued, version FROM {event} WHERE id = 1"),
        set_issued: name("UPDATE {event} SET issued = $1 WHERE id = 1"),
        set_issued_if_version: name(
            "UPDATE {event} SET issued = $1, version = version + 1 WHERE id = 1 AND version = $2",
        ),
        increment_issued_below: name(
            "UPDATE {event} SET issued = issued + 1 WHERE id = 1 AND issued < $1",
        ),
        lock_event: name("SELECT issued, version FROM {event} WHERE id = 1 FOR UPDATE"),
        assign: name("UPDATE {coupon} SET user_id = $1 WHERE id = $2"),
        lock_name: Some(NamedLock {
            // An advisory lock has a number as its name, and the function returns no value.
            take: name(
                "SELECT 1::bigint FROM (SELECT pg_advisory_xact_lock(hashtext('{event}'))) AS held",
            ),
            release: None,
        }),
        lock_free_coupon: Some(name(
            "SELECT id FROM {coupon} WHERE user_id IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
        )),
        begin_serializable: &["BEGIN ISOLATION LEVEL SERIALIZABLE"],
        orders: schema.orders.then(|| OrderSql::new(Numbers, tables)),
        version: "SHOW server_version",
    }
}
