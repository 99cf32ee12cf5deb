//! Services that are unreachable or fail during a run.

use std::{
    net::TcpListener,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    program::{Ran, command, read},
    redis_server::PrivateRedis,
    services::{kafka, postgres},
};

/// A run that must end with 5 within 5 seconds and name `named`, without the password.
fn unreachable(flags: &str, named: &str) {
    let begin = Instant::now();
    let output = command(&format!("run -s redis-kafka {flags}"))
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{flags}: {stderr}");
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{flags}: {:?}",
        begin.elapsed()
    );
    assert!(stderr.contains(named), "{flags}: {stderr}");
    assert!(!stderr.contains("secret"), "{stderr}");
    assert_eq!(stderr.trim().lines().count(), 1, "{stderr}");
}

#[test]
fn a_service_that_refuses_connections_is_named_at_once() {
    unreachable(
        "--db postgres://u:secret@127.0.0.1:1/x",
        "postgres://u:***@127.0.0.1:1/x",
    );
    unreachable(
        "--db mysql://u:secret@127.0.0.1:1/x",
        "mysql://u:***@127.0.0.1:1/x",
    );
    unreachable(
        "--redis redis://u:secret@127.0.0.1:1",
        "redis://u:***@127.0.0.1:1",
    );
    unreachable("--kafka 127.0.0.1:1", "127.0.0.1:1");
}

#[test]
fn a_service_that_does_not_answer_is_named_in_time() {
    // The listener accepts connections in its backlog and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address");
    unreachable(
        &format!("--db postgres://u:secret@{address}/x"),
        "no answer",
    );
    unreachable(&format!("--db mysql://u:secret@{address}/x"), "no answer");
    unreachable(&format!("--redis redis://{address}"), "no answer");
    unreachable(&format!("--kafka {address}"), &address.to_string());
}

#[test]
fn a_wrong_password_is_an_error_of_the_service() {
    let wrong = postgres().replace("coupon:coupon@", "coupon:secret@");
    unreachable(&format!("--db {wrong}"), "coupon:***@");
}

#[test]
fn more_records_than_the_embedded_cluster_keeps_are_refused() {
    let output = command("run -s redis-kafka -u 60000 -l 60000")
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("--limit") && stderr.contains("--kafka"),
        "{stderr}"
    );
}

/// A run with a Redis that gets `signal` during the load.
fn in_the_middle(signal: &str, flags: &str) -> Ran {
    let redis = PrivateRedis::start();
    let url = redis.url();
    let begin = Instant::now();
    let child = command(&format!(
        "run --json - -s redis-incr -u 2m -c 20 --redis {url} --timeout 3s {flags}"
    ))
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("the program starts");
    std::thread::sleep(Duration::from_secs(2));
    redis.signal(signal);
    let ran = read(child.wait_with_output().expect("an end"), begin.elapsed());
    redis.signal("-CONT");
    ran
}

#[test]
fn a_redis_that_is_killed_during_the_load_ends_the_run_with_a_report() {
    let ran = in_the_middle("-KILL", "");
    assert_eq!(ran.exit, Some(4), "{}", ran.stderr);
    assert_eq!(ran.verdicts(), [json!("inconclusive")]);
    assert_eq!(ran.report["left_behind"], json!(true), "{}", ran.stderr);
    let undecided = &ran.each("/undecided")[0];
    assert!(undecided["share"].as_f64() > Some(0.05), "{undecided}");
    let attempts = &ran.each("/attempts")[0];
    let wrong =
        attempts["failed"].as_u64().unwrap_or(0) + attempts["indeterminate"].as_u64().unwrap_or(0);
    assert!(wrong > 0, "{attempts}");
    assert!(ran.took < Duration::from_secs(30), "{:?}", ran.took);
}

/// At 1,000 attempts per second, 500 of 4,000 are due during the stall. The first of them waits for the whole stall.
#[test]
fn the_response_times_contain_the_whole_stall_of_a_redis() {
    const STILL: Duration = Duration::from_millis(500);
    let redis = PrivateRedis::start();
    let begin = Instant::now();
    let child = command(&format!(
        "run --json - -s redis-incr -u 4000 --rate 1000 --redis redis://127.0.0.1:{}",
        redis.port
    ))
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("the program starts");
    std::thread::sleep(Duration::from_secs(2));
    redis.signal("-STOP");
    std::thread::sleep(STILL);
    redis.signal("-CONT");
    let ran = read(child.wait_with_output().expect("an end"), begin.elapsed());
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    let response = &ran.report["runs"][0]["latency"]["response"]["all"];
    let at_least = |statistic: &str, share: f64| {
        let time = response[statistic].as_f64().unwrap_or_default() / 1e9;
        let expected = STILL.as_secs_f64() * share;
        assert!(time >= expected, "{statistic} {time} s: {response}");
    };
    at_least("max_ns", 0.98);
    // One in ten attempts waited for a fifth of the stall or longer: no attempt was left out because it was not sent.
    at_least("p90_ns", 0.15);
    at_least("p95_ns", 0.5);
}

#[test]
fn a_redis_that_freezes_ends_the_run_within_its_timeout() {
    let ran = in_the_middle("-STOP", "");
    assert_eq!(ran.exit, Some(4), "{}", ran.stderr);
    assert_eq!(ran.verdicts(), [json!("inconclusive")]);
    assert!(ran.each("/attempts/indeterminate")[0].as_u64() > Some(0));
    assert!(ran.took < Duration::from_secs(20), "{:?}", ran.took);
}

#[test]
fn doctor_names_reachable_and_unreachable_services() {
    let args = format!(
        "doctor --db {} --redis redis://u:secret@127.0.0.1:1 --kafka {}",
        postgres(),
        kafka()
    );
    let output = command(&args).output().expect("the program starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(5), "{stdout}");
    assert!(
        stdout.contains("ok      postgres") && stdout.contains("ok      kafka"),
        "{stdout}"
    );
    assert!(
        stdout.contains("failed") && !stdout.contains("secret"),
        "{stdout}"
    );
}
