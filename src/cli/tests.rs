//! The settings of `run`: precedence, defaults, every error, and the scenario files of the repository.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod arrivals;
mod errors;
mod files;
mod layers;
mod scenarios;

use std::{collections::HashMap, ffi::OsString, path::Path};

use clap::CommandFactory;
use proptest::prelude::*;

use super::*;
use crate::{
    config::scenario::{Scenario, Subject},
    input::{
        address::{DbTarget, KafkaTarget, RedisTarget},
        toml_file::TomlFile,
    },
    model::workload::{Arrivals, DbConnection, Rate},
};

/// `coupon-bench run` with these arguments.
fn run_args(args: &[&str]) -> RunArgs {
    let all = ["coupon-bench", "run"].iter().chain(args);
    match Cli::try_parse_from(all).unwrap().command {
        Command::Run(args) => *args,
        _ => unreachable!("the command line says run"),
    }
}

fn with_env(args: &[&str], variables: &[(&str, &str)]) -> Result<RunConfig, UsageError> {
    let table: HashMap<_, _> = variables.iter().copied().collect();
    resolve(&run_args(args), &|name| table.get(name).map(OsString::from))
}

fn resolved(args: &[&str]) -> Result<RunConfig, UsageError> {
    with_env(args, &[])
}

/// A scenario file of this text, and its path.
fn file(text: &str) -> (tempfile::NamedTempFile, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    (file, path)
}

#[test]
fn the_command_is_valid_for_clap() {
    Cli::command().debug_assert();
}

#[test]
fn defaults_are_those_of_the_contract() {
    let RunConfig { scenario, output } = resolved(&["--strategy", "naive"]).unwrap();
    let workload = scenario.workload;
    assert_eq!(
        (workload.users, workload.limit, workload.attempts),
        (10_000, 100, 1)
    );
    assert_eq!(
        (workload.arrivals, workload.warmup),
        (Arrivals::Burst, true)
    );
    assert_eq!(workload.timeout.as_secs(), 30);
    assert_eq!(
        (scenario.trials, scenario.keep, scenario.title),
        (1, false, None)
    );
    let services = scenario.services;
    assert_eq!(services.db, DbTarget::PrivateSqlite);
    assert_eq!(services.redis, RedisTarget::Embedded);
    assert_eq!(services.kafka, KafkaTarget::Embedded);
    assert_eq!(services.db_connection, DbConnection::Statement);
    assert_eq!(
        (services.consumer_rate, scenario.bystander_rate),
        (None, None)
    );
    assert_eq!(
        (
            services.db_pool,
            services.redis_connections,
            services.consumers,
            services.consumer_batch
        ),
        (10, 1, 1, 1)
    );
    assert_eq!(
        (output.report("json"), output.shown, output.progress),
        (None, true, true)
    );
}

#[test]
fn a_document_on_stdout_replaces_the_text_report() {
    for (args, shown) in [
        (&["--markdown", "-"][..], false),
        (&["--markdown", "a.md", "--junit=b.xml"], true),
        (&["--markdown", "a.md", "-q"], false),
    ] {
        let args = [&["-s", "naive"], args].concat();
        assert_eq!(resolved(&args).unwrap().output.shown, shown, "{args:?}");
    }
}

#[test]
fn the_summary_of_a_job_is_the_file_of_the_variable() {
    let summary = |value| {
        let variables = [("GITHUB_STEP_SUMMARY", value)];
        let resolved = with_env(&["-s", "naive"], &variables).unwrap();
        resolved.output.step_summary
    };
    assert_eq!(summary("/tmp/s.md"), Some("/tmp/s.md".into()));
    assert_eq!(summary(""), None);
}

#[test]
fn every_flag_is_resolved() {
    let flags = "-s naive,redis-incr -u 10k -l 1,000 --attempts 3 -c 64 --trials 5 -w off --seed 18446744073709551615 \
                 --db sqlite://a.db --db-pool 20 --db-connection request --redis redis://h --redis-connections 2 \
                 --kafka a:1,b:2 --consumers 4 --consumer-batch 50 --consumer-rate 2k/s --bystander-rate 100 --keep \
                 --timeout 500ms --json - -q --no-progress";
    let assertions = ["--assert", "issued == 100", "--assert", "naive.p99 < 1s"];
    let args: Vec<_> = flags.split_whitespace().chain(assertions).collect();
    let RunConfig { scenario, output } = resolved(&args).unwrap();
    let names: Vec<_> = scenario.subjects.iter().map(Subject::name).collect();
    assert_eq!(names, ["naive", "redis-incr"]);
    let workload = scenario.workload;
    assert_eq!(
        (workload.users, workload.limit, workload.attempts),
        (10_000, 1_000, 3)
    );
    assert_eq!(
        (
            workload.arrivals.in_flight(),
            workload.warmup,
            workload.seed
        ),
        (Some(64), false, u64::MAX)
    );
    assert_eq!(workload.timeout.as_millis(), 500);
    assert_eq!(
        (scenario.trials, scenario.keep, scenario.assertions.len()),
        (5, true, 2)
    );
    let services = scenario.services;
    assert_eq!(services.kafka, KafkaTarget::Brokers("a:1,b:2".to_owned()));
    assert_eq!(services.db_connection, DbConnection::Request);
    assert_eq!(services.consumer_rate, Rate::new(2000.0));
    assert_eq!(scenario.bystander_rate, Rate::new(100.0));
    assert_eq!(
        (
            services.db_pool,
            services.redis_connections,
            services.consumers,
            services.consumer_batch
        ),
        (20, 2, 4, 50)
    );
    assert_eq!(
        (output.report("json"), output.shown, output.progress),
        (Some(&OutputTarget::Stdout), false, false)
    );
}

