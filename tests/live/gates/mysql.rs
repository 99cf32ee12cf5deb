//! The gate of MySQL on a real MariaDB, with the clients of sqlx (binary protocol) and of the command line (text protocol).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{Seek as _, Write as _},
    time::Duration,
};

use coupon_bench::gate::{
    Gate, GateControl, GateKind,
    event::{Content, GateEvent, GateEventKind, StatementId, WireAnswer},
};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, MySqlConnection, Row as _,
    mysql::MySqlConnectOptions,
};
use tokio::{
    process::Command,
    sync::mpsc::UnboundedReceiver,
    time::{sleep, timeout},
};

use crate::services;

/// A gate, and what it reports.
struct Watched {
    gate: Gate,
    control: GateControl,
    events: UnboundedReceiver<GateEvent>,
}

impl Watched {
    fn open() -> Self {
        let upstream = options();
        let (control, events) = GateControl::new();
        let gate = Gate::open(
            GateKind::Mysql,
            (upstream.get_host().to_owned(), upstream.get_port()),
            "127.0.0.1:0".parse().unwrap(),
            control.clone(),
        );
        Self {
            gate: gate.unwrap(),
            control,
            events,
        }
    }

    /// A connection through the gate.
    async fn connect(&self) -> MySqlConnection {
        let address = self.gate.address();
        let options = options().host(&address.ip().to_string());
        options.port(address.port()).connect().await.unwrap()
    }

    /// Runs the client of the command line with these statements. Errors do not end it.
    async fn client(&self, statements: &[&str]) -> String {
        let mut input = tempfile::tempfile().unwrap();
        write!(input, "{};", statements.join(";\n")).unwrap();
        input.rewind().unwrap();
        let address = self.gate.address();
        let output = Command::new("mariadb")
            .args(["--host=127.0.0.1", &format!("--port={}", address.port())])
            .args(["--user=coupon", "--password=coupon", "--local-infile=1"])
            .args(["--batch", "--force", "coupon"])
            .stdin(input)
            .output();
        let output = timeout(Duration::from_secs(30), output).await;
        String::from_utf8(output.unwrap().unwrap().stdout).unwrap()
    }

    /// The statements since the last call, each with its parameters and its answer.
    fn log(&mut self) -> Vec<String> {
        let mut lines: Vec<(StatementId, String)> = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            match event.what {
                GateEventKind::Arrived { id, statement, .. } => {
                    lines.push((id, text(&statement.content)));
                }
                GateEventKind::Answered { id, answer } => {
                    let line = lines.iter_mut().find(|(other, _)| *other == id);
                    line.unwrap().1 += &answered(&answer);
                }
                GateEventKind::Unreadable(error) => panic!("{error}"),
                _ => {}
            }
        }
        lines.into_iter().map(|(_, line)| line).collect()
    }
}

fn options() -> MySqlConnectOptions {
    services::mysql().parse().unwrap()
}

fn text(content: &Content) -> String {
    let Content::Sql(statements) = content else {
        panic!("{content:?}");
    };
    let texts = statements.iter().map(|statement| {
        let values = statement.parameters.iter();
        let values: Vec<_> = values
            .map(|value| value.as_deref().unwrap_or("NULL"))
            .collect();
        if values.is_empty() {
            statement.text.clone()
        } else {
            format!("{} {values:?}", statement.text)
        }
    });
    texts.collect::<Vec<_>>().join(" / ")
}

fn answered(answer: &WireAnswer) -> String {
    let text = answer.text.as_deref().unwrap_or("–");
    let changed = if answer.changed_nothing { "" } else { " *" };
    let open = if answer.in_transaction { " open" } else { "" };
    format!(" -> {text}{changed}{open}")
}

/// A table of its own.
async fn table(connection: &mut MySqlConnection, name: &str) {
    let statements = format!(
        "DROP TABLE IF EXISTS {name}; CREATE TABLE {name} (n BIGINT PRIMARY KEY, t VARCHAR(40)) ENGINE=InnoDB"
    );
    connection
        .execute(sqlx::raw_sql(AssertSqlSafe(statements)))
        .await
        .unwrap();
}

async fn remove(mut connection: MySqlConnection, name: &str) {
    let statement = AssertSqlSafe(format!("DROP TABLE {name}"));
    connection.execute(sqlx::raw_sql(statement)).await.unwrap();
}

#[tokio::test]
async fn prepared_statements_have_values_and_answers() {
    let mut watched = Watched::open();
    let mut connection = watched.connect().await;
    table(&mut connection, "gate_prepared").await;
    watched.log();
    let mut transaction = connection.begin().await.unwrap();
    let insert = "INSERT INTO gate_prepared VALUES (?, ?)";
    for _ in 0..2 {
        let result = sqlx::query(insert)
            .bind(1_i64)
            .bind("é")
            .execute(&mut *transaction);
        let _ = result.await;
    }
    let count = sqlx::query("SELECT count(*), max(t) FROM gate_prepared WHERE n < ?").bind(5_u8);
    let row = count.fetch_one(&mut *transaction).await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 1);
    transaction.rollback().await.unwrap();
    let log = watched.log();
    let duplicate = "ERROR 1062 (23000) Duplicate entry '1' for key 'PRIMARY'";
    assert_eq!(
        log,
        [
            "BEGIN -> – * open".to_owned(),
            format!("{insert} [\"1\", \"é\"] -> 1 row * open"),
            format!("{insert} [\"1\", \"é\"] -> {duplicate} open"),
            "SELECT count(*), max(t) FROM gate_prepared WHERE n < ? [\"5\"] -> 1, é open"
                .to_owned(),
            "ROLLBACK -> – *".to_owned(),
        ]
    );
    remove(connection, "gate_prepared").await;
}

