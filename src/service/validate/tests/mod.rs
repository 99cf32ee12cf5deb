//! Valid files, and files with one mistake.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod drains;
mod requests;

use std::ffi::OsString;

use super::*;
use crate::{
    ports::UserId,
    service::{AttemptValues, EventValues, Meaning, STARTER, template::Values},
    strategies::Decision,
};

pub(super) const GOOD: &str = r#"
[http]
base_url = "http://127.0.0.1:8080/api/"

[claim]
url = "/claim"
json = { user = "{{user}}", key = "{{env.KEY}}" }

[[outcome]]
is = "issued"
status = [201, "3xx"]

[ledger]
http = { url = "/ledger", users = "/users" }
"#;

pub(super) fn read(text: &str) -> Result<Target, String> {
    let env = |name: &str| (name == "KEY").then(|| OsString::from("hunter2"));
    let file = TomlFile::of(Path::new("shop.toml"), text.to_owned());
    Target::validate(&file, &env).map_err(|error| error.to_string())
}

/// The good file with one change; its error.
fn changed(what: &str, into: &str) -> String {
    assert!(GOOD.contains(what), "{what}");
    read(&GOOD.replace(what, into)).err().unwrap()
}

#[test]
fn a_short_file_has_the_default_settings() {
    let target = read(GOOD).unwrap();
    assert_eq!(
        (target.name.as_str(), target.promise, target.one_per_user),
        ("shop", Promise::Exact, true)
    );
    assert_eq!(target.address(), "http://127.0.0.1:8080/api");
    let event = EventValues {
        run: "7f3a".to_owned(),
        limit: 100,
        seed: 1,
        setup: Values::default(),
    };
    let who = AttemptValues {
        user: UserId(17),
        attempt: 1,
        ..AttemptValues::NONE
    };
    let request = target.claim.build(&event, who).unwrap();
    assert_eq!(
        (request.method().as_str(), request.uri().path()),
        ("POST", "/api/claim")
    );
    assert_eq!(request.headers()["content-type"], "application/json");
    assert_eq!(&request.body()[..], br#"{"key":"hunter2","user":17}"#);
    assert_eq!(target.spelling.fill(&event, who), "17");
    let answer = |status| {
        let answer = http::Response::builder()
            .status(status)
            .body(bytes::Bytes::new());
        target.rules.classify(&answer.unwrap())
    };
    assert_eq!(answer(302), Some((1, Meaning::Told(Decision::Issued))));
    assert_eq!(answer(200), None);
}

#[test]
fn a_form_is_encoded_with_its_values() {
    let text = GOOD.replace(
        r#"json = { user = "{{user}}", key = "{{env.KEY}}" }"#,
        r#"form = { "who is" = "no. {{user}}", key = "{{env.KEY}}&" }"#,
    );
    let target = read(&text).unwrap();
    let event = EventValues {
        run: String::new(),
        limit: 1,
        seed: 1,
        setup: Values::default(),
    };
    let who = AttemptValues {
        user: UserId(5),
        ..AttemptValues::NONE
    };
    let request = target.claim.build(&event, who).unwrap();
    assert_eq!(&request.body()[..], b"key=hunter2%26&who%20is=no.%205");
}

#[test]
fn the_starter_file_is_valid() {
    let target = read(STARTER).unwrap();
    assert_eq!(target.setup.len(), 1);
    assert_eq!(target.rules.0.len(), 3);
}

/// Every change of the good file has its error.
fn check_errors(cases: &[(&str, &str, &str)]) {
    for (what, into, expected) in cases {
        assert_eq!(changed(what, into), *expected);
    }
}

#[test]
fn every_mistake_is_reported_with_its_line_and_its_key() {
    check_errors(&[
        (
            "[claim]",
            "[clam]",
            "unknown key \"clam\" in shop.toml:5 (clam): did you mean \"claim\"?",
        ),
        (
            "url = \"/claim\"",
            "",
            "no key \"url\" in shop.toml:5 (claim): the key is required, so add it",
        ),
        (
            "is = \"issued\"",
            "is = \"issue\"",
            "unknown outcome \"issue\" in shop.toml:10 (outcome[1].is): did you mean \"issued\"?",
        ),
        (
            "\"3xx\"",
            "\"9xx\"",
            "invalid value \"9xx\" in shop.toml:11 (outcome[1].status[2]): a status is a number from 100 to 599, or a class such as \"2xx\"",
        ),
        (
            "{{user}}",
            "{{usr}}",
            "unknown placeholder \"usr\" in shop.toml:7 (claim.json): did you mean \"user\"?",
        ),
        (
            "env.KEY",
            "env.NONE",
            "placeholder \"env.NONE\" in shop.toml:7 (claim.json): the environment has no NONE, so set it",
        ),
        (
            "url = \"/claim\"",
            "url = \"claim\"",
            "invalid value \"claim\" in shop.toml:6 (claim.url): a path begins with /",
        ),
        (
            "\"/ledger\"",
            "\"/ledger/{{user}}\"",
            "placeholder \"user\" in shop.toml:14 (ledger.http.url): only a request of a user, and `user` in [ledger], can contain it",
        ),
        (
            "\"/users\"",
            "\"users\"",
            "invalid value \"users\" in shop.toml:14 (ledger.http.users): a JSON pointer begins with /, as in \"/users\"",
        ),
        (
            "http://",
            "ftp://",
            "invalid value \"ftp://127.0.0.1:8080/api/\" in shop.toml:3 (http.base_url): write http://HOST:PORT or https://HOST:PORT",
        ),
        (
            "status = [201, \"3xx\"]",
            "",
            "outcome without a condition in shop.toml:10 (outcome[1].is): give status, header, json or body: a rule without a condition would match every unexpected answer",
        ),
        (
            "status = [201, \"3xx\"]",
            "json = { pointer = \"/a\" }",
            "empty condition in shop.toml:11 (outcome[1].json): give equals, contains, matches or exists",
        ),
    ]);
}

#[test]
fn contradictions_are_reported_with_their_line_and_key() {
    check_errors(&[
        (
            "is = \"issued\"",
            "is = \"failed\"",
            "no answer means issued in shop.toml:5 (claim): add an [[outcome]] with is = \"issued\" (or \"accepted\", if the answers do not decide)",
        ),
        (
            "is = \"issued\"",
            "is = \"accepted\"",
            "\"accepted\" without a [drain] in shop.toml:9 (outcome[1]): the run has to wait for coupons that come later: add a condition to [drain] that shows that no work is left (http, kafka, redis, rabbitmq or sql), or write synchronous = true if the coupon is durable before the answer",
        ),
        (
            "user = \"{{user}}\", ",
            "",
            "claim without a user in shop.toml:5 (claim): the ledger lists users, so the claim or a step has to contain {{user}} or a column such as {{users.id}}",
        ),
        (
            "[ledger]",
            "[drain]\n[ledger]",
            "drain without a condition in shop.toml:13 (drain): name at least one of http, kafka, redis, rabbitmq, sql and unchanged_for, or write synchronous = true",
        ),
        (
            "[claim]",
            "[claim]\nstatus = 200",
            "status of a claim in shop.toml:6 (claim.status): write an [[outcome]] for each answer to a claim",
        ),
        (
            "[claim]",
            "[claim]\nbody = \"x\"",
            "second body in shop.toml:8 (claim.json): name one of body, json and form",
        ),
        (
            "http = { url = \"/ledger\", users = \"/users\" }",
            "sql = \"SELECT 1\"",
            "query without a database in shop.toml:14 (ledger.sql): name it: db = \"postgres://HOST/NAME\"",
        ),
        (
            "[ledger]",
            "[ledger]\nuser = \"x\"",
            "the same spelling for all users in shop.toml:14 (ledger.user): it needs {{user}}, or a column such as {{users.id}}",
        ),
        (
            "[http]",
            "promise = \"exakt\"\n[http]",
            "unknown promise \"exakt\" in shop.toml:2 (promise): did you mean \"exact\"?",
        ),
        (
            "[http]",
            "one_per_user = 1\n[http]",
            "wrong type in shop.toml:2 (one_per_user): invalid type: integer `1`, expected a boolean",
        ),
    ]);
}

#[test]
fn toml_errors_are_reported_in_terms_of_the_target_file() {
    for (what, into, expected) in [
        (
            "[claim]",
            "[setup]\nurl = \"/reset\"\n[claim]",
            "wrong type in shop.toml:5 (setup): invalid type: map, expected a sequence: write [[setup]]",
        ),
        (
            "[[outcome]]",
            "[outcome]\nis = \"issued\"\n[outcome]",
            "invalid TOML in shop.toml:11: duplicate key \"outcome\": write [[outcome]]",
        ),
        (
            "[claim]",
            "[claim]\nurl = \"/a\"\n[claim]",
            "invalid TOML in shop.toml:7: duplicate key \"claim\"",
        ),
        (
            "{ user = \"{{user}}\"",
            "{ user = {{user}}",
            "invalid TOML in shop.toml:7: missing key for inline table element, expected key; a placeholder has to be quoted: \"{{user}}\"",
        ),
        (
            "url = \"/claim\"",
            "url = {{ users.url }}",
            "invalid TOML in shop.toml:6: missing key for inline table element, expected key; a placeholder has to be quoted: \"{{users.url}}\"",
        ),
    ] {
        assert_eq!(changed(what, into), expected);
    }
    let quoted = changed(
        "{ user = \"{{user}}\"",
        "{ a = '\"{{user}}', b = \"\\\"{{user}}\", = 1",
    );
    assert!(!quoted.contains("placeholder"), "{quoted}");
}

#[test]
fn no_error_shows_a_secret() {
    let error = changed(
        "http = { url = \"/ledger\", users = \"/users\" }",
        "sql = \"SELECT 1\"\ndb = \"{{env.KEY}}\"",
    );
    assert!(
        error.contains("***") && !error.contains("hunter2"),
        "{error}"
    );
    let target = read(GOOD).unwrap();
    assert!(!format!("{:?}", target.secrets).contains("hunter2"));
}

#[test]
fn every_example_is_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("targets");
    let env = |name: &str| {
        let value = match name {
            "DATABASE_URL" => "mysql://app:secret@127.0.0.1:3306/shop",
            _ => "http://127.0.0.1:8080",
        };
        Some(OsString::from(value))
    };
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "toml") {
            let target = Target::read(&path, &env).unwrap_or_else(|error| panic!("{error}"));
            assert!(target.title.is_some(), "{path:?} has no title");
            files += 1;
        }
    }
    assert!(files >= 3);
}
