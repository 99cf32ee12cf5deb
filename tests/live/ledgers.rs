//! Ledgers with pages, with compression, with codes, and with a remaining stock. The recipes of `docs/targets.md` about ledgers are
//! run unchanged.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Instant,
};

use serde_json::json;

use crate::{
    program::{self, Ran},
    services::redis,
};

/// The recipes, each with the first part of its path.
const RECIPES: [(&str, &str); 3] = [
    ("A paged ledger", "paged"),
    ("Stock in Redis", "redis"),
    ("Coupons with a code", "codes"),
];

/// The service in Python: `tests/foreign/ledgers.py`.
struct Service {
    child: Child,
    port: String,
    key: String,
    folder: tempfile::TempDir,
}

impl Service {
    fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/ledgers.py");
        // Other tests use the same Redis.
        let key = format!("coupon-stock-{}-{:p}", std::process::id(), &script);
        let mut child = Command::new("python3")
            .arg(script)
            .env("REDIS_URL", redis())
            .env("REDIS_KEY", &key)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut port = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut port).expect("a port");
        Self {
            child,
            port: port.trim().to_owned(),
            key,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// A target file with the address of this service.
    fn file(&self, kind: &str, text: &str) -> PathBuf {
        let place = format!("127.0.0.1:{}/{kind}", self.port);
        let path = self.folder.path().join(format!("{kind}.toml"));
        let text = text.replace("127.0.0.1:8080", &place);
        fs::write(&path, text.replace("coupon_stock", &self.key)).expect("written");
        path
    }

    fn command(args: &str, assertions: &[&str]) -> Output {
        let mut command = program::command(args);
        for assertion in assertions {
            command.args(["--assert", assertion]);
        }
        command
            .env("REDIS_URL", redis())
            .output()
            .expect("the program starts")
    }

    /// Runs two trials.
    fn run(&self, kind: &str, text: &str, assertions: &[&str]) -> Ran {
        let path = self.file(kind, text);
        let begin = Instant::now();
        let flags = "--users 100 --limit 30 --trials 2 --json -";
        let args = format!("run --target {} {flags}", path.display());
        program::read(Self::command(&args, assertions), begin.elapsed())
    }

    /// The output of a command, and its exit code.
    fn says(&self, args: &str, kind: &str, text: &str) -> (Option<i32>, String) {
        let path = self.file(kind, text);
        let output = Self::command(&format!("{args} {}", path.display()), &[]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (
            output.status.code(),
            said + &String::from_utf8_lossy(&output.stderr),
        )
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A target file that ends with this ledger.
fn described(ledger: &str) -> String {
    format!(
        r#"
        title = "My shop"
        [http]
        base_url = "http://127.0.0.1:8080"
        [[setup]]
        url = "/reset"
        body = '{{"limit": {{{{limit}}}}}}'
        [claim]
        url = "/coupons"
        body = '{{"userId": {{{{user}}}}}}'
        [[outcome]]
        is = "issued"
        status = 201
        code = "/code"
        [[outcome]]
        is = "duplicate"
        status = 409
        [[outcome]]
        is = "sold_out"
        status = 410
        [ledger]
        {ledger}
        "#
    )
}

#[test]
fn a_paged_ledger_is_read_to_its_end() {
    let service = Service::start();
    for http in [
        r#"url = "/pages?page={{page}}", users = "/content", id = "/userId", pages = { page = 0 }"#,
        r#"url = "/bare?page={{page}}", users = "/items", id = "/userId", pages = { page = 1 }"#,
        r#"url = "/slices?offset={{offset}}", users = "/items", id = "/userId", pages = { offset = 0 }"#,
        r#"url = "/cursors?after={{cursor}}", users = "/items", id = "/userId", pages = { cursor = "/next" }"#,
        r#"url = "/links", users = "", id = "/userId", pages = { link = true }"#,
        r#"url = "/coupons?encoding=gzip", users = "/items", id = "/userId", code = "/code""#,
        r#"url = "/coupons?encoding=deflate", users = "/items", id = "/userId""#,
    ] {
        let ran = service.run("paged", &described(&format!("http = {{ {http} }}")), &[]);
        assert_eq!(
            (ran.exit, ran.verdicts()),
            (Some(0), vec![json!("holds"); 2]),
            "{http}: {}\n{}",
            ran.stderr,
            ran.report
        );
        assert_eq!(ran.each("/ledger/issued"), [json!(30), json!(30)], "{http}");
        assert_eq!(ran.each("/ledger/lost"), [json!(0), json!(0)], "{http}");
    }
}

#[test]
fn a_part_of_a_ledger_is_an_error() {
    let service = Service::start();
    for (http, said) in [
        (
            r#"url = "/pages", users = "/content", id = "/userId""#,
            "the ledger is paged: the answer has 7 coupons, and it has the sign",
        ),
        (
            r#"url = "/slices", users = "/items", id = "/userId""#,
            "has the sign \"total\": 30: declare how its pages follow one another",
        ),
        (
            r#"url = "/cursors", users = "/items", id = "/userId""#,
            "has the sign \"next\": \"7\"",
        ),
        (
            r#"url = "/links", users = "", id = "/userId""#,
            "rel=\"next\"",
        ),
        (
            r#"url = "/stuck?page={{page}}", users = "/items", id = "/userId", pages = { page = 0 }"#,
            "page 2 has the same items as a page before it",
        ),
        (
            r#"url = "/bare?page={{page}}", users = "/items", id = "/userId", pages = { page = 1, most = 3 }"#,
            "the ledger has more than 3 pages",
        ),
        (
            r#"url = "/pages?page={{page}}", users = "/content", id = "/userId", pages = { page = 1 }"#,
            "the first page that was read is not the first",
        ),
        (
            r#"url = "/slices?offset={{offset}}", users = "/items", id = "/userId", pages = { offset = 7 }"#,
            "its pages hold 23 coupons, and the last one says \"total\": 30",
        ),
        (
            r#"url = "/coupons?encoding=compress", users = "/items", id = "/userId""#,
            "the content-encoding \"compress\", which this program does not decode",
        ),
    ] {
        let text = described(&format!("http = {{ {http} }}"));
        // An answer that is no whole ledger is asked for again until the timeout.
        let args = "run --users 100 --limit 30 --timeout 1s --json - --target";
        let (code, text) = service.says(args, "part", &text);
        // Some files are refused before the load, because the answer of the empty ledger already shows the error.
        assert!(matches!(code, Some(4 | 5)), "{http}: {code:?} {text}");
        let text = text.replace("\\\"", "\"");
        assert!(text.contains(said), "{http}: {text}");
    }
}

#[test]
fn a_remaining_stock_is_not_counted_as_coupons() {
    let service = Service::start();
    let stock = "http = { url = \"/stock\", count = \"/left\" }";
    let left = described(&format!("{stock}\nremaining = true"));
    let assertions = ["\"My shop\".issued == 30", "stock.issued == 30"];
    let ran = service.run("stock", &left, &assertions);
    assert_eq!(
        (ran.exit, ran.verdicts()),
        (Some(0), vec![json!("holds"); 2])
    );
    assert_eq!(ran.each("/ledger/issued"), [json!(30), json!(30)]);
    // The report names the service by its title.
    assert_eq!(ran.each("/strategy"), [json!("My shop"), json!("My shop")]);

    // Without `remaining`, all coupons seem to be issued before the load.
    let said = "is this remaining stock? Then write remaining = true";
    for command in [
        "run --users 100 --limit 30 --target",
        "target check --limit 30",
    ] {
        let (_, text) = service.says(command, "stock", &described(stock));
        let line: Vec<_> = text
            .split_whitespace()
            .filter(|word| *word != "▌")
            .collect();
        assert!(line.join(" ").contains(said), "{command}: {text}");
    }
    // A limit that differs from the stock.
    let fixed = left.replace("{{limit}}", "200");
    let (_, text) = service.says("run --users 9 --limit 30 --target", "stock", &fixed);
    assert!(
        text.contains("the stock holds 200, which is more than the limit of 30"),
        "{text}"
    );
}

#[test]
fn a_code_of_two_users_breaks_the_promise() {
    let service = Service::start();
    let ledger = r#"http = { url = "/coupons", users = "/items", id = "/userId", code = "/code" }"#;
    // Codes in the answers or in the ledger are enough.
    for (kind, text) in [
        (
            "ledger",
            described(ledger).replace("code = \"/code\"\n", ""),
        ),
        (
            "answers",
            described(&ledger.replace(", code = \"/code\"", "")),
        ),
    ] {
        let ran = service.run("twice", &text, &["duplicate_codes == 0"]);
        assert_eq!(
            (ran.exit, ran.verdicts()),
            (Some(3), vec![json!("violated"); 2]),
            "{kind}: {}",
            ran.stderr
        );
        assert_eq!(
            ran.each("/violations/0/kind"),
            [json!("duplicate_code"), json!("duplicate_code")],
            "{kind}"
        );
        assert_eq!(
            ran.each("/ledger/duplicate_codes"),
            [json!(3), json!(3)],
            "{kind}"
        );
        assert_eq!(
            ran.each("/ledger/over_issued"),
            [json!(0), json!(0)],
            "{kind}"
        );
    }
}

/// The target file of a recipe in `docs/targets.md`.
fn recipe(heading: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/targets.md");
    let page = fs::read_to_string(page).expect("docs/targets.md");
    let (_, section) = page
        .split_once(&format!("\n### {heading}\n"))
        .unwrap_or_else(|| panic!("no recipe {heading:?}"));
    let (_, block) = section.split_once("```toml\n").expect("a block");
    let (file, _) = block.split_once("```").expect("its end");
    file.to_owned()
}

#[test]
fn every_recipe_about_ledgers_runs_unchanged() {
    let service = Service::start();
    for (heading, kind) in RECIPES {
        let text = recipe(heading);
        let (code, said) = service.says("target check --limit 30", kind, &text);
        assert_eq!(code, Some(0), "{heading}: {said}");
        let ran = service.run(kind, &text, &[]);
        assert_eq!(
            (ran.exit, ran.verdicts()),
            (Some(0), vec![json!("holds"); 2]),
            "{heading}: {}\n{}",
            ran.stderr,
            ran.report
        );
        assert_eq!(
            ran.each("/ledger/issued"),
            [json!(30), json!(30)],
            "{heading}"
        );
    }
}
