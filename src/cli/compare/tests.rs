//! What is understood, and every error.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use clap::Parser;

use super::*;
use crate::cli::{Cli, Command};

fn parsed(args: &[&str]) -> Result<CompareArgs, String> {
    let all = ["coupon-bench", "compare"].iter().chain(args);
    match Cli::try_parse_from(all).map(|cli| cli.command) {
        Ok(Command::Compare(args)) => Ok(*args),
        Ok(_) => unreachable!("the command line says compare"),
        Err(error) => Err(error.to_string()),
    }
}

fn meant(args: &[&str]) -> Result<Comparing, UsageError> {
    comparing(&parsed(args).unwrap(), &|_| None)
}

fn error(args: &[&str]) -> String {
    meant(args).unwrap_err().to_string()
}

fn trials(args: &[&str]) -> u32 {
    match meant(args).unwrap().what {
        What::Live(scenario) => scenario.trials,
        What::Reports(_) => 0,
    }
}

#[test]
fn strategies_are_run_five_times_unless_it_is_said() {
    assert_eq!(trials(&["-s", "naive,redis-incr"]), 5);
    assert_eq!(trials(&["-s", "naive,redis-incr", "--trials", "9"]), 9);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        "strategy = 'all'\ntrials = 3\njson = 'report.json'\n",
    )
    .unwrap();
    let path = file.path().to_str().unwrap();
    assert_eq!(trials(&["--scenario", path]), 3);
    assert_eq!(meant(&["--scenario", path]).unwrap().json, None);
}

#[test]
fn everything_about_a_comparison_is_understood() {
    let comparing = meant(&[
        "a.json",
        "b.json",
        "--by",
        "issued.p99",
        "--baseline",
        "main-1.2_x",
        "--fail-on-regression",
        "7.5 %",
        "--force",
        "--json",
        "-",
        "--markdown",
        "c.md",
    ])
    .unwrap();
    assert!(matches!(comparing.what, What::Reports(paths) if paths.len() == 2));
    assert_eq!(comparing.baseline.unwrap().to_string(), "main-1.2_x");
    assert_eq!(comparing.threshold, Some(0.075));
    assert_eq!(comparing.metric, Some(Metric::IssuedP99));
    assert_eq!(comparing.json, Some(OutputTarget::Stdout));
    assert_eq!(comparing.markdown, Some(OutputTarget::File("c.md".into())));
    assert!(comparing.force && !comparing.shown && comparing.save.is_none());
}

#[test]
fn errors_say_what_to_do() {
    for (args, expected) in [
        (
            &[][..],
            "nothing to compare: name reports that run --json wrote, or strategies to run \
             (--strategy redis-incr,redis-lua)",
        ),
        (
            &["-s", "naive"],
            "one strategy, naive in --strategy: name others to compare it with, or a --baseline",
        ),
        (
            &["-s", "naive,redis-incr", "--fail-on-regression", "10%"],
            "nothing to hold the strategies against in --fail-on-regression: name a --baseline",
        ),
        (
            &["a.json", "--fail-on-regression", "0.1"],
            "invalid value \"0.1\" in --fail-on-regression: say a share in percent, such as 10%",
        ),
        (
            &["a.json", "--by", "p9"],
            "unknown metric \"p9\" in --by: did you mean \"p99\"?",
        ),
        (
            &["a.json", "b.json", "--save-baseline", "x"],
            "one baseline of 2 reports in --save-baseline: name one report, or strategies to run",
        ),
        (
            &["a.json", "--json", "-", "--markdown", "-"],
            "invalid value \"-\" in --markdown: another output goes there already, so name a file",
        ),
    ] {
        assert_eq!(error(args), expected);
    }
}

#[test]
fn a_baselines_name_is_a_name_and_no_path() {
    for name in [
        "../main",
        "a/b",
        "/etc/passwd",
        "..",
        ".hidden",
        "a b",
        "-x",
        "",
        "é",
        "a\nb",
        "con:",
    ] {
        let args = ["a.json", &format!("--baseline={name}")];
        assert!(
            error(&args).contains("in --baseline: a baseline"),
            "{name:?}"
        );
    }
    assert!(error(&["a.json", "--save-baseline", &"x".repeat(65)]).contains("at most 64"));
    for name in ["main", "v1.2.3", "2026-01-02", &"x".repeat(64)] {
        assert!(meant(&["a.json", "--baseline", name]).is_ok(), "{name}");
    }
}

#[test]
fn what_is_of_a_run_is_refused_beside_reports() {
    for flag in [
        "--users=9",
        "--strategy=naive",
        "--db=sqlite",
        "--keep",
        "--trials=3",
        "--scenario=x",
    ] {
        let error = parsed(&["a.json", flag]).unwrap_err();
        assert!(error.contains("cannot be used with"), "{error}");
    }
    assert!(parsed(&["a.json", "-q"]).is_ok());
    let error = parsed(&["-s", "all", "--junit", "x.xml"]).unwrap_err();
    assert!(
        error.contains("run writes that; compare has --json and --markdown"),
        "{error}"
    );
}
