//! The statements of a run in the dialect of one database. Each kind of database has a file with its texts.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::orders::OrderSql;

/// The tables and rows that a run needs besides the columns of the coupon table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Schema {
    /// A unique key on the user. Only if a strategy needs it, because the key would hide duplicates.
    pub unique_user: bool,
    /// The number of coupons without a user that are created before the run.
    pub prefilled: u64,
    /// Whether there are tables for the bystander.
    pub orders: bool,
}

/// The tables of one run.
#[derive(Debug, Clone)]
pub struct Tables {
    /// One row a coupon: `id`, `user_id` (null until the coupon is issued).
    pub coupon: String,
    /// One row: `id`, `issued`, `version`.
    pub event: String,
    /// The bystander's orders: `id`, `member_id`, `item_id`.
    pub orders: String,
    /// The bystander's stock: `item_id`, `available`.
    pub stock: String,
}

impl Tables {
    /// The names with the id of the run, which is hexadecimal and needs no quoting.
    pub fn new(run_id: &str) -> Self {
        Self {
            coupon: format!("coupon_bench_{run_id}_coupon"),
            event: format!("coupon_bench_{run_id}_event"),
            orders: format!("coupon_bench_{run_id}_orders"),
            stock: format!("coupon_bench_{run_id}_stock"),
        }
    }

    /// The names of the tables that a schema has.
    pub fn names(&self, schema: Schema) -> Vec<&str> {
        let mut names = vec![&*self.coupon, &*self.event];
        if schema.orders {
            names.extend([&*self.orders, &*self.stock]);
        }
        names
    }

    /// Removes the tables, if they exist.
    pub fn drop(&self, schema: Schema) -> Vec<SqlStr> {
        let names = self.names(schema).into_iter();
        names
            .map(|name| sql(format!("DROP TABLE IF EXISTS {name}")))
            .collect()
    }
}

/// The text of every statement, with the placeholders of the database (`?` or `$1`).
pub struct Sql {
    /// Creates and fills the tables, one statement each.
    pub create: Vec<SqlStr>,
    /// Removes the tables, if they exist.
    pub drop: Vec<SqlStr>,
    /// All users with a coupon, in the order of the rows.
    pub rows: SqlStr,
    pub count: SqlStr,
    pub insert: Insert,
    pub insert_if_absent: Insert,
    pub event: SqlStr,
    pub set_issued: SqlStr,
    pub set_issued_if_version: SqlStr,
    pub increment_issued_below: SqlStr,
    /// Reads the event row and locks it until the transaction ends.
    pub lock_event: SqlStr,
    pub assign: SqlStr,
    /// `None` where the database has no named locks.
    pub lock_name: Option<NamedLock>,
    /// `None` if the database cannot skip locked rows.
    pub lock_free_coupon: Option<SqlStr>,
    /// Starts a serializable transaction, one statement after the other.
    pub begin_serializable: &'static [&'static str],
    /// The statements of the bystander, if the schema has its tables.
    pub orders: Option<OrderSql>,
    /// Asks for the version, as text.
    pub version: &'static str,
}

/// An `INSERT` of one column, for any number of rows.
pub struct Insert {
    before: String,
    placeholders: Placeholders,
    after: &'static str,
    /// The text for one row, the most frequent case.
    one: SqlStr,
}

impl Insert {
    /// An `INSERT` with its rows between `before`, which names the tables of the run, and `after`.
    pub fn new(
        before: &str,
        placeholders: Placeholders,
        after: &'static str,
        tables: &Tables,
    ) -> Self {
        let before = replaced(before, tables);
        let one = sql(placeholders.between(&before, 1, after));
        Self {
            before,
            placeholders,
            after,
            one,
        }
    }

    /// The text for `count` rows, at least one.
    pub fn rows(&self, count: usize) -> SqlStr {
        match count {
            1 => self.one.clone(),
            _ => sql(self.placeholders.between(&self.before, count, self.after)),
        }
    }
}

/// The form of a placeholder in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholders {
    /// `?`
    Marks,
    /// `$1`, `$2`, …
    Numbers,
}

impl Placeholders {
    /// The placeholder of the value with this number, from 1.
    pub fn place(self, number: usize) -> String {
        match self {
            Self::Marks => "?".to_owned(),
            Self::Numbers => format!("${number}"),
        }
    }

    /// Rows of one value each, with the text around them.
    fn between(self, before: &str, rows: usize, after: &str) -> String {
        let rows: Vec<_> = (1..=rows)
            .map(|number| format!("({})", self.place(number)))
            .collect();
        format!("{before}{}{after}", rows.join(", "))
    }
}

/// How a named lock is acquired, and whether it must be released after the transaction.
pub struct NamedLock {
    /// Returns 1 as soon as the lock is held.
    pub take: SqlStr,
    /// `None` if the end of the transaction releases the lock.
    pub release: Option<SqlStr>,
}

/// Marks a text as safe SQL. The text consists of constants of this crate and the id of a run.
pub fn sql(text: String) -> SqlStr {
    AssertSqlSafe(text).into_sql_str()
}

/// `text` with every `{coupon}`, `{event}`, `{orders}` and `{stock}` replaced by the run's tables.
pub fn named(text: &str, tables: &Tables) -> SqlStr {
    sql(replaced(text, tables))
}

fn replaced(text: &str, tables: &Tables) -> String {
    text.replace("{coupon}", &tables.coupon)
        .replace("{event}", &tables.event)
        .replace("{orders}", &tables.orders)
        .replace("{stock}", &tables.stock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insert_has_as_many_rows_as_asked_for() {
        let tables = Tables::new("7f3a");
        let text = |placeholders, after, rows| {
            let insert = Insert::new(
                "INSERT INTO {coupon} (user_id) VALUES ",
                placeholders,
                after,
                &tables,
            );
            insert.rows(rows).as_str().to_owned()
        };
        assert_eq!(
            text(Placeholders::Marks, "", 1),
            "INSERT INTO coupon_bench_7f3a_coupon (user_id) VALUES (?)"
        );
        assert_eq!(
            text(Placeholders::Numbers, " ON CONFLICT DO NOTHING", 3),
            "INSERT INTO coupon_bench_7f3a_coupon (user_id) VALUES ($1), ($2), ($3) ON CONFLICT DO NOTHING"
        );
    }
}
