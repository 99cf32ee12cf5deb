//! Services judged from a target file: a small service in another language, this program's own server, and ledgers of every kind.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use coupon_bench::{
    input::toml_file::TomlFile,
    model::workload::{Arrivals, Workload},
    service::{
        Target,
        connected::ConnectedService,
        ledger::{LedgerContents, Row, Stock},
    },
};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection, SqliteConnection, raw_sql};

use crate::{
    program::{self, Ran},
    serve::Server,
    services::{mysql, postgres, redis},
};

/// The service in Python: `tests/foreign/service.py`.
pub struct Foreign {
    child: Child,
    port: String,
    folder: tempfile::TempDir,
}

impl Foreign {
    fn start() -> Self {
        Self::start_script("service.py")
    }

    /// A service in `tests/foreign`.
    pub fn start_script(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign");
        let script = folder.join(name);
        let mut child = Command::new("python3")
            .arg(script)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut port = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut port).expect("a port");
        Self {
            child,
            port: port.trim().to_owned(),
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// The target file of a kind of service. Kinds differ only in the path.
    pub fn described(&self, kind: &str) -> String {
        let port = &self.port;
        format!(
            r#"
            [http]
            base_url = "http://127.0.0.1:{port}/{kind}"
            [[setup]]
            url = "/reset"
            body = '{{"limit": {{{{limit}}}}}}'
            [claim]
            url = "/coupons"
            body = '{{"userId": {{{{user}}}}}}'
            [[outcome]]
            is = "issued"
            status = [201, 202]
            [[outcome]]
            is = "duplicate"
            status = 409
            [[outcome]]
            is = "sold_out"
            status = 410
            [ledger]
            http = {{ url = "/coupons", users = "/users" }}
            [drain]
            http = {{ url = "/coupons", pointer = "/pending", equals = 0 }}
            timeout = "500ms"
            "#
        )
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(format!("{name}.toml"));
        fs::write(&path, text).expect("written");
        path
    }

    /// Whether the correct kind of service has issued a coupon.
    fn has_issued(&self) -> bool {
        let address = format!("127.0.0.1:{}", self.port);
        let mut stream = TcpStream::connect(address).expect("a connection");
        let request = "GET /correct/coupons HTTP/1.1\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        !answer.contains("\"issued\": 0")
    }

