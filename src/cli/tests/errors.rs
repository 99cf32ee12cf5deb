//! Every error: what, where, and what to do.

use proptest::prelude::*;

use super::*;

/// The error of `run` with these arguments.
fn error(args: &[&str]) -> String {
    meant(args).unwrap_err().to_string()
}

/// The error of `run` with this scenario file, the file's name shortened.
fn file_error(text: &str) -> String {
    let (_file, path) = file(text);
    error(&["--scenario", &path]).replace(&path, "x.toml")
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
            "strategy \"naive\" named twice in --strategy: name it once (--trials runs it more often)",
        ),
        (
            "naive,all",
            "\"all\" beside other names in --strategy: it already names every strategy, so leave the others out",
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
    let told = |flag: &str, value: &str| error(&["-s", "naive", flag, value]);
    assert_eq!(
        told("--consumer-rate", "fast"),
        "invalid value \"fast\" in --consumer-rate: a rate is a number a second, such as 5000, 5k or 0.5, \
         or unlimited"
    );
    assert_eq!(
        told("--consumer-rate", "0"),
        "invalid value \"0\" in --consumer-rate: must be at least 0.01"
    );
    assert_eq!(
        told("--consumer-rate", "1.1m/s"),
        "invalid value \"1.1m/s\" in --consumer-rate: must be at most 1m"
    );
    assert_eq!(
        told("--bystander-rate", "20k"),
        "invalid value \"20k\" in --bystander-rate: must be at most 10k"
    );
    assert_eq!(
        told("--bystander-rate", "none"),
        "invalid value \"none\" in --bystander-rate: a rate is a number a second, such as 5000, 5k or 0.5, or off"
    );
    assert_eq!(
        file_error("strategy = 'naive'\nconsumer_batch = 0\nconsumer_rate = 5"),
        "invalid value \"0\" in x.toml:2 (consumer_batch): must be at least 1"
    );
    assert_eq!(
        file_error("strategy = 'naive'\nconsumer_rate = -5"),
        "invalid value \"-5\" in x.toml:2 (consumer_rate): a rate is a number a second, such as 5000, 5k or 0.5, \
         or unlimited"
    );
}

