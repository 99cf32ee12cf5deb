//! The recipes of `docs/targets.md`: each file is run unchanged against a service in another language.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Instant,
};

use serde_json::{Value, json};

use crate::program::{self, Ran};

/// The heading of each recipe, with the first part of its path on the service.
const RECIPES: [(&str, &str); 5] = [
    ("Log in and send a token (JWT)", "jwt"),
    ("A session and CSRF tokens", "session"),
    ("A setup by SQL", "sql"),
    ("Reserve and confirm", "reserve"),
    ("A ticket that is decided later", "queue"),
];

/// The target file of a recipe.
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

/// The service in Python: `tests/foreign/steps.py`.
struct Service {
    child: Child,
    port: String,
    folder: tempfile::TempDir,
}

impl Service {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/steps.py");
        let mut child = Command::new("python3")
            .arg(script)
            .arg(folder.path().join("shop.db"))
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
            folder,
        }
    }

    /// A recipe with the address of this service.
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let place = format!("127.0.0.1:{}/{name}", self.port);
        let path = self.folder.path().join(format!("{name}.toml"));
        fs::write(&path, text.replace("127.0.0.1:8080", &place)).expect("written");
        path
    }

    fn command(&self, args: &str) -> Output {
        let database = self.folder.path().join("shop.db");
        program::command(args)
            .env("DATABASE_URL", format!("sqlite://{}", database.display()))
            .output()
            .expect("the program starts")
    }

    fn run(&self, name: &str, text: &str, trials: u32) -> Ran {
        let path = self.file(name, text);
        let begin = Instant::now();
        let flags = format!("--users 200 --limit 20 --trials {trials} --seed 7");
        let output = self.command(&format!("run --json - --target {} {flags}", path.display()));
        program::read(output, begin.elapsed())
    }

    /// The output of `target check`, and its exit code.
    fn check(&self, name: &str, text: &str) -> (Option<i32>, String) {
        let path = self.file(name, text);
        let output = self.command(&format!("target check {}", path.display()));
        (output.status.code(), said(&output))
    }
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text + &String::from_utf8_lossy(&output.stderr)
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_recipe_runs_unchanged() {
    let service = Service::start();
    for (heading, name) in RECIPES {
        let text = recipe(heading);
        let (code, said) = service.check(name, &text);
        assert_eq!(code, Some(0), "{heading}: {said}");
        let ran = service.run(name, &text, 2);
        assert_eq!(
            (ran.exit, ran.verdicts()),
            (Some(0), vec![json!("holds"); 2]),
            "{heading}: {}\n{}",
            ran.stderr,
            ran.report
        );
        assert_eq!(
            ran.each("/attempts/issued"),
            [json!(20), json!(20)],
            "{heading}"
        );
        assert_eq!(
            ran.each("/attempts/sold_out"),
            [json!(180), json!(180)],
            "{heading}"
        );
        assert_eq!(
            ran.each("/ledger/issued"),
            [json!(20), json!(20)],
            "{heading}"
        );
        // Values captured before the release are part of the held requests.
        assert_eq!(
            ran.each("/target/held"),
            [json!(200), json!(200)],
            "{heading}"
        );
    }
}

#[test]
fn a_decision_after_the_first_answer_has_its_own_latency() {
    let service = Service::start();
    let text = recipe("A ticket that is decided later");
    let ran = service.run("queue", &text, 1);
    let number = |pointer: &str| {
        let value = &ran.each(pointer)[0];
        value
            .as_u64()
            .unwrap_or_else(|| panic!("{pointer}: {value}"))
    };
    // The first answer came at once, and every decision came after the first poll.
    assert_eq!(number("/latency/decision/count"), 200);
    assert!(number("/latency/decision/min_ns") >= 50_000_000);
    assert!(number("/latency/response/all/min_ns") < number("/latency/decision/min_ns"));
    assert_eq!(number("/latency/response/all/count"), 200);

    // The time of a confirmation is part of the decision.
    let ran = service.run("reserve", &recipe("Reserve and confirm"), 1);
    assert_eq!(ran.each("/latency/decision/count")[0], json!(20));
}