    /// A burst of a thousand users for a hundred coupons.
    fn judged(&self, name: &str, text: &str) -> Ran {
        let path = self.file(name, text);
        program::run(&format!(
            "--target {} --users 1000 --limit 100",
            path.display()
        ))
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_service_in_another_language_has_the_correct_verdict() {
    let service = Foreign::start();

    let naive = service.judged("naive", &service.described("naive"));
    assert_eq!(
        (naive.exit, naive.verdicts()),
        (Some(3), vec![json!("violated")])
    );
    let over = naive.each("/ledger/over_issued")[0].as_u64();
    assert!(over > Some(0), "{over:?}");
    assert_eq!(naive.each("/ledger/lost"), [json!(0)]);

    let correct = service.judged("correct", &service.described("correct"));
    assert_eq!(
        (correct.exit, correct.verdicts()),
        (Some(0), vec![json!("holds")])
    );
    assert_eq!(correct.each("/attempts/issued"), [json!(100)]);
    assert_eq!(correct.each("/ledger/issued"), [json!(100)]);
    // All claims were sent up to their last byte before the release.
    assert_eq!(correct.each("/target/held"), [json!(1000)]);
    assert_eq!(correct.each("/target/connections"), [json!(1000)]);

    let lossy = service.judged("lossy", &service.described("lossy"));
    assert_eq!(
        (lossy.exit, lossy.verdicts()),
        (Some(3), vec![json!("violated")])
    );
    assert_eq!(lossy.each("/attempts/issued"), [json!(100)]);
    assert_eq!(lossy.each("/ledger/lost"), [json!(2)]);
    assert_eq!(lossy.each("/ledger/drained"), [json!(true)]);
}

#[test]
fn a_service_has_the_correct_verdict_with_several_instances() {
    let service = Foreign::start();
    for (kind, exit, verdict) in [("correct", 0, "holds"), ("naive", 3, "violated")] {
        let path = service.file(kind, &service.described(kind));
        let path = path.display();
        let ran = program::run(&format!("--target {path} -u 1000 -l 100 --instances 2"));
        assert_eq!(
            (ran.exit, ran.verdicts()),
            (Some(exit), vec![json!(verdict)]),
            "{}",
            ran.report
        );
        assert_eq!(ran.each("/attempts/total"), [json!(1000)]);
        assert_eq!(ran.each("/attempts/issued"), ran.each("/ledger/issued"));
        assert_eq!(ran.each("/target/held"), [json!(1000)]);
    }
}

#[test]
fn each_kind_of_ledger_proves_what_it_can() {
    let service = Foreign::start();
    let users = "users = \"/users\"";
    let lossy = service.described("lossy");

    // A count proves that two coupons are missing, but not whose.
    let counted = service.judged("counted", &lossy.replace(users, "count = \"/issued\""));
    assert_eq!(counted.each("/ledger/basis"), [json!("count")]);
    assert_eq!(counted.each("/ledger/lost"), [json!(2)]);
    assert_eq!(counted.each("/violations/1/users"), [json!([])]);

    // Answers without a decision: only the ledger decides.
    let accepted = lossy.replace("is = \"issued\"", "is = \"accepted\"");
    let accepted = service.judged("accepted", &accepted);
    assert_eq!(accepted.each("/attempts/accepted"), [json!(100)]);
    assert_eq!(accepted.each("/ledger/under_issued"), [json!(2)]);
    assert_eq!(
        (accepted.exit, accepted.each("/ledger/lost")),
        (Some(3), vec![json!(0)])
    );

    // This run comes last, because it does not wait for the queue. Without a ledger, only the responses are judged: a hundred issued.
    let (told, _) = lossy.split_once("[ledger]").expect("a ledger");
    let told = service.judged("told", told);
    assert_eq!(
        (told.exit, told.each("/ledger/basis")),
        (Some(0), vec![json!("told")])
    );
    assert_eq!(told.each("/attempts/issued"), [json!(100)]);
    // There are no rows to count, and the end of the work is unknown.
    for figure in ["issued", "over_issued", "lost", "drained"] {
        assert_eq!(told.each(&format!("/ledger/{figure}")), [json!(null)]);
    }
    assert_eq!(told.each("/drain_ns"), [json!(null)]);
}

#[test]
fn unexpected_answers_and_ledgers_are_shown_and_inconclusive() {
    let service = Foreign::start();
    let correct = service.described("correct");

    let unknown = correct.replace("status = 410", "status = 404");
    let unknown = service.judged("unknown", &unknown);
    assert_eq!(
        (unknown.exit, unknown.verdicts()),
        (Some(4), vec![json!("inconclusive")])
    );
    assert_eq!(unknown.each("/target/unclassified/count"), [json!(900)]);
    assert_eq!(
        unknown.each("/target/unclassified/samples/0/status"),
        [json!(410)]
    );
    assert_eq!(unknown.each("/attempts/indeterminate"), [json!(900)]);

    let spelled = correct.replace("[drain]", "user = \"u-{{user}}\"\n[drain]");
    let spelled = service.judged("spelled", &spelled);
    assert_eq!(
        (spelled.exit, spelled.each("/ledger/issued")),
        (Some(4), vec![json!(null)])
    );
    let reason = spelled.each("/reasons/0")[0].to_string();
    assert!(
        reason.contains("none of the ledger's 100 users"),
        "{reason}"
    );

    // A run with coupons in the ledger before the load does not begin.
    let (head, rest) = correct.split_once("[[setup]]").expect("a setup");
    let (_, rest) = rest.split_once("[claim]").expect("a claim");
    let path = service.file("full", &format!("{head}[claim]{rest}"));
    let output = program::command(&format!("run --target {} --users 10", path.display())).output();
    let output = output.expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    assert!(
        stderr.contains("the ledger holds 100 coupons before the first claim"),
        "{stderr}"
    );
}

#[test]
fn another_limit_of_the_event_is_inconclusive_and_no_broken_promise() {
    let service = Foreign::start();
    let stocked = |stock: &str| service.described("correct").replace("{{limit}}", stock);
    let judged = |name: &str, stock: &str, flags: &str| {
        let path = service.file(name, &stocked(stock));
        let ran = program::run(&format!("--target {} {flags}", path.display()));
        let reasons = ran.each("/reasons")[0].to_string();
        (ran.exit, ran.each("/verdict")[0].clone(), reasons)
    };
    let (exit, verdict, reasons) = judged("fixed", "100", "--users 600 --limit 200");
    assert_eq!((exit, verdict), (Some(4), json!("inconclusive")));
    assert!(
        reasons.contains("is the event's limit 100, and not 200?"),
        "{reasons}"
    );
    let (exit, verdict, reasons) = judged("empty", "0", "--users 200 --limit 100");
    assert_eq!((exit, verdict), (Some(4), json!("inconclusive")));
    assert!(reasons.contains("was the event used up"), "{reasons}");

    // More coupons than the demand: the report does not say that the limit was out of reach.
    let path = service.file("naive", &service.described("naive"));
    let flags = "--users 60 --attempts 3 --limit 100";
    let ran = program::run(&format!("--target {} {flags}", path.display()));
    assert_eq!(
        (ran.exit, ran.verdicts()),
        (Some(3), vec![json!("violated")])
    );
    let told = ran.each("/reasons")[0].to_string();
    assert!(!told.contains("cannot reach"), "{told}");
}

#[test]
fn a_service_that_dies_during_the_load_is_inconclusive_with_an_unknown_ledger() {
    let mut service = Foreign::start();
    let path = service.file("dying", &service.described("correct"));
    let begin = Instant::now();
    let flags = "--users 20k --in-flight 20 --limit 100 --timeout 1s";
    let child = program::command(&format!(
        "run --json - --target {} {flags} --assert lost==0",
        path.display()
    ))
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("the program starts");
    while !service.has_issued() {
        assert!(begin.elapsed() < Duration::from_mins(1), "no load came");
        std::thread::sleep(Duration::from_millis(5));
    }
    service.child.kill().expect("killed");
    let ran = program::read(child.wait_with_output().expect("an end"), begin.elapsed());
    assert_eq!(
        (ran.exit, ran.verdicts()),
        (Some(4), vec![json!("inconclusive")])
    );
    let share = ran.each("/undecided/share")[0].as_f64();
    assert!(share > Some(0.05), "{share:?}");
    let reasons = ran.each("/reasons")[0].to_string();
    assert!(reasons.contains("--max-undecided"), "{reasons}");
    for figure in ["issued", "over_issued", "under_issued", "lost", "phantom"] {
        assert_eq!(
            ran.each(&format!("/ledger/{figure}")),
            [json!(null)],
            "{figure}"
        );
    }
    let assertion = &ran.report["assertions"][0];
    assert_eq!(
        (&assertion["observed"], &assertion["ok"]),
        (&json!(null), &json!(false))
    );
}

#[test]
fn target_check_shows_errors_of_a_target_file_with_one_claim() {
    let service = Foreign::start();
    let correct = service.described("correct");
    let check = |name: &str, text: &str| {
        let path = service.file(name, text);
        let output = program::command(&format!("target check {}", path.display())).output();
        let output = output.expect("the program starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (
            output.status.code(),
            text + &String::from_utf8_lossy(&output.stderr),
        )
    };
    for (name, text, exit, shown) in [
        (
            "ready",
            correct.clone(),
            0,
            "ready: coupon-bench run --target",
        ),
        (
            "secret",
            correct.replace("[claim]", "[claim]\nheaders = { X-Key = \"{{env.PATH}}\" }"),
            0,
            "x-key: ***",
        ),
        (
            "unknown",
            correct.replace("[201, 202]", "200"),
            4,
            "no [[outcome]] rule matches this answer",
        ),
        (
            "wrong",
            correct.replace("userId\": {{user}}", "userId\": 9{{user}}"),
            4,
            "is a user of this run",
        ),
        (
            "gone",
            correct.replace(&service.port, "1"),
            5,
            "cannot connect to 127.0.0.1:1",
        ),
        (
            "remote",
            correct.replace("127.0.0.1", "192.0.2.1"),
            2,
            "--allow-remote",
        ),
    ] {
        let (code, text) = check(name, &text);
        assert_eq!(code, Some(exit), "{name}: {text}");
        assert!(text.contains(shown), "{name}: {text}");
    }
}

#[test]
fn a_check_ends_although_the_service_does_not_answer() {
    // The server never accepts a connection.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("silent.toml");
    let text = format!(
        "[http]\nbase_url = \"http://{address}/shop\"\n[claim]\nurl = \"/coupons\"\n[[outcome]]\nis = \"issued\"\nstatus = 201"
    );
    fs::write(&path, text).expect("written");
    let check = format!("target check --timeout 200ms {}", path.display());
    let output = program::command(&check)
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(5), "{text}");
    assert!(text.contains("no answer within 0.2 s"), "{text}");
}

#[test]
fn target_new_never_overwrites_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let new = |args: &str| {
        let mut command = program::command(&format!("target new {args}"));
        command
            .current_dir(folder.path())
            .output()
            .expect("the program starts")
    };
    assert_eq!(new("-").stdout, coupon_bench::service::STARTER.as_bytes());
    assert_eq!(new("shop.toml").status.code(), Some(0));
    let path = folder.path().join("shop.toml");
    fs::write(&path, "work").expect("written");
    let again = new("shop.toml");
    let stderr = String::from_utf8_lossy(&again.stderr);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr.contains("shop.toml exists already"), "{stderr}");
    assert_eq!(fs::read_to_string(path).expect("there"), "work");
}

