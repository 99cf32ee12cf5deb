//! The text of every error: what is wrong, where, and what to do.

use proptest::prelude::*;

use super::{files::file_error, *};

/// The error of `run` with these arguments.
pub fn error(args: &[&str]) -> String {
    resolved(args).unwrap_err().to_string()
}

#[test]
fn strategies() {
    for (list, expected) in [
        (
            "redis-kafak",
            "unknown strategy \"redis-kafak\" in --strategy: did you mean \"redis-kafka\"? \
             (see coupon-bench strategies)",
        ),
        (
            "naive,naive",
            "strategy \"naive\" named twice in --strategy: name it once (--trials sets the number of runs)",
        ),
        (
            "naive,all",
            "\"all\" together with other names in --strategy: all names every strategy, so leave out the other names",
        ),
        (
            "naive,",
            "empty strategy name in --strategy: see coupon-bench strategies",
        ),
    ] {
        assert_eq!(error(&["-s", list]), expected);
    }
    assert!(error(&["-s", "zookeeper"]).contains("it is one of naive, "));
    let missing = error(&[]);
    assert!(
        missing.starts_with("no strategy is named: give --strategy one of naive, "),
        "{missing}"
    );
    assert!(
        missing.ends_with(", redis-kafka-safe, several with commas, or all"),
        "{missing}"
    );
}

#[test]
fn numbers() {
    for flag in [
        "--users",
        "--limit",
        "--attempts",
        "--in-flight",
        "--trials",
        "--db-pool",
        "--redis-connections",
        "--consumers",
        "--consumer-batch",
    ] {
        let expected = format!("invalid value \"0\" in {flag}: must be at least 1");
        assert_eq!(error(&["-s", "naive", flag, "0"]), expected);
        assert!(error(&["-s", "naive", flag, "many"]).contains("a count is a whole number"));
        assert!(error(&["-s", "naive", flag, "99999999999999999999"]).contains("too large"));
    }
    assert_eq!(
        error(&["-s", "naive", "--users", "101m"]),
        "invalid value \"101m\" in --users: must be at most 100000000"
    );
    assert_eq!(
        error(&["-s", "naive", "--consumer-batch", "10001"]),
        "invalid value \"10001\" in --consumer-batch: must be at most 10000"
    );
    assert_eq!(
        error(&["-s", "naive", "--users", "60m", "--attempts", "2"]),
        "60000000 users with 2 attempts each in --users and --attempts: at most 100000000 attempts in all are \
         possible, so lower one of them"
    );
    assert_eq!(
        error(&["-s", "naive", "--attempts", "1m"]),
        "10000 users with 1000000 attempts each in --attempts: at most 100000000 attempts in all are possible, so \
         lower one of them"
    );
    assert_eq!(
        error(&["-s", "naive", "--timeout", "0s"]),
        "invalid value \"0s\" in --timeout: must be longer than 0"
    );
    assert!(error(&["-s", "naive", "--timeout", "30"]).contains("needs a number and a unit"));
    assert!(error(&["-s", "naive", "--timeout", "1441m"]).contains("at most 1440m"));
    assert!(error(&["-s", "naive", "--seed", "x"]).contains("a seed is a whole number"));
}

#[test]
fn rates() {
    let rate_error = |flag: &str, value: &str| error(&["-s", "naive", flag, value]);
    assert_eq!(
        rate_error("--consumer-rate", "fast"),
        "invalid value \"fast\" in --consumer-rate: a rate is a number per second, such as 5000, 5k or 0.5, \
         or unlimited"
    );
    assert_eq!(
        rate_error("--consumer-rate", "0"),
        "invalid value \"0\" in --consumer-rate: must be at least 0.01"
    );
    assert_eq!(
        rate_error("--consumer-rate", "1.1m/s"),
        "invalid value \"1.1m/s\" in --consumer-rate: must be at most 1m"
    );
    assert_eq!(
        rate_error("--bystander-rate", "20k"),
        "invalid value \"20k\" in --bystander-rate: must be at most 10k"
    );
    assert_eq!(
        rate_error("--bystander-rate", "none"),
        "invalid value \"none\" in --bystander-rate: a rate is a number per second, such as 5000, 5k or 0.5, or off"
    );
    assert_eq!(
        file_error("strategy = 'naive'\nconsumer_batch = 0\nconsumer_rate = 5"),
        "invalid value \"0\" in x.toml:2 (consumer_batch): must be at least 1"
    );
    assert_eq!(
        file_error("strategy = 'naive'\nconsumer_rate = -5"),
        "invalid value \"-5\" in x.toml:2 (consumer_rate): a rate is a number per second, such as 5000, 5k or 0.5, \
         or unlimited"
    );
}

