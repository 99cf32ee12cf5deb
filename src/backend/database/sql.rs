//! The statements of a run, spelled for one database. Each database has a file beside this one that fills it in.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// What a strategy asks of the coupon table, beyond its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Schema {
    /// A unique key on the user. Off unless a strategy asks for it: it would hide what is to be seen.
    pub unique_user: bool,
    /// So many coupons without a user are made beforehand.
    pub prefilled: u64,
}

/// The tables of one run.
#[derive(Debug, Clone)]
pub struct Tables {
    /// One row a coupon: `id`, `user_id` (null while nobody has it).
    pub coupon: String,
    /// One row: `id`, `issued`, `version`.
    pub event: String,
}

impl Tables {
    /// Names made from the run's id, which is hexadecimal and so needs no quoting.
    pub fn new(run_id: &str) -> Self {
        Self {
            coupon: format!("coupon_bench_{run_id}_coupon"),
            event: format!("coupon_bench_{run_id}_event"),
        }
    }
}

/// The text of every statement. `?` or `$1`, as the database likes it.
pub struct Sql {
    /// Creates and fills both tables, one statement each.
    pub create: Vec<SqlStr>,
    /// Removes them, present or not.
    pub drop: Vec<SqlStr>,
    /// All users with a coupon, in the order of the rows.
    pub rows: SqlStr,
    pub count: SqlStr,
    pub insert: SqlStr,
    pub insert_if_absent: SqlStr,
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
    /// Asks for the version, as text.
    pub version: &'static str,
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

/// `text` with every `{coupon}` and `{event}` replaced by the run's tables.
pub fn named(text: &str, tables: &Tables) -> SqlStr {
    sql(text
        .replace("{coupon}", &tables.coupon)
        .replace("{event}", &tables.event))
}