#[test]
fn services_say_where_and_tell_no_password() {
    let told = error(&["-s", "naive", "--db", "postgres://u:secret@/db"]);
    assert_eq!(
        told,
        "no host in \"postgres://***@/db\" in --db: write postgres://HOST:PORT/NAME, or \
         postgres:///NAME?host=/FOLDER for a socket"
    );
    let told = with_env(
        &["-s", "naive"],
        &[("COUPON_BENCH_REDIS", "http://u:secret@h")],
    );
    assert_eq!(
        told.unwrap_err().to_string(),
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
fn files_name_line_and_key() {
    for (text, expected) in [
        (
            "strategy = 'naive'\nin-flight = 5",
            "unknown key \"in-flight\" in x.toml:2: did you mean \"in_flight\"?",
        ),
        (
            "limit = 100\nlimit = 200",
            "invalid TOML in x.toml:2: duplicate key \"limit\"",
        ),
        (
            "strategy = 'naive'\n\nlimit = 0",
            "invalid value \"0\" in x.toml:3 (limit): must be at least 1",
        ),
        (
            "strategy = 'naive'\nusers = -5",
            "invalid value \"-5\" in x.toml:2 (users): a count is a whole number, such as 10000, 10k or 1_000_000",
        ),
        (
            "strategy = 'naive'\nkeep = 'maybe'",
            "invalid value \"maybe\" in x.toml:2 (keep): say on or off",
        ),
        (
            "strategy = 'naive'\ndb_connection = 'session'",
            "invalid value \"session\" in x.toml:2 (db_connection): say statement or request",
        ),
        (
            "limit = [1,\n2]",
            "wrong type in x.toml:1 (limit): expected one value, not an array",
        ),
        (
            "strategy = [\n'naive',\n'naiv']",
            "unknown strategy \"naiv\" in x.toml:3 (strategy): did you mean \"naive\"? (see coupon-bench strategies)",
        ),
        (
            "strategy = 'naive'\nassert = [\n  'issued == 100',\n  'p99 < 5',\n]",
            "invalid assertion in x.toml:4 (assert): invalid value \"5\" (p99 is a duration): a duration needs a \
             number and a unit (ns, us, µs, ms, s, m), such as 500ms\n  p99 < 5\n        ^",
        ),
        (
            "strategy = 'naive'\ntitle = \"a\\u001b[31m\"",
            "invalid value \"a\\u{1b}[31m\" in x.toml:2 (title): a title is one line of plain text",
        ),
        (
            "strategy = []",
            "wrong type in x.toml:1 (strategy): an empty array says nothing",
        ),
    ] {
        assert_eq!(file_error(text), expected);
    }
    for (text, begins) in [
        ("limit = ", "invalid TOML in x.toml:1: "),
        (
            "\nlimit = 1.5",
            "wrong type in x.toml:2 (limit): invalid type: floating point `1.5`, expected a string",
        ),
        (
            "title = 3",
            "wrong type in x.toml:1 (title): invalid type: integer `3`, expected a string",
        ),
        (
            "[limit]\nx = 1",
            "wrong type in x.toml:1 (limit): invalid type: map",
        ),
        (
            "limit = 99999999999999999999",
            "wrong type in x.toml:1 (limit): ",
        ),
        (
            "colour = 1",
            "unknown key \"colour\" in x.toml:1: it is one of title, strategy, target, users, ",
        ),
    ] {
        let told = file_error(text);
        assert!(told.starts_with(begins), "{told}");
    }
}

#[test]
fn files_that_cannot_be_read() {
    let told = error(&["--scenario", "no/such.toml"]);
    assert_eq!(
        told,
        "cannot read the scenario file \"no/such.toml\": there is no such file"
    );
    let directory = tempfile::tempdir().unwrap();
    let told = error(&["--scenario", directory.path().to_str().unwrap()]);
    assert!(
        told.ends_with("it is a directory, name the file in it"),
        "{told}"
    );
    let (handle, path) = file("");
    std::fs::write(handle.path(), b"a = 1\nb = '\xff'").unwrap();
    assert!(error(&["--scenario", &path]).ends_with("it is not UTF-8 in line 2"));
    std::fs::write(handle.path(), "#".repeat(1024 * 1024 + 1)).unwrap();
    let told = error(&["--scenario", &path]);
    assert!(told.contains("it is larger than 1 MiB"), "{told}");
}

#[test]
fn assertions() {
    assert_eq!(
        error(&["-s", "naive", "--assert", "redis-incr.issued == 1"]),
        "assertion \"redis-incr.issued == 1\" about a strategy that is not run in --assert: add redis-incr to \
         --strategy, or leave it out"
    );
    assert_eq!(
        error(&["-s", "naive", "--assert", "isued == 1"]),
        "invalid assertion in --assert: unknown metric \"isued\": did you mean \"issued\"?\n  isued == 1\n  ^^^^^"
    );
}

/// Settings that are the name of a file or a folder.
const DOCUMENTS: [&str; 6] = ["json", "junit", "markdown", "html", "attempts_csv", "hgrm"];

#[test]
fn two_documents_cannot_go_to_one_place() {
    assert_eq!(
        error(&["-s", "naive", "--json", "-", "--markdown=-"]),
        "invalid value \"-\" in --markdown: another output goes there already, so name a file"
    );
    assert_eq!(
        error(&["-s", "naive", "--json", "report", "--junit=report"]),
        "invalid value \"report\" in --junit: another output goes there already, so name another"
    );
    assert_eq!(
        error(&["-s", "naive", "--hgrm", "-"]),
        "invalid value \"-\" in --hgrm: name a folder"
    );
    let (_file, path) = file("strategy = 'naive'\njson = '-'\n");
    let told = error(&["--scenario", &path, "--junit", "-"]);
    assert!(told.starts_with("invalid value \"-\" in --junit"), "{told}");
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
        match meant(&["--scenario", &path]) {
            // Any text may be a file's name.
            Ok(_) => assert!(DOCUMENTS.contains(&key.as_str()), "{key}"),
            Err(told) => assert!(
                told.to_string().contains(&format!("({key})")),
                "{key}: {told}"
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
            Ok(Command::Run(args)) => match effective(&args, &|_| None) {
                Ok(_) => assert!(DOCUMENTS.contains(&key.as_str()), "{key}"),
                Err(told) => {
                    let flag = flag.trim_end_matches("=\u{7}");
                    assert!(
                        told.to_string().contains(&format!("in {flag}: ")),
                        "{flag}: {told}"
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
fn clap_tells_no_password_either() {
    let args = ["coupon-bench", "run", "postgres://u:secret@h/db"];
    let error = Cli::try_parse_from(args).unwrap_err();
    for color in [true, false] {
        let told = clap_error::clap_error(&error, color);
        assert!(
            told.contains("postgres://***@h/db") && !told.contains("secret"),
            "{told}"
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
    fn no_wrong_url_tells_its_password(
        key in "db|redis|kafka",
        scheme in "postgres|mysql|redis|http|kafka",
        after in "(|h|h:x|h/db|@|:0|[a-z]{0,4})",
    ) {
        let value = format!("{scheme}://user:s3cret@{after}");
        let flag = format!("--{key}={value}");
        if let Err(error) = meant(&["-s", "naive", &flag]) {
            prop_assert!(!error.to_string().contains("s3cret"), "{}", error);
        }
    }
}