#[tokio::test]
async fn a_held_statement_waits_for_its_release() {
    let mut watched = Watched::open();
    let mut connection = watched.connect().await;
    table(&mut connection, "gate_held").await;
    watched.log();
    watched.control.hold();
    let insert = tokio::spawn(async move {
        let insert = "INSERT INTO gate_held VALUES (1, 'a')";
        connection.execute(sqlx::raw_sql(insert)).await.unwrap();
        connection
    });
    let event = timeout(Duration::from_secs(30), watched.events.recv()).await;
    let GateEventKind::Arrived { id, held: true, .. } = event.unwrap().unwrap().what else {
        panic!("the statement is not held");
    };
    let mut direct = options().connect().await.unwrap();
    sleep(Duration::from_millis(100)).await;
    let count = "SELECT count(*) FROM gate_held";
    let rows = |row: sqlx::mysql::MySqlRow| row.get::<i64, _>(0);
    assert_eq!(rows(direct.fetch_one(count).await.unwrap()), 0);
    assert!(!insert.is_finished());
    watched.control.release(id);
    let connection = insert.await.unwrap();
    assert_eq!(rows(direct.fetch_one(count).await.unwrap()), 1);
    watched.control.pass();
    remove(connection, "gate_held").await;
}

#[tokio::test]
async fn several_statements_and_the_results_of_a_procedure_are_one_answer() {
    let mut watched = Watched::open();
    let mut connection = watched.connect().await;
    table(&mut connection, "gate_several").await;
    let procedure = "CREATE OR REPLACE PROCEDURE gate_several_p() BEGIN SELECT 1; SELECT 2, 3; UPDATE gate_several SET n = n + 1; END";
    connection.execute(sqlx::raw_sql(procedure)).await.unwrap();
    watched.log();
    let several = "INSERT INTO gate_several VALUES (1, 'a;b'); SELECT n FROM gate_several; CALL gate_several_p()";
    connection.execute(sqlx::raw_sql(several)).await.unwrap();
    connection.execute("CALL gate_several_p()").await.unwrap();
    let texts = several.replace("; ", " / ");
    assert_eq!(
        watched.log(),
        [
            format!("{texts} -> 1 row; 1; 1; 2, 3 *"),
            "CALL gate_several_p() -> 1; 2, 3 *".to_owned(),
        ]
    );
    let drop = "DROP PROCEDURE gate_several_p";
    connection.execute(sqlx::raw_sql(drop)).await.unwrap();
    remove(connection, "gate_several").await;
}

#[tokio::test]
async fn a_large_result_passes() {
    let mut watched = Watched::open();
    let mut connection = watched.connect().await;
    watched.log();
    let select = "SELECT seq, repeat('x', 200000) FROM seq_1_to_200";
    let rows = connection.fetch_all(select).await.unwrap();
    assert_eq!(rows.len(), 200);
    assert!(
        rows.iter()
            .all(|row| row.get::<String, _>(1).len() == 200_000)
    );
    assert_eq!(watched.log(), [format!("{select} -> 200 rows")]);
}

#[tokio::test]
async fn the_client_of_the_command_line_passes() {
    let mut watched = Watched::open();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"1\ta\n2\tb\n").unwrap();
    let load = format!(
        "LOAD DATA LOCAL INFILE '{}' INTO TABLE gate_client",
        file.path().display()
    );
    let statements = [
        "CREATE OR REPLACE TABLE gate_client (n BIGINT PRIMARY KEY, t VARCHAR(40)) ENGINE=InnoDB",
        &load,
        "START TRANSACTION",
        "SELECT count(*) FROM gate_client FOR UPDATE",
        "INSERT INTO gate_client VALUES (1, 'x')",
        "DELETE FROM gate_client WHERE n = 3",
        "COMMIT",
        "SELECT * FROM gate_client",
        "DROP TABLE gate_client",
    ];
    let output = watched.client(&statements).await;
    assert_eq!(output, "count(*)\n2\nn\tt\n1\ta\n2\tb\n");
    let answers = [
        "– *",
        "2 rows *",
        "– * open",
        "2 * open",
        "ERROR 1062 (23000) Duplicate entry '1' for key 'PRIMARY' open",
        "0 rows open",
        "– *",
        "2 rows",
        "– *",
    ];
    let lines = statements.iter().zip(answers);
    let lines: Vec<_> = lines
        .map(|(one, other)| format!("{one} -> {other}"))
        .collect();
    assert_eq!(watched.log(), lines);
}
