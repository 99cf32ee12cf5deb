//! Defaults, every flag, and every error of `compare`.

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

fn resolved(args: &[&str]) -> Result<CompareConfig, UsageError> {
    resolve(&parsed(args).unwrap(), &|_| None)
}

fn error(args: &[&str]) -> String {
    resolved(args).unwrap_err().to_string()
}

fn trials(args: &[&str]) -> u32 {
    match resolved(args).unwrap().input {
        CompareInput::Run(scenario) => scenario.trials,
        CompareInput::Reports(_) => 0,
    }
}

#[test]
fn the_default_is_five_trials() {
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
    assert_eq!(resolved(&["--scenario", path]).unwrap().json, None);
}

#[test]
fn every_flag_of_a_comparison_is_resolved() {
    let config = resolved(&[
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
    assert!(matches!(config.input, CompareInput::Reports(paths) if paths.len() == 2));
    assert_eq!(config.baseline.unwrap().to_string(), "main-1.2_x");
    assert_eq!(config.threshold, Some(0.075));
    assert_eq!(config.metric, Some(Metric::IssuedP99));
    assert_eq!(config.json, Some(OutputTarget::Stdout));
    assert_eq!(config.markdown, Some(OutputTarget::File("c.md".into())));
    assert!(config.force && !config.shown && config.save.is_none());
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
            "no baseline to compare with in --fail-on-regression: name a --baseline",
        ),
        (
            &["a.json", "--fail-on-regression", "0.1"],
            "invalid value \"0.1\" in --fail-on-regression: a share is a number with a percent sign, such as 10%",
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
fn the_name_of_a_baseline_is_no_path() {
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
        assert!(resolved(&["a.json", "--baseline", name]).is_ok(), "{name}");
    }
}

#[test]
fn flags_of_a_run_conflict_with_reports() {
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
