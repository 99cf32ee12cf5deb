//! The bystander: an order service with tables, connections and transactions of its own, on the same database as the coupons.
//!
//! It shares no table with a strategy, so a run affects it only through the load on the database. The schedule of the orders is in
//! the engine.

use std::time::Duration;

use sqlx::{SqlSafeStr, SqlStr};

use super::{
    connect::in_time,
    connection::Connection,
    error::words,
    link::Link,
    pool::Pool,
    texts::{Placeholders, Tables, named},
};

/// Connections of the order service, as many as a pool has by default.
pub const CONNECTIONS: u32 = 10;

/// Items in stock. Orders use the items in turn, so that they rarely wait for the same row.
const ITEMS: u64 = 1000;

/// The stock of each item: more than all orders of a run.
const AVAILABLE: u64 = 1_000_000_000;

/// The statements of the order service in the dialect of one database.
#[derive(Clone)]
pub struct OrderSql {
    insert: SqlStr,
    update: SqlStr,
}

impl OrderSql {
    pub fn new(placeholders: Placeholders, tables: &Tables) -> Self {
        let [first, second] = [1, 2].map(|number| placeholders.place(number));
        let insert =
            format!("INSERT INTO {{orders}} (member_id, item_id) VALUES ({first}, {second})");
        let update =
            format!("UPDATE {{stock}} SET available = available - 1 WHERE item_id = {first}");
        Self {
            insert: named(&insert, tables),
            update: named(&update, tables),
        }
    }
}

/// Creates and fills the tables. `id` is the type of a row number, `options` the text after a table.
pub fn create(id: &str, options: &str, tables: &Tables) -> [SqlStr; 3] {
    let items: Vec<_> = (0..ITEMS)
        .map(|item| format!("({item}, {AVAILABLE})"))
        .collect();
    [
        format!(
            "CREATE TABLE {{orders}} (id {id}, member_id BIGINT NOT NULL, item_id BIGINT NOT NULL){options}"
        ),
        format!(
            "CREATE TABLE {{stock}} (item_id BIGINT PRIMARY KEY, available BIGINT NOT NULL){options}"
        ),
        format!("INSERT INTO {{stock}} (item_id, available) VALUES {}", items.join(", ")),
    ]
    .map(|text| named(&text, tables))
}

/// The order service before it has connected.
#[derive(Clone)]
pub struct OrderService {
    pub(super) link: Link,
    pub(super) sql: OrderSql,
    pub(super) timeout: Duration,
}

impl OrderService {
    /// Opens the connections, and makes an order on each, so that all statements are prepared. The connections belong to the
    /// runtime that this is called on.
    pub async fn open(self) -> Result<Orders, String> {
        let orders = Orders {
            pool: Pool::new(&self.link, CONNECTIONS, self.timeout),
            sql: self.sql,
        };
        let opened = futures::future::try_join_all((0..CONNECTIONS).map(|_| orders.pool.acquire()));
        drop(in_time(opened).await?);
        for number in 0..u64::from(CONNECTIONS) {
            // The connection that was returned last is used last.
            in_time(orders.transaction(number)).await?;
        }
        Ok(orders)
    }
}

/// The connected order service.
pub struct Orders {
    pool: Pool,
    sql: OrderSql,
}

impl Orders {
    /// Makes the order of this number: four round trips.
    pub async fn make(&self, number: u64) -> Result<(), String> {
        let made = self.transaction(number).await;
        made.map_err(|error| words(&error))
    }

    /// Makes one order in a transaction. The transaction is rolled back and the connection closed if the order fails or is dropped.
    async fn transaction(&self, number: u64) -> Result<(), sqlx::Error> {
        let mut pooled = self.pool.acquire().await?;
        let done = self.statements(pooled.begin()?, number).await;
        if done.is_ok() {
            pooled.ended(&done);
        }
        done
    }

    async fn statements(
        &self,
        connection: &mut Connection,
        number: u64,
    ) -> Result<(), sqlx::Error> {
        let item = (number % ITEMS).cast_signed();
        connection.run("BEGIN".into_sql_str()).await?;
        let order = [number.cast_signed(), item];
        connection.execute(self.sql.insert.clone(), &order).await?;
        connection.execute(self.sql.update.clone(), &[item]).await?;
        connection.run("COMMIT".into_sql_str()).await
    }

    /// Closes the connections. A connection in use is closed after its order.
    pub async fn close(&self) {
        let _ = tokio::time::timeout(super::CONNECT_TIMEOUT / 4, self.pool.close()).await;
    }
}
