//! Drains: conditions on real services, verdicts on asynchronous services with different workers, and trials that never count the
//! coupons of another trial.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Output,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use coupon_bench::{
    input::toml_file::TomlFile,
    judge::ledger::Promised,
    model::{
        verdict::Completion,
        workload::{Arrivals, Workload},
    },
    service::{Target, connected::ConnectedService, drain::DrainOutcome},
};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    consumer::{BaseConsumer, CommitMode, Consumer},
    producer::{FutureProducer, FutureRecord},
};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection, raw_sql};

use crate::{
    program::{self, Ran},
    services::{kafka, mysql, postgres, rabbitmq, redis},
    targets::Foreign,
};

/// The `[drain]` of the target file.
const PENDING: &str = r#"http = { url = "/coupons", pointer = "/pending", equals = 0 }"#;

/// A target file of the service with this `[drain]`.
fn described(service: &Foreign, kind: &str, drain: &str) -> String {
    let whole = service.described(kind);
    let (head, _) = whole.split_once("[drain]").expect("a drain");
    format!("{head}\n[drain]\n{drain}\n")
}

/// A burst of 60 users for 20 coupons.
fn judged(service: &Foreign, name: &str, text: &str, more: &str) -> Ran {
    let path = service.file(name, text);
    program::run(&format!(
        "--target {} --users 60 --limit 20 {more}",
        path.display()
    ))
}

#[test]
fn twenty_runs_of_an_asynchronous_service_have_the_correct_verdict() {
    let kinds = [
        ("late", "10s", "holds", 0, 0),
        ("restarted", "10s", "holds", 0, 0),
        ("lost", "600ms", "violated", 1, 0),
        ("duplicate", "10s", "violated", 0, 1),
    ];
    let service = Foreign::start_script("pipeline.py");
    thread::scope(|scope| {
        for (kind, timeout, verdict, lost, twice) in kinds {
            let service = &service;
            scope.spawn(move || {
                let drain = format!("{PENDING}\ntimeout = \"{timeout}\"");
                let text = described(service, kind, &drain);
                let ran = judged(service, kind, &text, "--trials 20");
                let twenty = |value| vec![value; 20];
                assert_eq!(
                    ran.verdicts(),
                    twenty(json!(verdict)),
                    "{kind}: {}",
                    ran.stderr
                );
                assert_eq!(ran.each("/ledger/lost"), twenty(json!(lost)), "{kind}");
                assert_eq!(
                    ran.each("/ledger/duplicate_users"),
                    twenty(json!(twice)),
                    "{kind}"
                );
                assert_eq!(ran.each("/ledger/phantom"), twenty(json!(twice)), "{kind}");
                assert_eq!(ran.each("/ledger/drained"), twenty(json!(true)), "{kind}");
            });
        }
    });
}

#[test]
fn a_late_coupon_is_waited_for_and_not_lost_without_a_proof() {
    let service = Foreign::start_script("pipeline.py");
    // The ledger does not change for a long time before the first coupon comes.
    let late = described(
        &service,
        "late",
        "unchanged_for = \"50ms\"\ntimeout = \"10s\"",
    );
    let late = judged(&service, "late", &late, "");
    assert_eq!(
        (late.exit, late.verdicts()),
        (Some(0), vec![json!("holds")])
    );
    // The same without a condition.
    let plain = described(&service, "late", "timeout = \"10s\"");
    assert_eq!(judged(&service, "plain", &plain, "").exit, Some(0));

    let slow = described(&service, "slow", "timeout = \"200ms\"");
    let slow = judged(&service, "slow", &slow, "--trials 2");
    assert_eq!(
        (slow.exit, slow.verdicts()),
        (Some(4), vec![json!("inconclusive")]),
        "{}",
        slow.stderr
    );
    let reasons = slow.each("/reasons")[0].to_string();
    for part in [
        "20 promised coupons are not in the ledger 0.2 s after it last grew",
        "trial 2 does not begin: 20 promised coupons are not in the ledger yet",
    ] {
        assert!(reasons.contains(part), "{reasons}");
    }
    assert!(
        slow.stderr.contains("trial 2 does not begin"),
        "{}",
        slow.stderr
    );
}