#[test]
fn serve_is_a_target_by_its_printed_target_file() {
    let server = Server::start("--strategy redis-kafka");
    let listen = format!("--listen {}", server.address);
    let printed = program::command(&format!(
        "serve --strategy redis-kafka {listen} --print-target"
    ));
    let printed = { printed }.output().expect("the program starts");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("served.toml");
    fs::write(&path, printed.stdout).expect("written");
    let ran = program::run(&format!(
        "--target {} --users 2000 --trials 2",
        path.display()
    ));
    assert_eq!(
        (ran.exit, ran.verdicts()),
        (Some(0), vec![json!("holds"); 2]),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.each("/ledger/issued"), [json!(100), json!(100)]);
    assert_eq!(server.end().exit, Some(0));
}

/// The content of this ledger.
async fn held(service: &Foreign, ledger: &str) -> LedgerContents {
    read(service, ledger).await.expect("read")
}

async fn read(service: &Foreign, ledger: &str) -> Result<LedgerContents, String> {
    let described = service.described("correct");
    let (head, _) = described.split_once("[ledger]").expect("a ledger");
    let text = format!("{head}\n[ledger]\n{ledger}");
    let file = TomlFile::of(Path::new("ledger.toml"), text);
    let target = Target::validate(&file, &|_| None).expect("a target");
    let workload = Workload {
        users: 3,
        limit: 3,
        attempts: 1,
        arrivals: Arrivals::Burst,
        seed: 1,
        timeout: Duration::from_secs(5),
        warmup: true,
    };
    let mut stage = ConnectedService::open(&Arc::new(target), &workload, "run")
        .await
        .expect("open");
    stage.read().await.expect("a ledger")
}