#[test]
fn errors_of_addresses_have_a_place_and_no_password() {
    let error_text = error(&["-s", "naive", "--db", "postgres://u:secret@/db"]);
    assert_eq!(
        error_text,
        "no host in \"postgres://***@/db\" in --db: write postgres://HOST:PORT/NAME, or \
         postgres:///NAME?host=/FOLDER for a socket"
    );
    let error_text = with_env(
        &["-s", "naive"],
        &[("COUPON_BENCH_REDIS", "http://u:secret@h")],
    );
    assert_eq!(
        error_text.unwrap_err().to_string(),
        "unknown scheme of \"http://***@h\" in COUPON_BENCH_REDIS: use embedded, redis://HOST:PORT, \
         rediss://HOST:PORT or redis+sentinel://HOST:PORT/MASTER"
    );
    assert_eq!(
        file_error("strategy = 'naive'\n\nkafka = 'u:secret@h:1'"),
        "invalid broker \"***@h:1\" in x.toml:3 (kafka): a user name or password cannot be given here, use \
         embedded or HOST:PORT,…"
    );
}

#[test]
fn assertions() {
    assert_eq!(
        error(&["-s", "naive", "--assert", "redis-incr.issued == 1"]),
        "assertion \"redis-incr.issued == 1\" about a strategy that is not run in --assert: add redis-incr to \
         --strategy, or leave out the assertion"
    );
    assert_eq!(
        error(&["-s", "naive", "--assert", "isued == 1"]),
        "invalid assertion in --assert: unknown metric \"isued\": did you mean \"issued\"?\n  isued == 1\n  ^^^^^"
    );
}

/// Settings that are the name of a file or a folder.
const DOCUMENTS: [&str; 6] = ["json", "junit", "markdown", "html", "attempts_csv", "hgrm"];

#[test]
fn two_documents_cannot_have_one_file() {
    assert_eq!(
        error(&["-s", "naive", "--json", "-", "--markdown=-"]),
        "invalid value \"-\" in --markdown: another output goes there already, so name a file"
    );
    assert_eq!(
        error(&["-s", "naive", "--json", "report", "--junit=report"]),
        "invalid value \"report\" in --junit: another output goes there already, so name another file"
    );
    assert_eq!(
        error(&["-s", "naive", "--hgrm", "-"]),
        "invalid value \"-\" in --hgrm: name a folder"
    );
    let (_file, path) = file("strategy = 'naive'\njson = '-'\n");
    let error_text = error(&["--scenario", &path, "--junit", "-"]);
    assert!(
        error_text.starts_with("invalid value \"-\" in --junit"),
        "{error_text}"
    );
}

#[test]
fn every_setting_is_checked_under_its_own_name() {
    for key in crate::config::settings::keys() {
        let text = toml::to_string(&HashMap::from([(&key, "\u{7}")])).unwrap();
        let strategy = if key == "strategy" {
            ""
        } else {
            "strategy = 'naive'\n"
        };
        let (_file, path) = file(&format!("{strategy}{text}"));
        match resolved(&["--scenario", &path]) {
            // Any text may be a file's name.
            Ok(_) => assert!(DOCUMENTS.contains(&key.as_str()), "{key}"),
            Err(error_text) => assert!(
                error_text.to_string().contains(&format!("({key})")),
                "{key}: {error_text}"
            ),
        }
        let flag = format!("--{}=\u{7}", key.replace('_', "-"));
        let args = ["coupon-bench", "run", "-s", "naive", flag.as_str()];
        let args = if key == "strategy" {
            &args[..][0..2]
        } else {
            &args[..4]
        };
        let args = args.iter().copied().chain([flag.as_str()]);
        match Cli::try_parse_from(args).map(|cli| cli.command) {
            Ok(Command::Run(args)) => match resolve(&args, &|_| None) {
                Ok(_) => assert!(DOCUMENTS.contains(&key.as_str()), "{key}"),
                Err(error_text) => {
                    let flag = flag.trim_end_matches("=\u{7}");
                    assert!(
                        error_text.to_string().contains(&format!("in {flag}: ")),
                        "{flag}: {error_text}"
                    );
                }
            },
            // clap knows the words that these flags take; the title is no flag.
            Err(error) => assert_eq!(error.exit_code(), 2),
            Ok(_) => unreachable!("the command line says run"),
        }
    }
}

#[test]
fn errors_of_clap_have_no_password() {
    let args = ["coupon-bench", "run", "postgres://u:secret@h/db"];
    let error = Cli::try_parse_from(args).unwrap_err();
    for color in [true, false] {
        let error_text = clap_error::clap_error(&error, color);
        assert!(
            error_text.contains("postgres://***@h/db") && !error_text.contains("secret"),
            "{error_text}"
        );
    }
    let help = Cli::try_parse_from(["coupon-bench", "run", "--help"]).unwrap_err();
    assert_eq!(
        clap_error::clap_error(&help, false),
        help.render().to_string()
    );
}

proptest! {
    #[test]
    fn no_error_of_a_url_has_its_password(
        key in "db|redis|kafka",
        scheme in "postgres|mysql|redis|http|kafka",
        after in "(|h|h:x|h/db|@|:0|[a-z]{0,4})",
    ) {
        let value = format!("{scheme}://user:s3cret@{after}");
        let flag = format!("--{key}={value}");
        if let Err(error) = resolved(&["-s", "naive", &flag]) {
            prop_assert!(!error.to_string().contains("s3cret"), "{}", error);
        }
    }
}
