//! A gate in front of PostgreSQL.

use std::{
    process::{Command, Stdio},
    sync::Arc,
};

use coupon_bench::gate::{
    GateKind,
    event::{Content, GateEventKind, SqlStatement, WireAnswer, WireStatement},
};
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, Row,
    postgres::{PgConnectOptions, PgListener, PgPoolCopyExt, PgPoolOptions},
};
use tokio::runtime::Runtime;

use super::Gated;
use crate::services;

/// A gate, a runtime for its clients, and the way to the database through the gate.
fn gated() -> (Gated, Runtime, PgConnectOptions) {
    let direct: PgConnectOptions = services::postgres().parse().expect("a URL");
    let gated = Gated::open(GateKind::Postgres, direct.get_host(), direct.get_port());
    let through = direct.host("127.0.0.1").port(gated.port());
    (gated, Runtime::new().expect("a runtime"), through)
}

fn sql(statement: &WireStatement) -> &[SqlStatement] {
    match &statement.content {
        Content::Sql(statements) => statements,
        Content::Redis(_) => panic!("no SQL"),
    }
}

/// The statement whose text contains `part`, and its answer.
fn answered(gated: &mut Gated, part: &str) -> (Arc<WireStatement>, WireAnswer) {
    let (id, statement) = gated.wait(part, |event| match &event.what {
        GateEventKind::Arrived { id, statement, .. } => {
            let found = sql(statement).iter().any(|one| one.text.contains(part));
            found.then(|| (*id, statement.clone()))
        }
        _ => None,
    });
    (statement, gated.answer(id))
}

#[test]
fn both_protocols_tell_statements_values_and_answers() {
    let (mut gated, clients, through) = gated();
    let pid = clients.block_on(async {
        let mut connection = PgConnection::connect_with(&through).await.expect("a login");
        let create =
            "CREATE TEMPORARY TABLE gate (id bigint PRIMARY KEY, name text, price numeric)";
        connection.execute(create).await.expect("a table");
        for id in 1..=2_i64 {
            let insert = sqlx::query("INSERT INTO gate VALUES ($1, $2, 12.50) RETURNING id");
            insert
                .bind(id)
                .bind("a")
                .execute(&mut connection)
                .await
                .expect("a row");
        }
        let select = sqlx::query("SELECT id, name, price FROM gate WHERE id = $1").bind(2_i64);
        select.fetch_one(&mut connection).await.expect("a row");
        let both = "UPDATE gate SET name = ';'; DELETE FROM gate WHERE id = 9";
        sqlx::raw_sql(both)
            .execute(&mut connection)
            .await
            .expect("two statements");
        let row = connection.fetch_one("SELECT pg_backend_pid()").await;
        let pid = row.expect("a row").get::<i32, _>(0);
        connection.close().await.expect("an end");
        u64::from(pid.cast_unsigned())
    });
    gated.reported("the session", |what| *what == GateEventKind::Session(pid));
    for id in ["1", "2"] {
        let (statement, answer) = answered(&mut gated, "INSERT INTO gate");
        let values = [Some(id.to_owned()), Some("a".to_owned())];
        assert_eq!(sql(&statement)[0].parameters, values);
        assert_eq!(answer.text.as_deref(), Some(id));
        assert!(!answer.in_transaction && !answer.changed_nothing);
    }
    let (_, answer) = answered(&mut gated, "SELECT id, name, price");
    assert_eq!(answer.text.as_deref(), Some("2, a, 12.50"));
    assert!(answer.changed_nothing);
    let (statement, answer) = answered(&mut gated, "UPDATE gate");
    assert_eq!(sql(&statement).len(), 2);
    assert_eq!(answer.text.as_deref(), Some("0 rows"));
    assert!(!answer.changed_nothing);
    gated.reported("the end", |what| *what == GateEventKind::Closed);
}

#[test]
fn a_held_statement_waits_and_an_error_ends_its_transaction() {
    let (mut gated, clients, through) = gated();
    let mut connection = clients.block_on(async {
        let mut connection = PgConnection::connect_with(&through).await.expect("a login");
        let create = "CREATE TEMPORARY TABLE held (id bigint PRIMARY KEY)";
        connection.execute(create).await.expect("a table");
        connection
    });
    gated.control.hold();
    let task = clients.spawn(async move {
        let mut transaction = connection.begin().await.expect("a transaction");
        for expected in [true, false] {
            let insert = sqlx::query("INSERT INTO held VALUES ($1)").bind(7_i64);
            let inserted = insert.execute(&mut *transaction).await;
            assert_eq!(inserted.is_ok(), expected);
        }
        transaction.commit().await.expect("an end");
        connection.close().await.expect("an end");
    });
    let (id, _, statement) = gated.arrival();
    assert_eq!(sql(&statement)[0].text, "INSERT INTO held VALUES ($1)");
    let answer = gated.release(id);
    assert_eq!(answer.text.as_deref(), Some("1 row"));
    assert!(answer.in_transaction && !answer.is_error);
    let (id, ..) = gated.arrival();
    let answer = gated.release(id);
    let text = answer.text.expect("a text");
    assert!(
        text.starts_with("ERROR 23505 duplicate key value violates"),
        "{text}"
    );
    assert!(answer.is_error && answer.in_transaction && answer.changed_nothing);
    let (id, _, statement) = gated.arrival();
    assert_eq!(sql(&statement)[0].text, "COMMIT");
    let answer = gated.release(id);
    assert_eq!(answer.text.as_deref(), Some("ROLLBACK"));
    assert!(!answer.in_transaction);
    gated.control.pass();
    clients.block_on(task).expect("no panic");
}