fn users(names: &[&str]) -> LedgerContents {
    let row = |name: &&str| Row::from((*name).to_owned());
    LedgerContents::Users(names.iter().map(row).collect())
}

/// A ledger of the remaining coupons of three.
fn stock(left: i64) -> LedgerContents {
    LedgerContents::Stock(Stock { limit: 3, left })
}

const UUID: &str = "0b6f4c1e-1111-4a5e-9c0d-000000000001";

#[tokio::test]
async fn a_ledger_reads_user_ids_of_every_sql_type() {
    let service = Foreign::start();
    let file = service.folder.path().join("shop.db");
    let sqlite = format!("sqlite://{}", file.display());
    let table = format!("foreign_{}", std::process::id());
    let made = |id: &str| {
        format!(
            "CREATE TABLE {table} (id {id}, number BIGINT, name VARCHAR(40)); \
             INSERT INTO {table} VALUES ('{UUID}', 7, 'u-7')"
        )
    };
    let drop = format!("DROP TABLE {table}");
    let mut pg = PgConnection::connect(&postgres())
        .await
        .expect("PostgreSQL");
    raw_sql(AssertSqlSafe(made("UUID")))
        .execute(&mut pg)
        .await
        .expect("made");
    let mut my = MySqlConnection::connect(&mysql()).await.expect("MySQL");
    raw_sql(AssertSqlSafe(made("CHAR(36)")))
        .execute(&mut my)
        .await
        .expect("made");
    let mut lite = SqliteConnection::connect(&format!("{sqlite}?mode=rwc"))
        .await
        .expect("SQLite");
    raw_sql(AssertSqlSafe(made("TEXT")))
        .execute(&mut lite)
        .await
        .expect("made");

    let mut found = Vec::new();
    for db in [postgres(), mysql(), sqlite] {
        for column in ["id", "number", "name"] {
            let ledger = format!("db = \"{db}\"\nsql = \"SELECT {column} FROM {table}\"");
            found.push(held(&service, &ledger).await);
        }
        let ledger = format!("db = \"{db}\"\ncount_sql = \"SELECT count(*) FROM {table}\"");
        found.push(held(&service, &ledger).await);
        // A ledger's query cannot change data.
        let ledger = format!("db = \"{db}\"\nsql = \"DELETE FROM {table}\"");
        let refused = read(&service, &ledger).await.expect_err("refused");
        assert!(refused.to_lowercase().contains("read"), "{refused}");
    }
    raw_sql(AssertSqlSafe(drop.clone()))
        .execute(&mut pg)
        .await
        .expect("dropped");
    raw_sql(AssertSqlSafe(drop))
        .execute(&mut my)
        .await
        .expect("dropped");
    let each = [
        users(&[UUID]),
        users(&["7"]),
        users(&["u-7"]),
        LedgerContents::Count(1),
    ];
    assert_eq!(found, [each.clone(), each.clone(), each].concat());
}

