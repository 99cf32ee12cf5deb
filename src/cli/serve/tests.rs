//! Defaults, every flag, and every error of `serve`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use clap::Parser;

use super::*;
use crate::cli::{Cli, Command};

fn resolved(args: &[&str]) -> Result<ServeSettings, String> {
    let all = ["coupon-bench", "serve"].iter().chain(args);
    match Cli::try_parse_from(all).map(|cli| cli.command) {
        Ok(Command::Serve(args)) => resolve(&args, &|_| None).map_err(|error| error.to_string()),
        Ok(_) => unreachable!("the command line says serve"),
        Err(error) => Err(error.to_string()),
    }
}

fn listening(at: &str) -> Result<String, String> {
    let plan = resolved(&["-s", "naive", "--allow-remote", "--listen", at])?;
    Ok(format!("{} {}", plan.listen, plan.listen.base_url()))
}

#[test]
fn defaults() {
    let plan = resolved(&["-s", "redis-set-incr"]).unwrap();
    assert_eq!(plan.entry.name, "redis-set-incr");
    assert_eq!(plan.listen.to_string(), "http://127.0.0.1:8080");
    assert_eq!((plan.limit(), plan.max_connections), (100, 10_000));
    assert_eq!(plan.scenario.workload.timeout, Duration::from_secs(30));
    assert!(!plan.scenario.keep);
}

#[test]
fn every_flag_is_resolved() {
    let flags = "-s naive -l 7 --timeout 2s --max-connections 5 --db-pool 3 --db-connection request \
                 --redis-connections 2 --consumers 4 --consumer-batch 6 --consumer-rate 8 --keep";
    let plan = resolved(&flags.split_whitespace().collect::<Vec<_>>()).unwrap();
    let services = &plan.scenario.services;
    assert_eq!((plan.limit(), plan.max_connections), (7, 5));
    assert_eq!(plan.scenario.workload.timeout, Duration::from_secs(2));
    assert_eq!((services.db_pool, services.redis_connections), (3, 2));
    assert_eq!((services.consumers, services.consumer_batch), (4, 6));
    assert_eq!(
        services
            .consumer_rate
            .map(crate::model::workload::Rate::per_second),
        Some(8.0)
    );
    assert_eq!(
        services.db_connection,
        crate::model::workload::DbConnection::Request
    );
    assert!(plan.scenario.keep);
}

#[test]
fn the_strategy_answer_is_for_serve_only() {
    assert_eq!(resolved(&["-s", "answer"]).unwrap().entry.name, "answer");
    assert_eq!(crate::strategies::find("answer"), None);
}

#[test]
fn addresses_have_several_forms() {
    for (text, expected) in [
        (
            "127.0.0.1:9000",
            "http://127.0.0.1:9000 http://127.0.0.1:9000",
        ),
        ("localhost:0", "http://127.0.0.1:0 http://127.0.0.1:0"),
        (
            "http://localhost:80/",
            "http://127.0.0.1:80 http://127.0.0.1:80",
        ),
        ("[::1]:80", "http://[::1]:80 http://[::1]:80"),
        ("0.0.0.0:80", "http://0.0.0.0:80 http://127.0.0.1:80"),
        ("[::]:80", "http://[::]:80 http://[::1]:80"),
        ("10.1.2.3:80", "http://10.1.2.3:80 http://10.1.2.3:80"),
        ("unix:/tmp/x.sock", "unix:/tmp/x.sock http://localhost"),
        ("unix:///tmp/x.sock", "unix:/tmp/x.sock http://localhost"),
        ("unix:x.sock", "unix:x.sock http://localhost"),
    ] {
        assert_eq!(listening(text).as_deref(), Ok(expected), "{text}");
    }
    for text in [
        "8080",
        ":8080",
        "127.0.0.1",
        "example.org:80",
        "::1:80",
        "unix:",
        "a:b",
        "",
    ] {
        let error = listening(text).unwrap_err();
        assert!(error.contains("in --listen"), "{text}: {error}");
    }
}

#[test]
fn other_machines_need_allow_remote() {
    for open in [
        "0.0.0.0:80",
        "[::]:80",
        "10.1.2.3:80",
        "[::ffff:10.1.2.3]:80",
    ] {
        let error = resolved(&["-s", "naive", "--listen", open]).unwrap_err();
        assert!(error.contains("--allow-remote"), "{open}: {error}");
    }
    for closed in [
        "127.0.0.2:80",
        "[::1]:80",
        "[::ffff:127.0.0.1]:80",
        "unix:x",
    ] {
        assert!(
            resolved(&["-s", "naive", "--listen", closed]).is_ok(),
            "{closed}"
        );
    }
}

#[test]
fn invalid_flags_are_refused() {
    for (flags, words) in [
        ("", "no strategy in --strategy: name one"),
        ("-s all", "several strategies \"all\""),
        ("-s naive,redis-incr", "several strategies"),
        ("-s naiv", "did you mean \"naive\"?"),
        ("-s db-skip-locked", "name another database with --db"),
        ("-s naive --limit 0", "--limit: must be at least 1"),
        (
            "-s naive --max-connections 0",
            "--max-connections: must be at least 1",
        ),
        ("-s naive --timeout 0s", "--timeout: must be longer than 0"),
        (
            "-s redis-kafka --limit 10m",
            "the embedded Kafka keeps at most 50000 records",
        ),
        (
            "-s naive --listen 127.0.0.1:0 --print-target",
            "no port to print",
        ),
    ] {
        let error = resolved(&flags.split_whitespace().collect::<Vec<_>>()).unwrap_err();
        assert!(error.contains(words), "{flags}: {error}");
    }
}
