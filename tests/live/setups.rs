//! The setup of a service without a reset endpoint: SQL, Redis commands and programs, on real services.

use std::{fs, path::Path, sync::Arc, time::Duration};

use coupon_bench::{
    input::toml_file::TomlFile,
    model::workload::{Arrivals, Workload},
    service::{Target, connected::ConnectedService, ledger::LedgerContents},
};
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection, raw_sql};

use crate::{
    program,
    serve::Server,
    services::{mysql, postgres, redis},
};

/// A target with this setup and this ledger. The tests send no claims to it.
fn target(folder: &Path, address: &str, middle: &str) -> Arc<Target> {
    let text = format!(
        "[http]\nbase_url = \"http://{address}\"\n{middle}\n[claim]\nurl = \"/claim\"\njson = {{ user = \"{{{{user}}}}\" }}\n\
         [[outcome]]\nis = \"issued\"\nstatus = 201\n"
    );
    let file = TomlFile::of(&folder.join("shop.toml"), text);
    Arc::new(Target::validate(&file, &|_| None).unwrap_or_else(|error| panic!("{error}")))
}

/// The ledger after the setup, or the error of the setup.
async fn set_up(middle: &str) -> Result<LedgerContents, String> {
    let server = Server::start("--strategy redis-incr");
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("event.py");
    fs::write(&script, PROGRAM).expect("written");
    let target = target(folder.path(), &server.address, middle);
    let workload = Workload {
        users: 3,
        limit: 3,
        attempts: 1,
        arrivals: Arrivals::Burst,
        seed: 1,
        timeout: Duration::from_secs(5),
        warmup: true,
    };
    let mut stage = ConnectedService::open(&target, &workload, "run")
        .await
        .expect("open");
    stage.set_up().await.map_err(|error| error.to_string())?;
    stage.read().await.expect("a ledger")
}

/// A program that prints its arguments as JSON, or ends with a given exit code.
const PROGRAM: &str = "import json, sys
if sys.argv[1] == 'fail':
    print('no such event,\\n  it seems', file=sys.stderr)
    sys.exit(3)
print(json.dumps({'words': sys.argv[1:], 'key': sys.argv[1]}))
";

#[tokio::test]
async fn sql_creates_an_event_and_captures_its_number() {
    let table = format!("setup_{}", std::process::id());
    let mut pg = PgConnection::connect(&postgres())
        .await
        .expect("PostgreSQL");
    let mut my = MySqlConnection::connect(&mysql()).await.expect("MySQL");
    let make = |id: &str| format!("CREATE TABLE {table} (id {id}, name VARCHAR(40), stock INT)");
    raw_sql(AssertSqlSafe(make("BIGSERIAL PRIMARY KEY")))
        .execute(&mut pg)
        .await
        .expect("made");
    raw_sql(AssertSqlSafe(make("BIGINT AUTO_INCREMENT PRIMARY KEY")))
        .execute(&mut my)
        .await
        .expect("made");
    let mut found = Vec::new();
    for db in [postgres(), mysql()] {
        let middle = |sql: &str| {
            format!(
                "[[setup]]\ndb = \"{db}\"\nsql = \"{sql}\"\ncapture = {{ event = {{ text = true }} }}\n\
                 [ledger]\ndb = \"{db}\"\nsql = \"SELECT stock + id FROM {table} WHERE id = {{{{setup.event}}}}\"\n"
            )
        };
        // Two statements: the first deletes the last event, and the second creates a new one.
        let new = format!(
            "DELETE FROM {table}; INSERT INTO {table} (name, stock) VALUES ('it is {{{{run}}}}', {{{{limit}}}}) RETURNING id"
        );
        found.push(set_up(&middle(&new)).await);
        found.push(set_up(&middle(&new)).await);
        let refused = set_up(&middle("INSERT INTO nowhere VALUES (1)")).await;
        let refused = refused.expect_err("refused");
        assert!(
            refused.contains("setup sql on") && refused.contains("nowhere"),
            "{refused}"
        );
        let nothing = set_up(&middle(&format!("DELETE FROM {table}"))).await;
        let nothing = nothing.expect_err("refused");
        assert!(
            nothing.contains("no value for {{setup.event}}: the answer is empty"),
            "{nothing}"
        );
    }
    let drop = format!("DROP TABLE {table}");
    raw_sql(AssertSqlSafe(drop.clone()))
        .execute(&mut pg)
        .await
        .expect("dropped");
    raw_sql(AssertSqlSafe(drop))
        .execute(&mut my)
        .await
        .expect("dropped");
    // The stock equals the limit, and the numbers of the events are consecutive.
    let users = |number: &str| Ok(LedgerContents::Users(vec![number.to_owned().into()]));
    let both = [users("4"), users("5")];
    assert_eq!(found, [both.clone(), both].concat());
}

