//! The parsers, each with the inputs that it knows and what is done with one.

use std::{fs, path::Path};

use bytes::Bytes;
use http::Response;
use tempfile::NamedTempFile;

use super::corpus;
use crate::{
    adapters::{redis::embedded, sql::Link},
    cli::{self, Cli, Command, ceiling, explore, replay, serve},
    config::{RunArgs, RunSettings},
    input::{services, toml_file::TomlFile},
    judge::{
        assertion::Assertion,
        compare::{self, Named, Question},
    },
    model::interleaving::Token,
    render::{Style, comparison},
    service::Target as Service,
    text::values::{self, span},
};

/// Reads one input.
pub type Feed = Box<dyn FnMut(&[u8])>;

/// A parser.
pub struct Target {
    pub name: &'static str,
    /// Of a thousand inputs, so many are for this one: those that are slow to read get fewer.
    pub share: u64,
    pub corpus: fn() -> Vec<Vec<u8>>,
    pub words: &'static [&'static str],
    pub feed: fn() -> Feed,
}

const SERVICE_WORDS: &[&str] = &[
    "postgres://",
    "mysql://",
    "redis://",
    "rediss://",
    "sqlite:",
    "sqlite://",
    "embedded",
    "@",
    ":",
    "[::1]",
    "[",
    "]",
    ",",
    "?host=",
    "&port=",
    "?socket=/",
    "options[",
    "sslmode=",
    "%2F",
    "//",
    "#insecure",
    "127.0.0.1",
    ":65536",
    "?",
    "&",
];

const TOML_WORDS: &[&str] = &[
    "= ",
    "\"\"\"",
    "'''",
    "[",
    "]",
    "[[outcome]]",
    "[http]",
    "[ledger]",
    "{{user}}",
    "{{",
    "}}",
    "{{env:",
    "users",
    "limit",
    "strategy",
    "url",
    "status",
    "json",
    "sql",
    "redis",
    "drain",
    "true",
    "nan",
    "inf",
    "1979-05-27",
    "\\u0000",
    "2xx",
    "{",
    "assert",
    "db",
    "method = ",
    "regex",
    "matches = \"(a+)+$\"",
    "pointer = \"/a/0\"",
];

/// All of them.
pub const TARGETS: &[Target] = &[
    Target {
        name: "flags",
        share: 20,
        corpus: corpus::flags,
        words: &[
            "\n",
            "\n--",
            "\n-u\n",
            "--users",
            "=",
            "--db",
            "--assert",
            "--scenario",
            "--help",
            "--version",
            "10k",
            "naive",
            "all",
            "--instances",
            "--json",
            "-",
            "--",
            "--seed",
            "replay",
            "serve",
            "explore",
            "\n--redis\n",
            "postgres://u:p@h",
        ],
        feed: || Box::new(flags),
    },
    Target {
        name: "scenario",
        share: 100,
        corpus: corpus::scenarios,
        words: TOML_WORDS,
        feed: scenario,
    },
    Target {
        name: "target",
        share: 80,
        corpus: corpus::targets,
        words: TOML_WORDS,
        feed: || Box::new(target),
    },
    Target {
        name: "token",
        share: 150,
        corpus: corpus::tokens,
        words: &[
            ":",
            ":u",
            ":l",
            ":a",
            ":i",
            ":c",
            ":b",
            "A",
            "B",
            "Z",
            "1",
            "n",
            "t",
            "naive",
            "redis-kafka",
            "u2",
            "u99",
            "l1",
            "(",
            ")",
        ],
        feed: || Box::new(token),
    },
    Target {
        name: "assertion",
        share: 170,
        corpus: corpus::assertions,
        words: &[
            "==", "!=", "<", ">", ">=", "<=", ":", ".", "p99", "p99.9", "issued", "verdict",
            "holds", "ms", "/s", "%", "naive", "k",
        ],
        feed: || Box::new(assertion),
    },
    Target {
        name: "url",
        share: 160,
        corpus: corpus::urls,
        words: SERVICE_WORDS,
        feed: || Box::new(url),
    },
    Target {
        name: "value",
        share: 120,
        corpus: corpus::values,
        words: &[
            "k", "m", "ms", "s", "µs", "/s", "%", "_", ",", ".", "9", "on", "off", "e",
        ],
        feed: || Box::new(value),
    },
    Target {
        name: "report",
        share: 30,
        corpus: corpus::reports,
        words: &[
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "null",
            "true",
            "\"\"",
            "\"hdr\":",
            "\"runs\":",
            "\"schema_version\":",
            "1e400",
            "-0",
            "\\ud800",
            "\"users\":",
            "\"limit\":",
            "\"p99_ns\":",
            "\"verdict\":\"holds\"",
            "\"trial\":0",
        ],
        feed: || Box::new(report),
    },
    Target {
        name: "resp",
        share: 70,
        corpus: corpus::requests,
        words: &[
            "\r\n",
            "*",
            "$",
            "*-1\r\n",
            "$-1\r\n",
            "*1048577\r\n",
            "$536870913\r\n",
            "GET",
            "SET",
            "k",
            "-inf",
            "(1",
            "[a",
            "NX",
            "XX",
            "PX",
            "KEEPTTL",
            "WITHSCORES",
            "LIMIT",
            "9223372036854775807",
            "MATCH",
            "*a*",
            "[^a-",
            "HELLO",
            "DEBUG",
        ],
        feed: || Box::new(resp),
    },
    Target {
        name: "answers",
        share: 100,
        corpus: corpus::answers,
        words: &[
            "{", "}", "[", "]", "\"", ":", ",", "null", "1e400", "\\u0000", "\\ud800", "userId",
            "issued", "/",
        ],
        feed: answers,
    },
];

fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

fn no_variables(_: &str) -> Option<std::ffi::OsString> {
    None
}

/// One argument a line.
fn flags(input: &[u8]) {
    let text = text(input);
    let args = std::iter::once("coupon-bench").chain(text.split('\n'));
    let typed = match Cli::typed(args) {
        Ok(typed) => typed,
        Err(error) => {
            crate::cli::clap_error::clap_error(&error, false);
            return;
        }
    };
    let said = match &typed.command {
        Command::Run(args) => cli::effective(args, &no_variables).err(),
        Command::Compare(args) => cli::compare::comparing(args, &no_variables).err(),
        Command::Explore(args) => explore::exploring(args).err(),
        Command::Replay(args) => replay::replaying(args, &no_variables).err(),
        Command::Serve(args) => serve::plan(args, &no_variables).err(),
        Command::Ceiling(args) => ceiling::plan(args, &no_variables).err(),
        Command::Doctor(args) => cli::doctor_services(&args.services, &no_variables).err(),
        _ => None,
    };
    drop(said.map(|error| error.to_string()));
}

/// Through a file, as it is read.
fn scenario() -> Feed {
    let file = NamedTempFile::new().expect("a file");
    Box::new(move |input| {
        fs::write(file.path(), input).expect("a file");
        let args = RunArgs {
            scenario: Some(file.path().to_owned()),
            settings: RunSettings::default(),
        };
        drop(cli::effective(&args, &no_variables).map_err(|error| error.to_string()));
    })
}

fn target(input: &[u8]) {
    let file = TomlFile::of(Path::new("nowhere/target.toml"), text(input));
    drop(Service::understand(&file, &no_variables).map_err(|error| error.to_string()));
}

/// What is read can be written and read again.
fn token(input: &[u8]) {
    match text(input).parse::<Token>() {
        Ok(token) => {
            let again = token.to_string().parse();
            assert_eq!(again.as_ref(), Ok(&token));
        }
        Err(error) => drop(error.to_string()),
    }
}

fn assertion(input: &[u8]) {
    drop(Assertion::parse(&text(input)).map_err(|error| error.to_string()));
}

/// Databases as far as their drivers' options.
fn url(input: &[u8]) {
    let text = text(input);
    if let Ok(db) = services::db(&text) {
        drop(db.to_string());
        drop(Link::to(&db, None));
    }
    drop(services::redis(&text).map(|redis| redis.to_string()));
    drop(services::kafka(&text).map(|kafka| kafka.to_string()));
    crate::text::redact::value(&text);
    crate::text::redact::text(&text);
}

fn value(input: &[u8]) {
    let text = text(input);
    drop(values::count(&text));
    drop(values::nanoseconds(&text));
    drop(span(&text));
    drop(values::rate(&text));
    drop(values::percent(&text));
    drop(values::switch(&text));
    drop(values::seed(&text));
    drop(values::positive(u32::MAX)(&text));
    values::did_you_mean(&text, &["naive", "redis-kafka"]);
}

/// Read, compared with itself, and shown.
fn report(input: &[u8]) {
    let Ok(report) = compare::read(&text(input)) else {
        return;
    };
    let named = |name: &str| Named {
        name: name.to_owned(),
        report: report.clone(),
    };
    let question = Question {
        reports: vec![named("a"), named("b")],
        baseline: None,
        metric: None,
        threshold: None,
        force: true,
        alone: true,
    };
    if let Ok(comparison) = compare::compare(question) {
        let style = Style {
            color: false,
            width: 80,
        };
        comparison::terminal(&comparison, style);
    }
}

fn resp(input: &[u8]) {
    embedded::answer(input);
}

/// Each body with several statuses, by the rules of the file that `target new` writes.
fn answers() -> Feed {
    let starter = include_str!("../service/starter.toml");
    let file = TomlFile::of(Path::new("starter.toml"), starter.to_owned());
    let service = Service::understand(&file, &no_variables).expect("the starter is understood");
    Box::new(move |input| {
        for status in [200, 409, 500] {
            let mut answer = Response::new(Bytes::copy_from_slice(input));
            *answer.status_mut() = http::StatusCode::from_u16(status).expect("a status");
            service.rules.classify(&answer);
            service.rules.why_none(&answer);
        }
    })
}
