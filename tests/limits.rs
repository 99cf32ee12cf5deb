//! The program with a low limit of open files or of memory.

use std::process::{Command, Output};

/// Runs the program under limits of the shell, such as `-n 20`.
fn limited(limits: &str, args: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_coupon-bench");
    Command::new("bash")
        .args(["-c", &format!("ulimit {limits} && exec {program} {args}")])
        .env_remove("COUPON_BENCH_DB")
        .env_remove("COUPON_BENCH_REDIS")
        .env_remove("COUPON_BENCH_KAFKA")
        .output()
        .expect("bash")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The number in `this needs about N open files`.
fn needed(said: &str) -> u64 {
    let (_, number) = said
        .split_once("needs about ")
        .unwrap_or_else(|| panic!("{said}"));
    let number = number
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("{said}"))
}

#[test]
fn the_reported_number_of_open_files_is_enough_for_the_run() {
    for args in [
        "run -s db-conditional -u 200 -l 20",
        "run -s db-conditional -u 200 -l 20 --db-pool 40 --bystander-rate 20",
        "run -s db-conditional -u 200 -l 20 --instances 3",
        "run -s redis-set-incr -u 200 -l 20 --redis-connections 20",
        "run -s redis-kafka -u 200 -l 20",
        "run -s redis-kafka-safe -u 200 -l 20 --consumers 3",
        "compare -s db-conditional,redis-incr -u 200 -l 20 --trials 1",
        "replay naive:u2:l1:ABBA",
        "ceiling -n 200",
        "doctor",
    ] {
        let refused = limited("-n 20", args);
        assert_eq!(refused.status.code(), Some(2), "{args}: {refused:?}");
        let files = needed(&said(&refused));
        assert!(
            said(&refused).contains("may open 20: raise the limit"),
            "{refused:?}"
        );
        assert!(!said(&refused).contains("--db-pool"), "{refused:?}");
        let enough = limited(&format!("-n {files}"), args);
        assert_eq!(
            enough.status.code(),
            Some(0),
            "{args} with {files} files: {enough:?}"
        );
    }
    let refused = limited("-n 20", "serve -s redis-incr --listen 127.0.0.1:0");
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(needed(&said(&refused)) > 20);
}

#[test]
fn a_soft_limit_is_raised() {
    let output = limited("-S -n 20", "run -s redis-kafka -u 200 -l 20");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn too_many_users_for_the_memory_are_refused_with_an_estimate() {
    for (args, estimate, advice) in [
        (
            "run -s redis-incr -u 100m",
            "100000000 attempts need about 82.7 GiB of memory, and ",
            "ask for fewer users, or let fewer ask at a time (--in-flight)",
        ),
        (
            "run -s redis-incr -u 50m --attempts 2 -c 50",
            "100000000 attempts need about 8.5 GiB of memory, and ",
            "ask for fewer users",
        ),
        (
            "ceiling --only incr -n 100m -c 50",
            "100000000 attempts need about 8.5 GiB of memory, and ",
            "ask for fewer users",
        ),
        (
            "run -s redis-incr -u 4m",
            "4000000 attempts need about 3.3 GiB of memory, and ",
            "ask for fewer users, or let fewer ask at a time (--in-flight)",
        ),
    ] {
        // 3 GiB, in KiB.
        let output = limited("-v 3145728", args);
        assert_eq!(output.status.code(), Some(2), "{args}: {output:?}");
        let said = said(&output);
        assert!(said.contains(estimate), "{args}: {said}");
        assert!(said.contains("address space (ulimit -v)"), "{args}: {said}");
        assert!(said.trim_end().ends_with(advice), "{args}: {said}");
    }
    let output = limited("-v 3145728", "run -s redis-kafka -u 2000");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_search_is_bounded_by_the_available_memory() {
    let output = limited("-v 262144", "explore -s naive --states 1000m");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        said(&output).contains("note: the memory is enough for about "),
        "{output:?}"
    );
}