#[test]
fn copies_and_large_results_pass() {
    let (mut gated, clients, through) = gated();
    clients.block_on(async {
        let mut connection = PgConnection::connect_with(&through).await.expect("a login");
        let create = "CREATE TEMPORARY TABLE copied (id bigint, name text)";
        connection.execute(create).await.expect("a table");
        let copy = "COPY copied FROM STDIN";
        let mut copy = connection.copy_in_raw(copy).await.expect("a copy");
        let lines: Vec<_> = (0..50_000).map(|id| format!("{id}\t{id}\n")).collect();
        copy.send(lines.concat().into_bytes()).await.expect("data");
        let long = format!("50000\t{}\n", "x".repeat(1 << 20));
        copy.send(long.as_bytes()).await.expect("data");
        assert_eq!(copy.finish().await.expect("an end"), 50_001);
        let select = sqlx::query("SELECT name FROM copied ORDER BY id");
        let rows = select.fetch_all(&mut connection).await.expect("rows");
        assert_eq!(rows.len(), 50_001);
        assert_eq!(rows[50_000].get::<String, _>(0).len(), 1 << 20);
        let select = sqlx::query("SELECT name FROM copied WHERE id = 50000");
        select.fetch_one(&mut connection).await.expect("a row");
    });
    let (_, answer) = answered(&mut gated, "COPY copied");
    assert_eq!(answer.text.as_deref(), Some("50,001 rows"));
    let (_, answer) = answered(&mut gated, "ORDER BY id");
    assert_eq!(answer.text.as_deref(), Some("50,001 rows"));
    let (_, answer) = answered(&mut gated, "WHERE id = 50000");
    assert_eq!(answer.text.as_deref(), Some("1 row"));
}

#[test]
fn a_copy_out_passes() {
    let (mut gated, clients, through) = gated();
    let bytes = clients.block_on(async {
        let pool = PgPoolOptions::new().max_connections(1);
        let pool = pool.connect_with(through).await.expect("a pool");
        let copy = "COPY (SELECT * FROM generate_series(1, 20000)) TO STDOUT";
        let data = pool.copy_out_raw(copy).await.expect("a copy");
        let chunks: Vec<_> = futures::TryStreamExt::try_collect(data)
            .await
            .expect("data");
        chunks
            .iter()
            .map(|chunk: &bytes::Bytes| chunk.len())
            .sum::<usize>()
    });
    assert!(bytes > 100_000);
    let (_, answer) = answered(&mut gated, "COPY (SELECT");
    assert_eq!(answer.text.as_deref(), Some("20,000 rows"));
}

#[test]
fn notifications_pass() {
    let (_gated, clients, through) = gated();
    clients.block_on(async {
        let pool = PgPoolOptions::new().max_connections(2);
        let pool = pool.connect_with(through).await.expect("a pool");
        let mut listener = PgListener::connect_with(&pool).await.expect("a listener");
        listener.listen("gate_test").await.expect("a channel");
        let notify = AssertSqlSafe("SELECT pg_notify('gate_test', 'hello')");
        pool.execute(sqlx::raw_sql(notify)).await.expect("a notice");
        let heard = listener.recv().await.expect("a notification");
        assert_eq!(heard.payload(), "hello");
    });
}

#[test]
fn psql_works_and_its_interrupt_cancels() {
    let (mut gated, _clients, through) = gated();
    let psql = |text: &str| {
        let mut psql = Command::new("psql");
        let url = services::postgres();
        let url = url::Url::parse(&url).expect("a URL");
        psql.args(["-XAtq", "-h", "127.0.0.1", "-p"])
            .arg(through.get_port().to_string())
            .args(["-U", url.username(), "-c", text])
            .arg(through.get_database().expect("a database"))
            .env("PGPASSWORD", url.password().unwrap_or_default())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        psql.spawn().expect("psql")
    };
    let output = psql("SELECT 1 AS one; SELECT count(*) FROM pg_type WHERE false");
    let output = output.wait_with_output().expect("an end");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n0\n");
    let (statement, answer) = answered(&mut gated, "AS one");
    assert_eq!(sql(&statement).len(), 2);
    assert_eq!(answer.text.as_deref(), Some("0"));

    let sleeps = psql("SELECT pg_sleep(60)");
    let id = gated.wait("the statement", |event| match &event.what {
        GateEventKind::Arrived { id, statement, .. } => {
            sql(statement)[0].text.contains("pg_sleep").then_some(*id)
        }
        _ => None,
    });
    // The statement has to run before it can be cancelled.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let kill = Command::new("kill")
        .args(["-INT", &sleeps.id().to_string()])
        .status();
    assert!(kill.expect("kill").success());
    let answer = gated.answer(id);
    assert!(answer.is_error);
    let text = answer.text.expect("a text");
    assert!(
        text.starts_with("ERROR 57014 canceling statement"),
        "{text}"
    );
    sleeps.wait_with_output().expect("an end");
}
