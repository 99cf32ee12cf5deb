//! Which session of a database waits for which.

use std::time::{Duration, Instant};

use coupon_bench::{engine::hunt::LockMonitor, input::services::db};
use sqlx::{Connection, Executor, MySqlConnection, PgConnection, Row};
use tokio::{runtime::Runtime, time::sleep};

use crate::{private, services};

/// The sessions that block this session.
async fn ask(monitor: &mut LockMonitor, session: u64) -> Vec<u64> {
    let blockers = monitor.waits(session).await.expect("an answer");
    blockers.expect("a login that may ask")
}

/// Asks until the session waits. Returns the blockers.
async fn waits(monitor: &mut LockMonitor, session: u64) -> Vec<u64> {
    let begin = Instant::now();
    loop {
        let blockers = ask(monitor, session).await;
        if !blockers.is_empty() {
            return blockers;
        }
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "it does not wait"
        );
        sleep(Duration::from_millis(5)).await;
    }
}

/// The median time of a question.
async fn pace(monitor: &mut LockMonitor, session: u64) -> Duration {
    let mut times = Vec::new();
    for _ in 0..21 {
        let begin = Instant::now();
        ask(monitor, session).await;
        times.push(begin.elapsed());
    }
    times.sort();
    times[10]
}

/// The same test for both drivers: a lock that is taken, and a statement that waits for it.
macro_rules! waits_for {
    ($connection:ty, $url:expr, $number:expr, $monitor:expr, $begin:expr, $locks:expr) => {{
        for (lock, waiting, release) in $locks {
            let mut first = <$connection>::connect(&$url).await.expect("a login");
            let mut second = <$connection>::connect(&$url).await.expect("a login");
            let mut sessions = Vec::new();
            for connection in [&mut first, &mut second] {
                let row = connection.fetch_one($number).await.expect("a row");
                sessions.push(row.get::<i64, _>(0).cast_unsigned());
                connection.execute($begin).await.expect("a transaction");
            }
            first.execute(lock).await.expect("a lock");
            for session in &sessions {
                assert!(ask(&mut $monitor, *session).await.is_empty());
            }
            let task = tokio::spawn(async move {
                second.execute(waiting).await.expect("a lock");
                second.close().await.expect("an end");
            });
            assert_eq!(
                waits(&mut $monitor, sessions[1]).await,
                [sessions[0]],
                "{lock}"
            );
            assert!(ask(&mut $monitor, sessions[0]).await.is_empty());
            let pace = pace(&mut $monitor, sessions[1]).await;
            assert!(pace < Duration::from_millis(50), "{lock}: {pace:?}");
            first.execute(release).await.expect("an end");
            task.await.expect("no panic");
            assert!(ask(&mut $monitor, sessions[1]).await.is_empty());
        }
    }};
}

#[test]
fn postgres_tells_who_waits_for_a_row_and_for_an_advisory_lock() {
    let url = services::postgres();
    Runtime::new().expect("a runtime").block_on(async {
        let mut setup = PgConnection::connect(&url).await.expect("a login");
        let create = "DROP TABLE IF EXISTS gate_locks; CREATE TABLE gate_locks (id bigint PRIMARY KEY, n bigint); \
                      INSERT INTO gate_locks VALUES (1, 0)";
        setup.execute(sqlx::raw_sql(create)).await.expect("a table");
        let target = db(&url).expect("a URL");
        let mut monitor = LockMonitor::open(&target).await.expect("a monitor");
        waits_for!(
            PgConnection,
            url,
            "SELECT pg_backend_pid()::bigint",
            monitor,
            "BEGIN",
            [
                (
                    "UPDATE gate_locks SET n = 1 WHERE id = 1",
                    "SELECT n FROM gate_locks WHERE id = 1 FOR UPDATE",
                    "COMMIT",
                ),
                (
                    "SELECT 1 FROM (SELECT pg_advisory_xact_lock(771)) AS held",
                    "SELECT 1 FROM (SELECT pg_advisory_xact_lock(771)) AS held",
                    "ROLLBACK",
                ),
                ("LOCK TABLE gate_locks", "SELECT n FROM gate_locks", "ROLLBACK"),
            ]
        );
        setup.execute("DROP TABLE gate_locks").await.expect("no table");
    });
}

#[test]
fn mariadb_tells_who_waits_for_a_row_a_named_lock_and_a_table() {
    let server = private::mariadb();
    let url = format!("mysql://coupon:coupon@127.0.0.1:{}/coupon", server.port);
    Runtime::new().expect("a runtime").block_on(async {
        let mut setup = MySqlConnection::connect(&url).await.expect("a login");
        let create = "CREATE TABLE gate_locks (id bigint PRIMARY KEY, n bigint)";
        setup.execute(create).await.expect("a table");
        let insert = "INSERT INTO gate_locks VALUES (1, 0)";
        setup.execute(insert).await.expect("a row");
        let target = db(&url).expect("a URL");
        let mut monitor = LockMonitor::open(&target).await.expect("a monitor");
        waits_for!(
            MySqlConnection,
            url,
            "SELECT CAST(CONNECTION_ID() AS SIGNED)",
            monitor,
            sqlx::raw_sql("BEGIN"),
            [
                (
                    "UPDATE gate_locks SET n = n + 1 WHERE id = 1",
                    "SELECT n FROM gate_locks WHERE id = 1 FOR UPDATE",
                    "COMMIT",
                ),
                (
                    "SELECT GET_LOCK('gate', 10)",
                    "SELECT GET_LOCK('gate', 10)",
                    "SELECT RELEASE_LOCK('gate')",
                ),
            ]
        );
        // All other sessions may block a table, so the one that does is among them.
        let mut reader = MySqlConnection::connect(&url).await.expect("a login");
        let row = reader
            .fetch_one("SELECT CAST(CONNECTION_ID() AS SIGNED)")
            .await;
        let reads = row.expect("a row").get::<i64, _>(0).cast_unsigned();
        reader
            .execute(sqlx::raw_sql("BEGIN"))
            .await
            .expect("a transaction");
        reader
            .execute("SELECT n FROM gate_locks")
            .await
            .expect("rows");
        let row = setup
            .fetch_one("SELECT CAST(CONNECTION_ID() AS SIGNED)")
            .await;
        let alters = row.expect("a row").get::<i64, _>(0).cast_unsigned();
        let task = tokio::spawn(async move {
            let alter = "ALTER TABLE gate_locks ADD COLUMN m bigint";
            setup.execute(alter).await.expect("a column");
        });
        assert!(waits(&mut monitor, alters).await.contains(&reads));
        reader
            .execute(sqlx::raw_sql("COMMIT"))
            .await
            .expect("an end");
        task.await.expect("no panic");
    });
}