#[test]
fn over_issue_needs_no_drain() {
    let service = Foreign::start_script("service.py");
    let whole = service.described("naive");
    let (naive, _) = whole.split_once("[drain]").expect("a drain");
    let naive = judged(&service, "naive", naive, "");
    assert_eq!(
        (naive.exit, naive.verdicts()),
        (Some(3), vec![json!("violated")])
    );
}

/// `run` with these arguments; the run may write no report.
fn run(service: &Foreign, name: &str, text: &str, more: &str) -> (Output, String) {
    let path = service.file(name, text);
    let args = format!(
        "run --target {} --users 60 --limit 20 {more}",
        path.display()
    );
    let output = program::command(&args)
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let text = text + &String::from_utf8_lossy(&output.stderr);
    (output, text)
}

#[test]
fn the_first_trial_is_reported_if_the_second_reset_fails() {
    let service = Foreign::start_script("pipeline.py");
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let outputs = ["json", "markdown", "html", "junit", "attempts-csv"]
        .map(|kind| format!("--{kind} {}", file(kind).display()))
        .join(" ");
    let text = described(&service, "once", "synchronous = true");
    let (output, said) = run(&service, "once", &text, &format!("--trials 3 {outputs}"));
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("there is one reset a day"), "{said}");
    let report = fs::read_to_string(file("json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["runs"].as_array().map(Vec::len), Some(1));
    assert_eq!(report["runs"][0]["verdict"], json!("holds"));
    for kind in ["markdown", "html", "junit"] {
        let text = fs::read_to_string(file(kind)).expect("a report");
        assert!(text.contains("once"), "{kind}: {text}");
    }
    let attempts = fs::read_to_string(file("attempts-csv")).expect("attempts");
    assert_eq!(attempts.lines().count(), 61);
    assert!(said.contains("holds"), "{said}");
}

#[test]
fn several_trials_of_an_event_without_a_reset_are_refused_before_the_load() {
    let service = Foreign::start_script("service.py");
    let whole = service.described("correct");
    let (head, rest) = whole.split_once("[[setup]]").expect("a setup");
    let (_, rest) = rest.split_once("[claim]").expect("a claim");
    let (output, said) = run(
        &service,
        "full",
        &format!("{head}[claim]{rest}"),
        "--trials 2",
    );
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("2 trials of an event that no setup resets"),
        "{said}"
    );
}

#[test]
fn a_used_up_event_is_named_and_inconclusive() {
    let service = Foreign::start_script("pipeline.py");
    let text = described(&service, "stock", PENDING);
    let path = service.file("stock", &text);
    let output = program::command(&format!("target check {}", path.display())).output();
    let output = output.expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains("the stock was not reset; reset it in"),
        "{said}"
    );

    let ran = judged(&service, "stock", &text, "");
    assert_eq!(
        (ran.exit, ran.verdicts()),
        (Some(4), vec![json!("inconclusive")])
    );
    let reasons = ran.each("/reasons")[0].to_string();
    assert!(reasons.contains("not reset"), "{reasons}");
}

/// A service with this `[drain]`, prepared for its load.
async fn staged(timeout: &str, drain: &str) -> Result<ConnectedService, String> {
    // The test sends no load, so the address of the service does not matter.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let text = format!(
        "[http]\nbase_url = \"http://{address}\"\n[claim]\nurl = \"/coupons\"\n[[outcome]]\nis = \"issued\"\nstatus = 201\n\
         [drain]\ntimeout = \"{timeout}\"\n{drain}"
    );
    let file = TomlFile::of(Path::new("drain.toml"), text);
    let target = Target::validate(&file, &|_| None).map_err(|error| error.to_string())?;
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
        .map_err(|error| error.to_string())?;
    stage
        .open_drain()
        .await
        .map_err(|error| error.to_string())?;
    Ok(stage)
}

async fn waited_for(timeout: &str, drain: &str) -> DrainOutcome {
    let mut stage = staged(timeout, drain).await.expect("open");
    let patience = Duration::from_secs(5);
    stage.drain(&Promised::default(), patience).await
}