#[tokio::test]
async fn a_ledger_reads_redis_keys_of_every_type() {
    let service = Foreign::start();
    let client = ::redis::Client::open(redis()).expect("a URL");
    let mut connection = client
        .get_multiplexed_async_connection()
        .await
        .expect("Redis");
    let key = format!("foreign-{}", std::process::id());
    let mut found = Vec::new();
    let left = "remaining = true";
    for (command, remaining) in [
        ("", ""),
        ("SADD KEY u-1", ""),
        ("RPUSH KEY u-1 u-1", ""),
        ("ZADD KEY 2 u-2 1 u-1", ""),
        ("SET KEY 17", ""),
        ("SET KEY 3", left),
        ("SET KEY -9", left),
        ("RPUSH KEY code-1 code-2", left),
        ("", left),
    ] {
        let _: () = ::redis::cmd("DEL")
            .arg(&key)
            .query_async(&mut connection)
            .await
            .expect("deleted");
        let mut words = command.split_whitespace();
        if let Some(name) = words.next() {
            let arguments: Vec<_> = words.map(|word| word.replace("KEY", &key)).collect();
            let _: () = ::redis::cmd(name)
                .arg(arguments)
                .query_async(&mut connection)
                .await
                .expect("written");
        }
        let ledger = format!(
            "{remaining}\nredis = {{ url = \"{}\", key = \"{key}\" }}",
            redis()
        );
        found.push(held(&service, &ledger).await);
    }
    let _: () = ::redis::cmd("DEL")
        .arg(&key)
        .query_async(&mut connection)
        .await
        .expect("deleted");
    let expected = [
        users(&[]),
        users(&["u-1"]),
        users(&["u-1", "u-1"]),
        users(&["u-1", "u-2"]),
        LedgerContents::Count(17),
        stock(3),
        stock(-9),
        stock(2),
        stock(0),
    ];
    assert_eq!(found, expected);
}
