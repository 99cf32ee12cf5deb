#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::gate::GateKind;

fn start(script: &str) -> ServiceProcess {
    let words = ["sh", "-c", script, "sh", "redis://localhost:7777"];
    let redirect = Redirect {
        kind: GateKind::Redis,
        host: "127.0.0.1".to_owned(),
        port: 7777,
        gate: "127.0.0.1:4001".parse().unwrap(),
    };
    ServiceProcess::start(&words.map(str::to_owned), &[redirect]).unwrap()
}

#[tokio::test]
async fn a_service_gets_the_addresses_of_the_gates_and_its_output_is_kept() {
    let mut service = start("echo $1 $COUPON_BENCH_REDIS $REDIS_PORT; echo broken >&2; exit 3");
    assert_eq!(service.changed(), ["argument 4"]);
    let mut status = None;
    while status.is_none() || service.output().len() < 2 {
        sleep(Duration::from_millis(10)).await;
        status = service.ended();
    }
    assert_eq!(status.and_then(|status| status.code()), Some(3));
    let mut output = service.output();
    output.sort();
    assert_eq!(
        output,
        ["broken", "redis://127.0.0.1:4001 127.0.0.1:4001 4001"]
    );
}

#[tokio::test]
async fn a_service_runs_until_it_is_dropped() {
    let mut service = start("echo $$; sleep 60");
    while service.output().is_empty() {
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(service.ended(), None);
    let stat = format!("/proc/{}/stat", service.output()[0]);
    drop(service);
    let runs = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
    while runs() {
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn stopping_ends_the_processes_that_the_service_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    // The second process ignores the first signal.
    let script = format!(
        "trap 'echo ended; exit 0' TERM; (trap '' TERM; sleep 60) & echo $! > {}; wait",
        file.display()
    );
    let service = start(&script);
    let output = service.output.clone();
    let mut pid = String::new();
    while !pid.ends_with('\n') {
        sleep(Duration::from_millis(10)).await;
        pid = std::fs::read_to_string(&file).unwrap_or_default();
    }
    service.stop_within(Duration::from_millis(500)).await;
    let stat = format!("/proc/{}/stat", pid.trim());
    let runs = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
    for _ in 0..100 {
        if !runs() && output.lines() == ["ended"] {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("{stat}: {:?}", output.lines());
}

#[tokio::test]
async fn only_the_last_lines_are_kept() {
    let tail = Tail::default();
    let lines: Vec<_> = (0..60).map(|line| line.to_string()).collect();
    tail.read(format!("{}\n", lines.join("\n")).as_bytes())
        .await;
    tail.read(&[b'x'; 5000][..]).await;
    let lines = tail.lines();
    assert_eq!((lines.len(), lines[0].as_str()), (50, "11"));
    assert_eq!(lines[49].len(), LINE);
}

#[test]
fn a_missing_program_is_named() {
    let words = ["/does/not/exist".to_owned()];
    let error = ServiceProcess::start(&words, &[]).unwrap_err().to_string();
    assert!(
        error.starts_with("cannot start /does/not/exist: "),
        "{error}"
    );
}
