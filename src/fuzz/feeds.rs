//! What is done with one input of each parser.

use std::{fs, path::Path};

use bytes::Bytes;
use http::Response;
use tempfile::NamedTempFile;

use super::parsers::Feed;
use crate::{
    adapters::{redis::embedded, sql::Link},
    cli::{self, Cli, Command, ceiling, explore, replay, serve},
    config::{self, RunArgs, RunSettings},
    input::{services, toml_file::TomlFile},
    judge::{
        assertion::Assertion,
        compare::{self, CompareRequest, NamedReport},
    },
    model::interleaving::Token,
    render::{Style, comparison},
    service::Target as Service,
    text::values::{self, span},
};

fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

fn no_variables(_: &str) -> Option<std::ffi::OsString> {
    None
}

/// One argument a line.
pub fn flags(input: &[u8]) {
    let text = text(input);
    let args = std::iter::once("coupon-bench").chain(text.split('\n'));
    let cli = match Cli::parse_args(args) {
        Ok(cli) => cli,
        Err(error) => {
            crate::cli::clap_error::clap_error(&error, false);
            return;
        }
    };
    let error = match &cli.command {
        Command::Run(args) => config::resolve(args, &no_variables).err(),
        Command::Compare(args) => cli::compare::resolve(args, &no_variables).err(),
        Command::Explore(args) => explore::resolve(args).err(),
        Command::Replay(args) => replay::resolve(args, &no_variables).err(),
        Command::Serve(args) => serve::resolve(args, &no_variables).err(),
        Command::Ceiling(args) => ceiling::resolve(args, &no_variables).err(),
        Command::Doctor(args) => cli::doctor_services(&args.services, &no_variables).err(),
        _ => None,
    };
    drop(error.map(|error| error.to_string()));
}

/// Through a file, as `--scenario` is read.
pub fn scenario() -> Feed {
    let file = NamedTempFile::new().expect("a file");
    Box::new(move |input| {
        fs::write(file.path(), input).expect("a file");
        let args = RunArgs {
            scenario: Some(file.path().to_owned()),
            settings: RunSettings::default(),
        };
        drop(config::resolve(&args, &no_variables).map_err(|error| error.to_string()));
    })
}

pub fn target(input: &[u8]) {
    let file = TomlFile::of(Path::new("nowhere/target.toml"), text(input));
    drop(Service::validate(&file, &no_variables).map_err(|error| error.to_string()));
}

/// A valid token has a text that parses to the same token.
pub fn token(input: &[u8]) {
    match text(input).parse::<Token>() {
        Ok(token) => {
            let again = token.to_string().parse();
            assert_eq!(again.as_ref(), Ok(&token));
        }
        Err(error) => drop(error.to_string()),
    }
}

pub fn assertion(input: &[u8]) {
    drop(Assertion::parse(&text(input)).map_err(|error| error.to_string()));
}

/// Also builds the driver's options of a database, without a connection.
pub fn url(input: &[u8]) {
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

pub fn value(input: &[u8]) {
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

/// A valid report is compared with itself, and the comparison is rendered.
pub fn report(input: &[u8]) {
    let Ok(report) = compare::read(&text(input)) else {
        return;
    };
    let named = |name: &str| NamedReport {
        name: name.to_owned(),
        report: report.clone(),
    };
    let question = CompareRequest {
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

pub fn resp(input: &[u8]) {
    embedded::answer(input);
}

/// Each body with several statuses, classified by the rules of the file that `target new` creates.
pub fn answers() -> Feed {
    let starter = include_str!("../service/starter.toml");
    let file = TomlFile::of(Path::new("starter.toml"), starter.to_owned());
    let service = Service::validate(&file, &no_variables).expect("the starter is valid");
    Box::new(move |input| {
        for status in [200, 409, 500] {
            let mut answer = Response::new(Bytes::copy_from_slice(input));
            *answer.status_mut() = http::StatusCode::from_u16(status).expect("a status");
            service.rules.classify(&answer);
            service.rules.why_none(&answer);
        }
    })
}
