//! Target files against `schema/target.schema.json`: the schema and the program accept the same files.

use std::{fs, path::Path};

use coupon_bench::{
    input::toml_file::TomlFile,
    service::{STARTER, Target},
};
use serde_json::Value;

const SCHEMA: &str = include_str!("../../schema/target.schema.json");

fn matches_schema(text: &str) -> bool {
    let schema = serde_json::from_str(SCHEMA).unwrap();
    let file: Value = toml::from_str(text).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    validator.is_valid(&file)
}

fn is_accepted(text: &str) -> bool {
    let file = TomlFile::of(Path::new("x.toml"), text.to_owned());
    let env = |_: &str| Some("http://localhost".into());
    Target::validate(&file, &env).is_ok()
}

#[test]
fn every_target_file_of_the_repository_matches_schema() {
    assert!(matches_schema(STARTER));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/targets");
    let mut files = 0;
    for path in fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
    {
        if path.extension().is_some_and(|end| end == "toml") {
            assert!(
                matches_schema(&fs::read_to_string(&path).unwrap()),
                "{path:?}"
            );
            files += 1;
        }
    }
    assert!(files >= 3);
}

/// The ledger of the starter file.
const LIST: &str = "url = \"/coupons\", users = \"/users\"";

/// The schema and the program agree on the starter file with one change.
#[test]
fn schema_and_program_accept_the_same_changes_of_the_starter_file() {
    for (what, into, right) in [
        ("status = 201", "status = [201, \"2xx\"]", true),
        ("status = 201", "body = { matches = \"^yes\" }", true),
        (
            "status = 201",
            "header = { name = \"X-A\", exists = true }",
            true,
        ),
        ("users = \"/users\"", "count = \"/issued\"", true),
        ("promise = \"exact\"", "", true),
        ("is = \"issued\"", "is = \"issued\"\ncode = \"/code\"", true),
        ("is = \"issued\"", "is = \"issued\"\ncode = \"code\"", false),
        (
            LIST,
            "url = \"/coupons?page={{page}}\", users = \"/users\", pages = { page = 0, most = 9 }",
            true,
        ),
        (
            LIST,
            "url = \"/coupons?skip={{offset}}\", users = \"/users\", code = \"/code\", pages = { offset = 0 }",
            true,
        ),
        (
            LIST,
            "url = \"/coupons?after={{cursor}}\", users = \"/users\", pages = { cursor = \"/next\" }",
            true,
        ),
        (
            LIST,
            "url = \"/coupons\", users = \"/users\", pages = { link = true }",
            true,
        ),
        (
            LIST,
            "url = \"/coupons\", users = \"/users\", whole = true",
            true,
        ),
        (
            LIST,
            "url = \"/coupons\", users = \"/users\", pages = { link = true, page = 1 }",
            false,
        ),
        (
            LIST,
            "url = \"/coupons\", users = \"/users\", pages = { most = 3 }",
            false,
        ),
        (
            LIST,
            "url = \"/coupons?page={{page}}\", users = \"/users\", pages = { page = 0, most = 0 }",
            false,
        ),
        (
            LIST,
            "url = \"/coupons?page={{page}}\", count = \"/n\", pages = { page = 0 }",
            false,
        ),
        ("[ledger]", "[ledger]\nremaining = \"yes\"", false),
        ("url = \"/reset\"", "command = \"./reset.sh\"", false),
        ("status = 201", "status = \"6xx\"", false),
        ("status = 201", "state = 201", false),
        ("is = \"issued\"", "is = \"won\"", false),
        ("promise = \"exact\"", "promise = \"exactly\"", false),
        ("url = \"/reset\"", "url = \"reset\"", false),
        ("url = \"/reset\"", "", false),
        ("users = \"/users\"", "users = \"users\"", false),
        ("[claim]", "[claims]", false),
        ("one_per_user = true", "one_per_user = \"yes\"", false),
    ] {
        assert!(STARTER.contains(what), "{what}");
        let text = STARTER.replacen(what, into, 1);
        assert_eq!(
            (matches_schema(&text), is_accepted(&text)),
            (right, right),
            "{into}"
        );
    }
}

/// The same for setups, steps, drains and polls.
#[test]
fn schema_and_program_accept_the_same_setups_steps_and_drains() {
    for (table, right) in [
        (
            "[[setup]]\nsql = \"DELETE FROM coupon\"\ndb = \"sqlite://shop.db\"",
            true,
        ),
        (
            "[[setup]]\nurl = \"redis://localhost\"\nredis = [\"DEL a\", \"SET b {{limit}}\"]",
            true,
        ),
        (
            "[[setup]]\ncommand = [\"./reset.sh\", \"{{limit}}\"]\ncapture = { id = { text = true } }",
            true,
        ),
        (
            "[[step]]\nurl = \"/login\"\ncapture = { t = { cookie = \"S\", secret = false } }",
            true,
        ),
        (FOLLOWS, true),
        ("[[setup]]\nsql = \"DELETE FROM coupon\"", false),
        ("[[setup]]\nredis = \"DEL a\"", false),
        ("[[setup]]\ncommand = []", false),
        ("[[setup]]\ncommand = \"a\"\nmethod = \"PUT\"", false),
        (
            "[[setup]]\nurl = \"/a\"\nsql = \"SELECT 1\"\ndb = \"sqlite://shop.db\"",
            false,
        ),
        ("[[setup]]\nstatus = 200", false),
        (
            "[[step]]\nurl = \"/login\"\ncapture = { t = { json = \"id\" } }",
            false,
        ),
        (
            "[[step]]\nurl = \"/login\"\ncapture = { t = { json = \"/id\", header = \"X-Id\" } }",
            false,
        ),
        (
            "[[step]]\nurl = \"/login\"\ncapture = { \"a b\" = { json = \"/id\" } }",
            false,
        ),
        ("[[step]]\nmethod = \"GET\"", false),
        ("[confirm]\nurl = \"/pay\"", false),
        ("[poll]\nurl = \"/ask\"\nevery = \"1s\"", false),
    ] {
        let text = format!("{STARTER}\n{table}\n");
        assert_eq!(
            (matches_schema(&text), is_accepted(&text)),
            (right, right),
            "{table}"
        );
    }
}

const FOLLOWS: &str = r#"
[[outcome]]
is = "reserved"
status = 202
[[outcome]]
is = "waiting"
status = 203
[confirm]
url = "/pay"
[[confirm.outcome]]
is = "issued"
status = 200
[poll]
url = "/ask"
every = "1s"
timeout = "2s"
[[poll.outcome]]
is = "issued"
status = 200
"#;