#[test]
fn max_undecided_is_a_share() {
    let (_file, path) = file("strategy = 'naive'\nmax_undecided = '1%'");
    for (args, percent) in [
        (vec!["-s", "naive"], 5),
        (vec!["--scenario", path.as_str()], 1),
        (
            vec!["--scenario", path.as_str(), "--max-undecided", "100%"],
            100,
        ),
        (vec!["-s", "naive", "--max-undecided", "0%"], 0),
    ] {
        let share = resolved(&args).unwrap().scenario.max_undecided;
        assert!(
            (share * 100.0 - f64::from(percent)).abs() < 1e-9,
            "{args:?}"
        );
    }
}

#[test]
fn all_is_the_whole_catalogue() {
    let catalogue = crate::strategies::REGISTRY.len();
    let on_sqlite = resolved(&["-s", "all"]).unwrap().scenario;
    assert_eq!(
        on_sqlite.subjects.len() + on_sqlite.refused.len(),
        catalogue
    );
    assert_eq!(on_sqlite.refused.len(), 2);
    let elsewhere = resolved(&["-s", "all", "--db", "postgres://h/d"])
        .unwrap()
        .scenario;
    assert_eq!(elsewhere.subjects.len(), catalogue);
}

#[test]
fn the_default_seed_is_random() {
    let seeds: std::collections::HashSet<_> = (0..4)
        .map(|_| resolved(&["-s", "naive"]).unwrap().scenario.workload.seed)
        .collect();
    assert!(seeds.len() > 1);
}

#[test]
fn doctor_takes_the_same_addresses() {
    let cli = Cli::try_parse_from(["coupon-bench", "doctor", "--redis", "redis://h"]).unwrap();
    let Command::Doctor(args) = cli.command else {
        unreachable!("the command line says doctor")
    };
    let env = |name: &str| (name == "COUPON_BENCH_KAFKA").then(|| OsString::from("k:1"));
    let services = doctor_services(&args.services, &env).unwrap();
    assert_eq!(services.db, DbTarget::PrivateSqlite);
    assert!(matches!(services.redis, RedisTarget::Url(_)));
    assert_eq!(services.kafka.to_string(), "k:1");
}

#[test]
fn colour_follows_the_flag_the_terminal_and_no_color() {
    let set = |value: &'static str| move |_: &str| Some(OsString::from(value));
    assert!(Color::Auto.enabled(true, &|_| None));
    assert!(Color::Auto.enabled(true, &set("")));
    assert!(!Color::Auto.enabled(true, &set("1")));
    assert!(!Color::Auto.enabled(false, &|_| None));
    assert!(Color::Always.enabled(false, &set("1")));
    assert!(!Color::Never.enabled(true, &|_| None));
}

#[test]
fn global_flags_stand_anywhere() {
    let cli = Cli::try_parse_from([
        "coupon-bench",
        "strategies",
        "--json",
        "-vv",
        "--color",
        "never",
    ])
    .unwrap();
    assert_eq!(
        cli.global.level(),
        tracing::level_filters::LevelFilter::DEBUG
    );
    assert_eq!(cli.global.color, Color::Never);
}

#[test]
fn the_help_names_the_defaults() {
    let run_help = ["coupon-bench", "run", "--help"];
    let help = Cli::try_parse_from(run_help).unwrap_err().to_string();
    for heading in [
        "Workload:",
        "Services:",
        "Output:",
        "Global options:",
        "Examples:",
    ] {
        assert!(help.contains(heading), "{heading} in {help}");
    }
    for default in [
        "10000",
        "100",
        "1",
        "10",
        "30s",
        "statement",
        "sqlite",
        "embedded",
        "on",
    ] {
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words.contains(&format!("[default: {default}]")),
            "{default} in {help}"
        );
    }
    assert!(!help.contains('`'), "clap shows Markdown as it is: {help}");
}

proptest! {
    #[test]
    fn no_file_panics(text in any::<String>()) {
        let _ = crate::config::file::settings(&TomlFile::of(Path::new("x.toml"), text));
    }

    #[test]
    fn no_toml_panics(
        lines in proptest::collection::vec(("[a-z_]{1,8}|users|strategy|assert|db|title|keep", "\\PC{0,12}|[0-9]{1,25}|\\[*\\]*|'\\PC{0,12}'|-?[0-9.]{1,5}"), 0..6)
    ) {
        let lines: Vec<_> = lines.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let text = lines.join("\n");
        if let Err(error) = crate::config::file::settings(&TomlFile::of(Path::new("x.toml"), text)) {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }

    #[test]
    fn no_value_panics(key in proptest::sample::select(crate::config::settings::keys()), value in any::<String>()) {
        let (_file, path) = file(&toml::to_string(&HashMap::from([(key, value)])).unwrap());
        for flags in [&["--scenario", path.as_str(), "-s", "naive"][..], &["--scenario", path.as_str()]] {
            if let Err(error) = resolved(flags) {
                let lines = error.to_string().lines().count();
                let may_point = matches!(error, UsageError::Assertion { .. });
                prop_assert!(lines == 1 || may_point, "{}", error);
            }
        }
    }
}

#[test]
fn every_format_of_a_report_has_a_flag() {
    let flags = crate::config::settings::REPORTS.map(|(name, _)| format!("--{name}"));
    assert_eq!(
        flags,
        crate::render::FORMATS.map(|(flag, _)| flag.to_owned())
    );
}
