//! `ceiling` on real services.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    isolation::{psql, redis_cli, services_script, tool},
    program::command,
    services::{backends, kafka, postgres, redis},
};

/// Runs `ceiling` with these flags and returns its JSON.
fn ceiling(flags: &str) -> Value {
    let output = command(&format!("ceiling --json - {flags}"))
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{flags}: {stderr}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The names of all objects of this program's runs on the services.
fn names() -> Vec<String> {
    let tables = psql(
        "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'coupon_bench%'",
    );
    let keys = redis_cli(&["--scan", "--pattern", "coupon_bench:*"]);
    let topics = services_script(&["kafka-topics", "--list"]);
    let all = [tables, keys, topics];
    all.iter()
        .flat_map(|list| list.lines())
        .filter(|name| name.contains("coupon_bench"))
        .map(str::to_owned)
        .collect()
}

/// Waits until no object of `new` is left. Other tests create and remove objects at the same time.
fn gone(new: &[String]) {
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        let now = names();
        let left: Vec<_> = new.iter().filter(|name| now.contains(name)).collect();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < limit, "{left:?}");
        std::thread::sleep(Duration::from_millis(300));
    }
}

#[test]
fn every_operation_runs_the_requested_number_of_times_without_an_error() {
    for (name, flags) in backends() {
        let report = ceiling(&format!("-n 2000 -c 20 --payload 40 {flags}"));
        let measured = report["ceilings"].as_array().expect("ceilings");
        let operations: Vec<_> = measured.iter().map(|one| &one["operation"]).collect();
        assert_eq!(operations, ["incr", "insert", "produce"], "{name}");
        for one in measured {
            assert_eq!(one["operations"], 2000, "{name}: {one}");
            assert_eq!(one["latency"]["count"], 2000, "{name}: {one}");
            assert_eq!(one["errors"], 0, "{name}: {one}");
            assert_eq!(one["backend"]["embedded"], json!(name == "embedded"));
            assert!(
                one["throughput_per_s"].as_f64() > Some(0.0),
                "{name}: {one}"
            );
        }
    }
}

#[test]
fn the_services_execute_the_counted_operations() {
    let before: u64 = redis_calls("incr");
    let inserted: u64 = inserted_rows();
    ceiling(&format!(
        "-n 3000 --only incr,insert --redis {} --db {}",
        redis(),
        postgres()
    ));
    // Other tests may increase the number.
    assert!(redis_calls("incr") >= before + 3000);
    // PostgreSQL updates its statistics with a delay.
    let limit = Instant::now() + Duration::from_secs(20);
    while inserted_rows() < inserted + 3000 {
        assert!(
            Instant::now() < limit,
            "{} after {inserted}",
            inserted_rows()
        );
        std::thread::sleep(Duration::from_millis(300));
    }
}

fn redis_calls(command: &str) -> u64 {
    let statistics = redis_cli(&["INFO", "commandstats"]);
    let prefix = format!("cmdstat_{command}:calls=");
    let line = statistics
        .lines()
        .find_map(|line| line.strip_prefix(&prefix));
    line.map_or(0, |rest| {
        rest.split(',')
            .next()
            .expect("calls")
            .parse()
            .expect("a number")
    })
}

fn inserted_rows() -> u64 {
    let rows = psql("SELECT tup_inserted FROM pg_stat_database WHERE datname = current_database()");
    rows.parse().expect("a number")
}

#[test]
fn ctrl_c_removes_all_objects_and_ends_with_130() {
    let before = names();
    let flags = format!(
        "--db {} --redis {} --kafka {}",
        postgres(),
        redis(),
        kafka()
    );
    let child = command(&format!(
        "ceiling --json - --only insert -n 10m -c 10 {flags}"
    ))
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("the program starts");
    std::thread::sleep(Duration::from_millis(2500));
    let during = names();
    let new: Vec<_> = during
        .into_iter()
        .filter(|name| !before.contains(name))
        .collect();
    assert!(!new.is_empty());
    let begin = Instant::now();
    tool("kill", &["-INT", &child.id().to_string()]);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(130));
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{:?}",
        begin.elapsed()
    );
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["interrupted"], true);
    assert_eq!(report["ceilings"][0]["errors"], 0, "{report}");
    gone(&new);
}

#[test]
fn an_unreachable_service_is_named_at_once() {
    let begin = Instant::now();
    let output = command("ceiling -n 100m --kafka 127.0.0.1:1")
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
    assert!(stderr.contains("127.0.0.1:1 (--kafka)"), "{stderr}");
}
