#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use clap::Parser;

use super::*;
use crate::cli::{Cli, Command};

/// A target file with a setup, and its path.
fn file() -> (tempfile::NamedTempFile, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "[http]\nbase_url = \"http://127.0.0.1:1\"\n[[setup]]\nurl = \"/reset\"\n[claim]\nurl = \"/claim\"\nform = { user = \"{{user}}\" }\n\
                [[outcome]]\nis = \"issued\"\nstatus = 200\n";
    std::fs::write(file.path(), text).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    (file, path)
}

fn args(args: &[&str]) -> HuntArgs {
    let all = ["coupon-bench", "hunt"].iter().chain(args);
    match Cli::try_parse_from(all).unwrap().command {
        Command::Hunt(args) => *args,
        _ => unreachable!("the command line says hunt"),
    }
}

fn resolved(more: &[&str]) -> Result<HuntConfig, UsageError> {
    let (_file, path) = file();
    resolve(&args(&[&[path.as_str()], more].concat()), &|_| None)
}

/// The error of these flags.
fn error(more: &[&str]) -> String {
    resolved(more).unwrap_err().to_string()
}

#[test]
fn defaults() {
    let config = resolved(&["--redis", "localhost"]).unwrap();
    let settings = &config.settings;
    let seconds = [
        settings.bounds.time,
        settings.timeout,
        settings.start_timeout,
    ];
    assert_eq!(seconds.map(|it| it.as_secs()), [300, 10, 60]);
    assert_eq!(
        (settings.limit, settings.bounds.schedules, settings.quiet),
        (3, 2_000, Duration::from_millis(100))
    );
    assert_eq!(
        (settings.gate_port, &settings.command),
        (Some(17_400), &None)
    );
    assert!(config.replay.is_none() && config.documents.shown);
}

#[test]
fn a_command_has_gates_on_free_ports() {
    let config = resolved(&["--redis", "localhost", "--", "node", "--port", "server.js"]).unwrap();
    let words = ["node", "--port", "server.js"].map(str::to_owned);
    assert_eq!(config.settings.command, Some(words.into()));
    assert_eq!(config.settings.gate_port, None);
    let config = resolved(&["--redis", "::1", "--gate-port", "9000"]);
    assert!(config.unwrap_err().to_string().contains("needs brackets"));
}

fn parsed(flag: &str, text: &str) -> (String, u16, Option<String>) {
    let config = resolved(&[flag, text]).unwrap();
    let upstream = config.settings.upstreams.into_iter().next().unwrap();
    let login = upstream.login.map(|login| login.to_string());
    (upstream.host, upstream.port, login)
}

#[test]
fn addresses_with_and_without_a_login() {
    let plain = |host: &str, port| (host.to_owned(), port, None);
    assert_eq!(parsed("--postgres", "localhost"), plain("localhost", 5432));
    assert_eq!(
        parsed("--mysql", "127.0.0.1:13306"),
        plain("127.0.0.1", 13_306)
    );
    assert_eq!(parsed("--redis", "[::1]:7000"), plain("::1", 7000));
    assert_eq!(parsed("--redis", "[::1]"), plain("::1", 6379));
    assert_eq!(
        parsed("--redis", "redis://localhost"),
        plain("localhost", 6379)
    );
    let (host, port, login) = parsed("--postgres", "postgres://shop:pass-w0rd@[::1]:15432/shop");
    assert_eq!((host.as_str(), port), ("::1", 15_432));
    assert_eq!(login.unwrap(), "postgres://shop:***@[::1]:15432/shop");
    let (host, port, login) = parsed("--mysql", "mysql://root@127.0.0.1/shop");
    assert_eq!((host.as_str(), port), ("127.0.0.1", 3306));
    assert!(login.is_some());
}

#[test]
fn a_wrong_address_is_an_error_with_the_forms() {
    for (flag, text, why) in [
        ("--postgres", "", "the host name is not valid"),
        (
            "--postgres",
            "localhost:0",
            "a port is a number from 1 to 65535",
        ),
        (
            "--postgres",
            "localhost:http",
            "a port is a number from 1 to 65535",
        ),
        ("--postgres", "::1:5432", "an IPv6 address needs brackets"),
        (
            "--postgres",
            "[localhost]:5432",
            "the brackets contain no IPv6 address",
        ),
        (
            "--postgres",
            "shop:pass-w0rd@localhost",
            "a login needs a URL",
        ),
        ("--postgres", "mysql://localhost/shop", "wrong scheme"),
        (
            "--postgres",
            "postgres:///shop?host=/run",
            "a gate connects to a host and a port",
        ),
        (
            "--mysql",
            "mysql://root@/shop?socket=/run/m.sock",
            "a gate connects to a host and a port",
        ),
        (
            "--redis",
            "rediss://localhost",
            "a gate speaks no TLS to Redis",
        ),
        ("--redis", "redis+sentinel://localhost/m", "wrong scheme"),
    ] {
        let error = error(&[flag, text]);
        assert!(
            error.contains(why) && error.contains(flag),
            "{text}: {error}"
        );
        assert!(error.contains("HOST:PORT"), "{text}: {error}");
        assert!(!error.contains("pass-w0rd"), "{error}");
    }
}

#[test]
fn settings_that_do_not_fit_are_errors_with_advice() {
    for (flags, expected) in [
        (&[][..], "no database in --postgres: name the databases"),
        (
            &["--redis", "localhost", "--trials", "3"],
            "trials without a schedule in --trials",
        ),
        (
            &["--redis", "localhost", "--replay", "hunt:u2:l1:ABC"],
            "in --replay: the moves are letters A and B",
        ),
        (
            &[
                "--redis",
                "localhost",
                "--replay",
                "hunt:u2:l1:AB",
                "--limit",
                "3",
            ],
            "in --limit: the schedule names its case",
        ),
        (
            &["--redis", "localhost", "--limit", "1001"],
            "in --limit: must be at most 1000",
        ),
        (
            &["--redis", "h", "--mysql", "h", "--gate-port", "65535"],
            "in --gate-port: must be at most 65534",
        ),
        (
            &["--redis", "h", "--json", "-", "--html", "-"],
            "in --html: another output goes there already",
        ),
    ] {
        let error = error(flags);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn an_event_that_no_setup_resets_is_an_error() {
    let (file, path) = file();
    let text = std::fs::read_to_string(file.path()).unwrap();
    std::fs::write(&path, text.replace("[[setup]]\nurl = \"/reset\"\n", "")).unwrap();
    let error = resolve(&args(&[&path, "--redis", "localhost"]), &|_| None).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("an event that no setup resets in TARGET")
    );
}

#[test]
fn the_command_of_a_replay_has_what_it_needs_and_no_secret() {
    let config = resolved(&[
        "--postgres",
        "postgres://shop:pass-w0rd@localhost/shop",
        "--redis",
        "localhost",
        "--quiet-time",
        "1s",
        "--limit",
        "5",
        "--",
        "java",
        "--spring.datasource.password=s3cret-word",
    ])
    .unwrap();
    let line = config.command.line(&"hunt:u2:l1:ABBA".parse().unwrap());
    let expected = " --postgres postgres://shop:***@localhost/shop --redis localhost:6379 --quiet-time 1s --replay hunt:u2:l1:ABBA -- java ";
    assert!(line.replace('\'', "").contains(expected), "{line}");
    assert!(
        !line.contains("pass-w0rd") && !line.contains("s3cret-word"),
        "{line}"
    );
}