async fn waited(drain: &str) -> DrainOutcome {
    waited_for("250ms", drain).await
}

/// Asserts that work is in progress, with this message.
async fn assert_pending_within(timeout: &str, drain: &str, said: &str) {
    let waited = waited_for(timeout, drain).await;
    let trouble = waited.trouble.unwrap_or_default();
    assert_eq!(waited.completion, Completion::Pending, "{drain}: {trouble}");
    assert!(trouble.contains(said), "{drain}: {trouble}");
}

async fn assert_pending(drain: &str, said: &str) {
    assert_pending_within("250ms", drain, said).await;
}

async fn assert_empty(drain: &str) {
    let waited = waited(drain).await;
    assert_eq!(waited.completion, Completion::Proven, "{drain}: {waited:?}");
    assert_eq!(waited.trouble, None, "{drain}");
}

/// A name that no other test uses.
fn unique(name: &str) -> String {
    format!("drain-{name}-{}", std::process::id())
}

#[tokio::test]
async fn the_drain_waits_for_empty_lists_and_keys_in_redis() {
    let client = ::redis::Client::open(redis()).expect("a URL");
    let mut connection = client
        .get_multiplexed_async_connection()
        .await
        .expect("Redis");
    let (waiting, active) = (unique("waiting"), unique("active"));
    let url = redis();
    let lists = format!("redis = {{ url = \"{url}\", list = [\"{waiting}\", \"{active}\"] }}");
    let key = format!("redis = {{ url = \"{url}\", key = \"{active}\" }}");
    assert_empty(&lists).await;
    assert_empty(&key).await;
    for list in [&waiting, &active, &active] {
        let _: () = ::redis::cmd("RPUSH")
            .arg(list)
            .arg("1")
            .query_async(&mut connection)
            .await
            .expect("pushed");
    }
    assert_pending(&lists, "has 3 items").await;
    assert_pending(&key, "holds 2").await;
    let _: () = ::redis::cmd("DEL")
        .arg(&waiting)
        .arg(&active)
        .query_async(&mut connection)
        .await
        .expect("deleted");
    assert_empty(&lists).await;
    // All conditions must hold.
    let _: () = ::redis::cmd("SET")
        .arg(&waiting)
        .arg("7")
        .query_async(&mut connection)
        .await
        .expect("set");
    let both = format!(
        "redis = {{ url = \"{url}\", key = \"{waiting}\" }}\nsql = \"SELECT 0\"\ndb = \"{}\"",
        postgres()
    );
    assert_pending(&both, "holds 7").await;
    let _: () = ::redis::cmd("DEL")
        .arg(&waiting)
        .query_async(&mut connection)
        .await
        .expect("deleted");
    assert_empty(&both).await;
}

#[tokio::test]
async fn the_drain_waits_until_a_stream_group_has_acknowledged_every_entry() {
    let client = ::redis::Client::open(redis()).expect("a URL");
    let mut connection = client
        .get_multiplexed_async_connection()
        .await
        .expect("Redis");
    let stream = unique("stream");
    let drain = format!(
        "redis = {{ url = \"{}\", stream = \"{stream}\", group = \"workers\" }}",
        redis()
    );
    assert_pending(&drain, "there is no Redis stream").await;
    let mut ask = async |command: &str| {
        let words: Vec<_> = command.split_whitespace().collect();
        let answer: ::redis::Value = ::redis::cmd(words[0])
            .arg(&words[1..])
            .query_async(&mut connection)
            .await
            .expect(command);
        answer
    };
    for id in ["1-1", "1-2", "1-3"] {
        ask(&format!("XADD {stream} {id} user 1")).await;
    }
    assert_pending(&drain, "has no group workers").await;
    ask(&format!("XGROUP CREATE {stream} workers 0")).await;
    assert_pending(&drain, "not acknowledged 0 entries and not read 3").await;
    // After this command, Redis no longer reports the lag.
    ask(&format!("XDEL {stream} 1-2")).await;
    assert_pending(&drain, "not acknowledged 0 entries and not read 2").await;
    ask(&format!(
        "XREADGROUP GROUP workers one COUNT 1 STREAMS {stream} >"
    ))
    .await;
    assert_pending(&drain, "not acknowledged 1 entries and not read 1").await;
    ask(&format!(
        "XREADGROUP GROUP workers one COUNT 9 STREAMS {stream} >"
    ))
    .await;
    ask(&format!("XACK {stream} workers 1-1 1-3")).await;
    assert_empty(&drain).await;
    ask(&format!("DEL {stream}")).await;
}

