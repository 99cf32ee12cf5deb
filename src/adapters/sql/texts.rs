//! The statements of a run, spelled for one database. Each database has a file beside this one that fills it in.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::orders::OrderSql;

/// What a run asks of the database, beyond the columns of the coupon table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Schema {
    /// A unique key on the user. Off unless a strategy asks for it: it would hide what is to be seen.
    pub unique_user: bool,
    /// So many coupons without a user are made beforehand.
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
    /// Names made from the run's id, which is hexadecimal and so needs no quoting.
    pub fn new(run_id: &str) -> Self {
        Self {
            coupon: format!("coupon_bench_{run_id}_coupon"),
            event: format!("coupon_bench_{run_id}_event"),
            orders: format!("coupon_bench_{run_id}_orders"),
            stock: format!("coupon_bench_{run_id}_stock"),
        }
    }

    /// Those that a schema has.
    pub fn names(&self, schema: Schema) -> Vec<&str> {
        let mut names = vec![&*self.coupon, &*self.event];
        if schema.orders {
            names.extend([&*self.orders, &*self.stock]);
        }
        names
    }

    /// Removes them, present or not.
    pub fn drop(&self, schema: Schema) -> Vec<SqlStr> {
        let names = self.names(schema).into_iter();
        names
            .map(|name| sql(format!("DROP TABLE IF EXISTS {name}")))
            .collect()
    }
}

/// The text of every statement. `?` or `$1`, as the database likes it.
pub struct Sql {
    /// Creates and fills the tables, one statement each.
    pub create: Vec<SqlStr>,
    /// Removes them, present or not.
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
    /// Reads the event row and keeps others from changing it until the transaction ends.
    pub lock_event: SqlStr,
    pub assign: SqlStr,
    /// `None` where the database has no named locks.
    pub lock_name: Option<NamedLock>,
    /// `None` where the database cannot skip locked rows.
    pub lock_free_coupon: Option<SqlStr>,
    /// Starts a serializable transaction, one statement after the other.
    pub begin_serializable: &'static [&'static str],
    /// Of the bystander, where it has tables.
    pub orders: Option<OrderSql>,
    /// Asks for the version, as text.
    pub version: &'static str,
}

/// An `INSERT` of one column, for as many rows as there are.
pub struct Insert {
    before: String,
    placeholders: Placeholders,
    after: &'static str,
    /// The text for one row, which almost all are.
    one: SqlStr,
}

impl Insert {
    /// With the rows between `before`, which names the run's tables, and `after`.
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

    /// For so many rows, at least one.
    pub fn rows(&self, count: usize) -> SqlStr {
        match count {
            1 => self.one.clone(),
            _ => sql(self.placeholders.between(&self.before, count, self.after)),
        }
    }
}

/// What stands for a value in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholders {
    /// `?`
    Marks,
    /// `$1`, `$2`, …
    Numbers,
}

impl Placeholders {
    /// What stands for the value of this number, from 1.
    pub fn place(self, number: usize) -> String {
        match self {
            Self::Marks => "?".to_owned(),
            Self::Numbers => format!("${number}"),
        }
    }

    /// Rows of one value each, with what stands around them.
    fn between(self, before: &str, rows: usize, after: &str) -> String {
        let rows: Vec<_> = (1..=rows)
            .map(|number| format!("({})", self.place(number)))
            .collect();
        format!("{before}{}{after}", rows.join(", "))
    }
}

/// How a named lock is taken, and whether it has to be given back after the transaction.
pub struct NamedLock {
    /// Answers 1 once it is held.
    pub take: SqlStr,
    /// `None` where the end of the transaction does it.
    pub release: Option<SqlStr>,
}

/// Marks text that was put together from this crate's own words and a run's id as fit to be sent.
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