#[test]
fn an_attempt_without_a_decision_is_indeterminate() {
    let service = Service::start();
    let text = recipe("A ticket that is decided later")
        .replace("/tickets/", "/never/")
        .replace("\"20s\"", "\"300ms\"");
    let ran = service.run("queue", &text, 1);
    assert_eq!(ran.exit, Some(4), "{}", ran.report);
    assert_eq!(ran.each("/attempts/indeterminate")[0], json!(200));
    let failure = ran.each("/failures/0/message")[0].to_string();
    assert!(failure.contains("undecided after 0.3 s"), "{failure}");
}

#[test]
fn an_unconfirmed_reservation_is_no_coupon() {
    let service = Service::start();
    // The confirmation names a reservation that does not exist.
    let text = recipe("Reserve and confirm").replace("{{claim.id}}", "r-0") + OTHERWISE;
    let ran = service.run("reserve", &text, 1);
    assert_eq!(ran.each("/attempts/failed")[0], json!(20));
    assert_eq!(ran.each("/ledger/issued")[0], json!(0));
    assert_ne!(ran.exit, Some(0), "{}", ran.report);
}

/// Adds an outcome to the answers of a confirmation.
const OTHERWISE: &str = "[[confirm.outcome]]\nis = \"failed\"\nstatus = 404\n";

#[test]
fn a_failed_step_prevents_the_run() {
    let service = Service::start();
    let text = recipe("Log in and send a token (JWT)")
        .replace("\"pass-user{{user}}\"", "\"pass-user{{user:03}}\"");
    let path = service.file("jwt", &text);
    let output = service.command(&format!("run --target {} --users 3", path.display()));
    let said = self::said(&output);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(
        said.contains(
            "step POST /jwt/login failed for user 1: unexpected status 401: {\"error\": \"wrong password of user1\"}"
        ),
        "{said}"
    );
    let lacking = recipe("Log in and send a token (JWT)").replace("\"/token\"", "\"/tokens\"");
    let path = service.file("jwt", &lacking);
    let output = service.command(&format!("run --target {} --users 3", path.display()));
    let said = self::said(&output);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(
        said.contains("no value for {{step.token}}: the answer has nothing at \"/tokens\""),
        "{said}"
    );
}

#[test]
fn a_check_shows_the_requests_without_tokens() {
    let service = Service::start();
    let (code, said) = service.check("jwt", &recipe("Log in and send a token (JWT)"));
    assert_eq!(code, Some(0), "{said}");
    for shown in [
        "POST /jwt/events → status 201",
        "→ {\"limit\":100}",
        "← {\"id\": ",
        "POST /jwt/login → status 200",
        "→ {\"name\":\"user1\",\"password\":\"pass-user1\"}",
        "authorization: Bearer ***",
        "\"token\": \"***\"",
    ] {
        assert!(said.contains(shown), "{shown}: {said}");
    }
    let (code, said) = service.check("session", &recipe("A session and CSRF tokens"));
    assert_eq!(code, Some(0), "{said}");
    for shown in [
        "cookie: SESSION=***",
        "_csrf=***",
        "set-cookie: SESSION=***; Path=/",
    ] {
        assert!(said.contains(shown), "{shown}: {said}");
    }
    // All requests that follow a claim.
    let (code, said) = service.check("reserve", &recipe("Reserve and confirm"));
    assert_eq!(code, Some(0), "{said}");
    for shown in ["reserved · by", "/payment → status 200", "issued · by"] {
        assert!(said.contains(shown), "{shown}: {said}");
    }
}

#[test]
fn a_shown_unclassified_answer_has_no_token() {
    let service = Service::start();
    let text = recipe("Reserve and confirm").replace("equals = \"paid\"", "equals = \"done\"");
    let ran = service.run("reserve", &text, 1);
    assert_eq!(ran.exit, Some(4));
    assert_eq!(ran.each("/target/unclassified/count")[0], json!(20));
    let sample = &ran.each("/target/unclassified/samples/0/body")[0];
    assert_eq!(*sample, Value::from("{\"status\": \"paid\"}"));
}
