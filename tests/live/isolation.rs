//! A run removes all its objects. With `--keep` they stay, and the services' own tools show what the report says.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer},
    groups::GroupInfo,
    metadata::MetadataTopic,
};
use serde_json::json;

use crate::{
    program::{command, read, run},
    services::{backends, kafka, mysql, postgres, redis},
};

/// The output of a service's tool.
pub fn tool(program: &str, args: &[&str]) -> String {
    let output = Command::new(program)
        .args(args)
        .output()
        .unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

pub fn psql(sql: &str) -> String {
    tool("psql", &[&postgres(), "-Atc", sql])
}

pub fn mariadb(sql: &str) -> String {
    let url = url::Url::parse(&mysql()).expect("a URL");
    let host = url.host_str().unwrap_or_default();
    let port = url.port().unwrap_or(3306).to_string();
    let password = format!("-p{}", url.password().unwrap_or_default());
    let database = url.path().trim_start_matches('/');
    tool(
        "mariadb",
        &[
            "-h",
            host,
            "-P",
            &port,
            "-u",
            url.username(),
            &password,
            database,
            "-Ne",
            sql,
        ],
    )
}

pub fn redis_cli(args: &[&str]) -> String {
    let url = redis();
    tool("redis-cli", &[&["-u", &url], args].concat())
}

pub fn services_script(args: &[&str]) -> String {
    tool(
        concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/services"),
        args,
    )
}

/// The topics and consumer groups, one line each, read with a client: Kafka's own tools start a Java process each time.
fn kafka_names() -> String {
    const PATIENCE: Duration = Duration::from_secs(20);
    let client: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka())
        .create()
        .expect("a client of Kafka");
    let metadata = client.fetch_metadata(None, PATIENCE).expect("topics");
    let groups = client.fetch_group_list(None, PATIENCE).expect("groups");
    let topics = metadata.topics().iter().map(MetadataTopic::name);
    let groups = groups.groups().iter().map(GroupInfo::name);
    topics.chain(groups).collect::<Vec<_>>().join("\n")
}

/// The names of all objects of the run `id` on the services.
pub fn remains(id: &str) -> Vec<String> {
    let tables =
        format!("SELECT table_name FROM information_schema.tables WHERE table_name LIKE '%{id}%'");
    let keys = format!("*{id}*");
    let listed = [
        psql(&tables),
        mariadb(&tables),
        redis_cli(&["--scan", "--pattern", &keys]),
        kafka_names(),
    ];
    let names = listed.iter().flat_map(|list| list.lines());
    names
        .filter(|name| name.contains(id))
        .map(str::to_owned)
        .collect()
}

pub fn files(id: &str) -> Vec<String> {
    let folder = std::fs::read_dir(std::env::temp_dir()).expect("a folder for temporary files");
    let names = folder
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains(id)).collect()
}

#[test]
fn a_run_removes_all_its_objects() {
    for (name, flags) in backends() {
        let ran = run(&format!("-s redis-kafka,naive -u 500 {flags}"));
        for id in ran.each("/run_id") {
            let id = id.as_str().expect("an id");
            assert_eq!(remains(id), Vec::<String>::new(), "{name}");
            assert_eq!(files(id), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn the_services_own_tools_show_kept_objects() {
    for (name, flags) in &backends()[1..] {
        let ran = run(&format!("-s redis-kafka -u 500 --keep {flags}"));
        let id = ran.each("/run_id")[0].as_str().expect("an id").to_owned();
        let count =
            format!("SELECT count(*), count(DISTINCT user_id) FROM coupon_bench_{id}_coupon");
        let (counted, drop_table) = match *name {
            "postgres" => (psql(&count), psql as fn(&str) -> String),
            _ => (mariadb(&count), mariadb as fn(&str) -> String),
        };
        assert_eq!(counted.replace('\t', "|"), "100|100", "{name}");
        let key = |key: &str| format!("coupon_bench:{{{id}}}:{key}");
        assert_eq!(redis_cli(&["GET", &key("coupon_count")]), "500", "{name}");
        assert_eq!(redis_cli(&["SCARD", &key("applied_user")]), "500", "{name}");

        let topic = format!("coupon_bench.{id}.coupon_create");
        let ends = services_script(&["kafka-get-offsets", "--topic", &topic]);
        let records: u64 = ends
            .lines()
            .filter_map(|line| line.rsplit(':').next()?.parse::<u64>().ok())
            .sum();
        assert_eq!(records, 100, "{name}: {ends}");

        let kept = ran.each("/kept")[0].to_string();
        for object in [
            &topic,
            &key("coupon_count"),
            &format!("coupon_bench_{id}_event"),
        ] {
            assert!(kept.contains(object.as_str()), "{object} is not in {kept}");
        }

        drop_table(&format!("DROP TABLE coupon_bench_{id}_coupon"));
        drop_table(&format!("DROP TABLE coupon_bench_{id}_event"));
        redis_cli(&["DEL", &key("coupon_count"), &key("applied_user")]);
        services_script(&["kafka-topics", "--delete", "--topic", &topic]);
        services_script(&[
            "kafka-consumer-groups",
            "--delete",
            "--group",
            &format!("coupon_bench.{id}"),
        ]);
        assert_eq!(remains(&id), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn ctrl_c_writes_a_report_and_removes_all_objects() {
    for (name, flags) in backends() {
        // One attempt at a time, so that the run is certainly in progress.
        let begin = Instant::now();
        let child = command(&format!(
            "run --json - -s local-lock,redis-kafka -u 200k -c 1 {flags}"
        ))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
        std::thread::sleep(Duration::from_millis(2500));
        tool("kill", &["-INT", &child.id().to_string()]);
        let ran = read(child.wait_with_output().expect("an end"), begin.elapsed());
        assert_eq!(ran.exit, Some(130), "{name}: {}", ran.stderr);
        assert_eq!(ran.report["interrupted"], json!(true));
        assert!(ran.took < Duration::from_secs(10), "{name}: {:?}", ran.took);
        assert_eq!(ran.verdicts(), [json!("inconclusive")], "{name}");
        let id = ran.each("/run_id")[0].as_str().expect("an id").to_owned();
        assert_eq!(remains(&id), Vec::<String>::new(), "{name}");
        assert_eq!(files(&id), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn an_error_while_opening_services_leaves_no_objects() {
    let before = psql(
        "SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'coupon_bench%'",
    );
    let flags = format!(
        "--db {} --redis redis://127.0.0.1:1 --kafka {}",
        postgres(),
        kafka()
    );
    let output = command(&format!("run -s redis-kafka {flags}"))
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(5));
    // Other tests create and remove tables at the same time, but the number of tables must not grow.
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        let now = psql(
            "SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'coupon_bench%'",
        );
        if now.parse::<u64>().ok() <= before.parse::<u64>().ok() {
            return;
        }
        assert!(Instant::now() < limit, "{now} tables, {before} before");
        std::thread::sleep(Duration::from_millis(200));
    }
}
