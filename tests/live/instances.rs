//! Runs with `--instances`.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    program::{command, read, run},
    services::backends,
};

#[test]
fn with_two_processes_a_local_lock_over_issues_and_other_locks_do_not() {
    for (name, flags) in backends() {
        let ran = run(&format!(
            "-s local-lock,redis-incr,redis-kafka --instances 2 -u 2000 {flags}"
        ));
        let issued = ran.each("/ledger/issued");
        assert_eq!(
            issued[1..],
            [json!(100), json!(100)],
            "{name}: {}",
            ran.report
        );
        assert_eq!(ran.each("/attempts/total"), vec![json!(2000); 3], "{name}");
        assert_eq!(ran.each("/ledger/drained"), vec![json!(true); 3], "{name}");
        assert_eq!(ran.exit, Some(0), "{name}: {}", ran.report);
    }
}

#[test]
fn a_local_lock_over_issues_in_most_runs_with_two_processes_and_never_with_one() {
    // On PostgreSQL and MariaDB the two processes may commit in lockstep, two rows at a time, and then an even limit is exact.
    for ((name, flags), least) in backends().into_iter().zip([19, 1, 1]) {
        let two = run(&format!(
            "-s local-lock --instances 2 -u 2000 --trials 20 {flags}"
        ));
        let over = two.report["race"][0]["over_issued"].as_u64();
        assert!(over >= Some(least), "{name}: {over:?} of 20");
        let one = run(&format!("-s local-lock -u 2000 --trials 5 {flags}"));
        assert_eq!(one.report["race"][0]["over_issued"], json!(0), "{name}");
    }
}

#[test]
fn a_double_click_on_two_processes_gets_one_coupon() {
    let ran = run("-s redis-set-incr,redis-lua --instances 3 --attempts 2 -u 1000 -c 100");
    assert_eq!(ran.each("/ledger/issued"), [json!(100), json!(100)]);
    assert_eq!(ran.each("/ledger/duplicate_users"), [json!(0), json!(0)]);
    assert_eq!(ran.exit, Some(0), "{}", ran.report);
}

/// The ids of a process's children.
fn children(parent: u32) -> Vec<String> {
    let listed = Command::new("ps")
        .args(["-o", "pid=", "--ppid", &parent.to_string()])
        .output();
    let listed = listed.expect("ps");
    String::from_utf8_lossy(&listed.stdout)
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

fn signal(signal: &str, id: &str) {
    assert!(
        Command::new("kill")
            .args([signal, id])
            .status()
            .expect("kill")
            .success()
    );
}

#[test]
fn a_run_with_a_killed_child_process_is_inconclusive() {
    let begin = Instant::now();
    let parent = command("run --json - -s redis-incr --instances 2 -u 300k -c 4 --timeout 10s")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(Duration::from_secs(2));
    let both = children(parent.id());
    assert_eq!(both.len(), 2, "{both:?}");
    signal("-KILL", &both[1]);
    let ran = read(parent.wait_with_output().expect("an end"), begin.elapsed());
    assert_eq!(
        (ran.exit, ran.verdicts()),
        (Some(4), vec![json!("inconclusive")]),
        "{}",
        ran.report
    );
    let reasons = ran.each("/reasons")[0].to_string();
    assert!(reasons.contains("instance 2 died"), "{reasons}");
    assert_eq!(ran.each("/attempts/indeterminate"), [json!(150_000)]);
}

#[test]
fn ctrl_c_ends_the_child_processes() {
    let begin = Instant::now();
    let parent = command("run --json - -s redis-incr --instances 2 -u 300k -c 4")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(Duration::from_secs(2));
    let both = children(parent.id());
    signal("-INT", &parent.id().to_string());
    let ran = read(parent.wait_with_output().expect("an end"), begin.elapsed());
    assert_eq!(ran.exit, Some(130), "{}", ran.stderr);
    assert!(ran.took < Duration::from_secs(15), "{:?}", ran.took);
    for child in both {
        let alive = Command::new("kill")
            .args(["-0", &child])
            .stderr(Stdio::null())
            .status();
        assert!(!alive.expect("kill").success(), "{child} is still there");
    }
}