#[tokio::test]
async fn the_drain_waits_until_a_query_returns_zero() {
    let table = unique("outbox").replace('-', "_");
    let statements = |verb: &str| match verb {
        "create" => format!("CREATE TABLE {table} (id INT)"),
        "insert" => format!("INSERT INTO {table} VALUES (1), (2)"),
        "empty" => format!("DELETE FROM {table}"),
        _ => format!("DROP TABLE {table}"),
    };
    let mut pg = PgConnection::connect(&postgres())
        .await
        .expect("PostgreSQL");
    let mut my = MySqlConnection::connect(&mysql()).await.expect("MySQL");
    let drain = |db: &str| format!("sql = \"SELECT count(*) FROM {table}\"\ndb = \"{db}\"");
    for verb in ["create", "insert", "empty", "drop"] {
        raw_sql(AssertSqlSafe(statements(verb)))
            .execute(&mut pg)
            .await
            .expect(verb);
        raw_sql(AssertSqlSafe(statements(verb)))
            .execute(&mut my)
            .await
            .expect(verb);
        for db in [postgres(), mysql()] {
            match verb {
                "insert" => assert_pending(&drain(&db), "the query of sql returned 2").await,
                "empty" => assert_empty(&drain(&db)).await,
                _ => {}
            }
        }
    }
    // A query on a missing table fails.
    assert_pending(&drain(&postgres()), "does not exist").await;
}

/// Commits an offset of the group, as a consumer does after this number of records of partition 0.
fn commit(group: &str, topic: &str, offset: i64) {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka())
        .set("group.id", group)
        .create()
        .expect("a consumer");
    let mut offsets = TopicPartitionList::new();
    offsets
        .add_partition_offset(topic, 0, Offset::Offset(offset))
        .expect("an offset");
    consumer
        .commit(&offsets, CommitMode::Sync)
        .expect("committed");
}

#[tokio::test]
async fn the_drain_waits_until_a_kafka_group_has_no_lag() {
    let (topic, group) = (unique("topic"), unique("group"));
    let brokers = kafka();
    let drain =
        format!("kafka = {{ brokers = \"{brokers}\", group = \"{group}\", topic = \"{topic}\" }}");
    assert_pending(&drain, &format!("there is no Kafka topic {topic}")).await;
    let admin: AdminClient<_> = ClientConfig::new()
        .set("bootstrap.servers", &brokers)
        .create()
        .expect("an admin client");
    let new = NewTopic::new(&topic, 2, TopicReplication::Fixed(1));
    admin
        .create_topics([&new], &AdminOptions::new())
        .await
        .expect("created");
    // The topic is empty, and the group has committed no offset.
    while waited(&drain).await.completion != Completion::Proven {}
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", &brokers)
        .create()
        .expect("a producer");
    for record in ["a", "b", "c"] {
        let record = FutureRecord::to(&topic)
            .partition(0)
            .payload(record)
            .key("");
        producer
            .send(record, Duration::from_secs(5))
            .await
            .expect("produced");
    }
    assert_pending(&drain, "a lag of 3").await;
    let worked_off = |offset| {
        let (group, topic) = (group.clone(), topic.clone());
        tokio::task::spawn_blocking(move || commit(&group, &topic, offset))
    };
    worked_off(2).await.expect("committed");
    assert_pending(&drain, "a lag of 1").await;
    assert_pending(&drain, "it has no members: is the consumer running?").await;
    worked_off(3).await.expect("committed");
    assert_empty(&drain).await;
    admin
        .delete_topics(&[&topic], &AdminOptions::new())
        .await
        .expect("deleted");
    admin
        .delete_groups(&[&group], &AdminOptions::new())
        .await
        .expect("deleted");
}