#[tokio::test]
async fn redis_commands_set_up_an_event() {
    let key = format!("setup-{}", std::process::id());
    let middle = format!(
        "[[setup]]\nurl = \"{url}\"\nredis = [\"DEL {key} {key}:stock\", \"RPUSH {key} 'user {{{{limit}}}}' u-2\", \
         \"SET {key}:stock {{{{limit}}}}\", \"EXPIRE {key} 60\", \"EXPIRE {key}:stock 60\", \"GET {key}:stock\"]\n\
         capture = {{ stock = {{ text = true }} }}\n\
         [[setup]]\nurl = \"{url}\"\nredis = \"RPUSH {key} {{{{setup.stock}}}}\"\n\
         [ledger]\nredis = {{ url = \"{url}\", key = \"{key}\" }}\n",
        url = redis()
    );
    let found = set_up(&middle).await;
    let users = ["user 3", "u-2", "3"].map(str::to_owned);
    assert_eq!(
        found,
        Ok(LedgerContents::Users(users.map(Into::into).to_vec()))
    );
    let wrong = middle.replace("\"DEL", "\"NONSENSE");
    let error = set_up(&wrong).await.expect_err("refused");
    assert!(
        error.contains("setup commands for redis: NONSENSE: "),
        "{error}"
    );
}

#[tokio::test]
async fn a_program_runs_in_the_files_folder_with_unchanged_arguments() {
    let key = format!("setup-program-{}", std::process::id());
    let middle = |words: &str| {
        format!(
            "[[setup]]\ncommand = [\"python3\", \"event.py\", {words}]\ncapture = {{ key = {{ json = \"/key\" }}, \
             second = {{ json = \"/words/1\" }} }}\n\
             [[setup]]\nurl = \"{url}\"\nredis = [\"DEL {{{{setup.key}}}}\", \"RPUSH {{{{setup.key}}}} {{{{setup.second}}}}\", \
             \"EXPIRE {{{{setup.key}}}} 60\"]\n\
             [ledger]\nredis = {{ url = \"{url}\", key = \"{{{{setup.key}}}}\" }}\n",
            url = redis()
        )
    };
    // There is no shell, so special characters of a shell are ordinary text.
    let found = set_up(&middle(&format!("\"{key}\", \"$HOME; {{{{limit}}}} *\""))).await;
    assert_eq!(
        found,
        Ok(LedgerContents::Users(vec!["$HOME; 3 *".to_owned().into()]))
    );
    for (words, expected) in [
        (
            "\"fail\"",
            "setup command python3: exit status: 3: no such event, it seems",
        ),
        (
            "\"k\"",
            "setup command python3: no value for {{setup.second}}: the answer has nothing at \"/words/1\"",
        ),
    ] {
        let error = set_up(&middle(words)).await.expect_err("refused");
        assert!(error.contains(expected), "{error}");
    }
    let missing = middle("\"k\"").replace("\"python3\"", "\"./none.sh\"");
    let error = set_up(&missing).await.expect_err("refused");
    assert!(
        error.contains("setup command ./none.sh: cannot be started: No such file"),
        "{error}"
    );
}

#[test]
fn a_check_shows_a_setup_without_a_request() {
    let server = Server::start("--strategy redis-incr");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.toml");
    let text = format!(
        "[http]\nbase_url = \"http://{}\"\n[[setup]]\ncommand = [\"echo\", \"limit\", \"{{{{limit}}}}\"]\n\
         [claim]\nurl = \"/claim\"\njson = {{ user = \"{{{{user}}}}\" }}\n[[outcome]]\nis = \"issued\"\nstatus = 201\n",
        server.address
    );
    fs::write(&path, text).expect("written");
    let check = format!("target check {}", path.display());
    let output = program::command(&check)
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for shown in ["command echo → done", "→ echo limit 100", "← limit 100"] {
        assert!(said.contains(shown), "{shown}: {said}");
    }
}