/// A fake management API of RabbitMQ. It answers with the entries of `figures` in turn, repeats the last one, and records the
/// requests.
fn management(figures: Vec<&'static str>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&requests);
    thread::spawn(move || {
        let mut figures = figures.into_iter().peekable();
        for connection in listener.incoming() {
            let mut connection = connection.expect("a connection");
            let mut lines = BufReader::new(connection.try_clone().expect("a half")).lines();
            loop {
                let head: Vec<_> = lines
                    .by_ref()
                    .map_while(Result::ok)
                    .take_while(|line| !line.is_empty())
                    .collect();
                if head.is_empty() {
                    break;
                }
                noted.lock().expect("no panic").push(head.join("\n"));
                let body = match figures.len() {
                    1 => figures.peek().copied(),
                    _ => figures.next(),
                };
                let body = body.expect("figures");
                let length = body.len();
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
                connection.write_all(answer.as_bytes()).expect("written");
            }
        }
    });
    (port, requests)
}

const EMPTY: &str = r#"{"messages_ready": 0, "messages_unacknowledged": 0}"#;
const IN_HAND: &str = r#"{"messages_ready": 0, "messages_unacknowledged": 2}"#;

#[tokio::test]
async fn the_drain_waits_until_a_rabbitmq_queue_is_empty_for_three_collections() {
    let drain = |port: u16| {
        format!(
            "rabbitmq = {{ url = \"http://shop:hunter2@127.0.0.1:{port}\", queue = \"coupons/{{{{run}}}}\", collected_every = \"50ms\" }}"
        )
    };
    // The first figures were some seconds old.
    let (port, requests) = management(vec![EMPTY, "{}", IN_HAND, EMPTY]);
    assert_empty(&drain(port)).await;
    let requests = requests.lock().expect("no panic").clone();
    assert!(requests.len() > 4, "{requests:?}");
    assert!(requests[0].starts_with("GET /api/queues/%2F/coupons%2Frun HTTP/1.1"));
    // shop:hunter2
    assert!(
        requests[0]
            .to_lowercase()
            .contains("basic c2hvcdpodw50zxiy"),
        "{requests:?}"
    );

    let (port, _) = management(vec![EMPTY, IN_HAND]);
    assert_pending(&drain(port), "0 messages ready and 2 not acknowledged").await;
    let gone = staged("250ms", &drain(1)).await.err().expect("refused");
    assert!(
        gone.contains("127.0.0.1:1") && !gone.contains("hunter2"),
        "{gone}"
    );
}

/// Sends a request to the management API of RabbitMQ, as guest.
fn manage(method: &str, path: &str, body: &str) {
    let url = rabbitmq();
    let (_, address) = url.rsplit_once('@').expect("a user");
    let mut connection = TcpStream::connect(address).expect("RabbitMQ");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.0\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    connection.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains(" 20"), "{method} {path}: {answer}");
}

/// RabbitMQ starts slowly, so only this test needs it.
#[tokio::test]
#[ignore = "needs scripts/services start rabbitmq"]
async fn a_queue_of_a_real_rabbitmq_is_empty_after_its_messages_are_acknowledged() {
    let queue = unique("coupons");
    let drain = format!(
        "rabbitmq = {{ url = \"{}\", queue = \"{queue}\", collected_every = \"2s\" }}",
        rabbitmq()
    );
    let path = format!("/api/queues/%2F/{queue}");
    assert_pending_within("15s", &drain, "there is no RabbitMQ queue").await;
    manage("PUT", &path, "{}");
    let message = format!(
        r#"{{"properties": {{}}, "routing_key": "{queue}", "payload": "1", "payload_encoding": "string"}}"#
    );
    for _ in 0..3 {
        manage("POST", "/api/exchanges/%2F/amq.default/publish", &message);
    }
    assert_pending_within("15s", &drain, "3 messages ready and 0 not acknowledged").await;
    manage("DELETE", &format!("{path}/contents"), "");
    let waited = waited_for("15s", &drain).await;
    assert_eq!(waited.completion, Completion::Proven, "{waited:?}");
    manage("DELETE", &path, "");
}
