//! Hunts in services in Python and Node on real databases: `tests/foreign/hunt`.

use std::{
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    common, program,
    services::{mysql, postgres, redis},
};

const SCHEMA: &str = include_str!("../../schema/hunt.schema.json");

/// The longest time of a hunt of a small service.
const LONGEST: Duration = Duration::from_mins(2);

/// A service in tests/foreign/hunt.
#[derive(Clone)]
struct Service {
    language: &'static str,
    kind: &'static str,
    db: String,
    port: u16,
    /// The beginning of the names of its tables and keys.
    prefix: String,
}

impl Service {
    fn new(language: &'static str, kind: &'static str, db: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        Self {
            language,
            kind,
            db,
            port,
            prefix: format!("hunt_{port}"),
        }
    }

    /// The same service with another claim: as if its code was changed.
    fn changed_to(&self, kind: &'static str) -> Self {
        Self {
            kind,
            ..self.clone()
        }
    }

    /// A command with the environment of the service.
    fn with_environment(&self, mut command: Command) -> Command {
        command
            .env("DATABASE_URL", &self.db)
            .env("REDIS_URL", redis())
            .env("PORT", self.port.to_string())
            .env("TABLE_PREFIX", &self.prefix);
        command
    }

    fn script(&self, words: &[&str]) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
        let mut command = self.with_environment(Command::new(folder.join("hunt-services")));
        command.args(words).stdin(Stdio::null());
        command
    }

    /// Writes the target file.
    fn described(&self, folder: &Path) -> String {
        let port = self.port.to_string();
        let written = self.script(&["target", self.kind, &port, &self.prefix]);
        let written = output_of(written);
        let path = folder.join(format!("{}.toml", self.kind));
        std::fs::write(&path, written.stdout).expect("written");
        path.display().to_string()
    }

    /// The gates in front of the service's database and of Redis.
    fn gates(&self) -> String {
        let flag = if self.db.starts_with("mysql") {
            "--mysql"
        } else {
            "--postgres"
        };
        let host = |url: &str| {
            let (_, address) = url
                .rsplit_once('@')
                .or(url.split_once("//"))
                .expect("a URL");
            address.split('/').next().unwrap_or_default().to_owned()
        };
        format!("{flag} {} --redis {}", host(&self.db), host(&redis()))
    }

    /// Hunts in the service with these flags. Returns the exit code and the JSON.
    fn hunt(&self, flags: &str) -> (Option<i32>, Value) {
        let folder = tempfile::tempdir().expect("a folder");
        let target = self.described(folder.path());
        let text = std::fs::read_to_string(target).expect("a target file");
        self.hunt_by(&text, flags)
    }

    /// The same with another target file.
    fn hunt_by(&self, text: &str, flags: &str) -> (Option<i32>, Value) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(format!("{}.toml", self.kind));
        std::fs::write(&path, text).expect("written");
        let target = path.display();
        let gates = self.gates();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/hunt-services");
        let mut command = self.with_environment(program::command(&format!(
            "hunt {target} {gates} --json - {flags} --"
        )));
        command.arg(script).args(["run", self.language]);
        let begin = Instant::now();
        let output = output_of(command);
        assert!(begin.elapsed() < LONGEST, "{:?}", begin.elapsed());
        let stderr = String::from_utf8_lossy(&output.stderr);
        let found = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{}: {error}: {stderr}", self.kind));
        common::validate_with(SCHEMA, &found).unwrap_or_else(|problems| panic!("{problems}"));
        (output.status.code(), found)
    }
}

fn output_of(mut command: Command) -> Output {
    command.output().expect("the program starts")
}

fn extents(found: &Value) -> Vec<&str> {
    let cases = found["cases"].as_array().expect("cases");
    cases
        .iter()
        .map(|case| case["extent"].as_str().expect("an extent"))
        .collect()
}

/// The token of the first witness.
fn token(found: &Value) -> &str {
    let cases = found["cases"].as_array().expect("cases");
    let mut witnesses = cases
        .iter()
        .filter_map(|case| case["witness"]["token"].as_str());
    witnesses.next().expect("a witness")
}

const BROKEN: [&str; 6] = [
    "count-insert",
    "read-write-back",
    "lock-commit-after",
    "redis-lock-commit-after",
    "scard-sadd",
    "incr-rollback",
];

const CORRECT: [&str; 4] = ["conditional-update", "for-update", "incr-compensate", "lua"];

/// Each broken kind is found and replayed, and each correct kind is exhausted without an alarm.
fn is_judged_correctly(language: &'static str, db: &str) {
    for kind in BROKEN {
        let service = Service::new(language, kind, db.to_owned());
        let (exit, found) = service.hunt("");
        assert_eq!(exit, Some(3), "{kind}: {found}");
        let (exit, played) = service.hunt(&format!("--replay {} --trials 3", token(&found)));
        assert_eq!(
            (exit, &played["alike"]),
            (Some(3), &json!(3)),
            "{kind}: {played}"
        );
    }
    for kind in CORRECT {
        let (exit, found) = Service::new(language, kind, db.to_owned()).hunt("");
        assert_eq!(exit, Some(0), "{kind}: {found}");
        assert!(
            extents(&found).iter().all(|extent| *extent == "exhausted"),
            "{kind}: {found}"
        );
    }
}

#[test]
fn services_in_python_on_postgres_are_judged_correctly() {
    is_judged_correctly("python", &postgres());
}

#[test]
fn services_in_python_on_mysql_are_judged_correctly() {
    is_judged_correctly("python", &mysql());
}

#[test]
fn services_in_node_on_postgres_are_judged_correctly() {
    is_judged_correctly("node", &postgres());
}

#[test]
fn services_in_node_on_mysql_are_judged_correctly() {
    is_judged_correctly("node", &mysql());
}

#[test]
fn a_service_whose_statements_cannot_be_held_one_by_one_is_not_controllable() {
    for kind in ["pool-of-one", "fan-out"] {
        for language in ["python", "node"] {
            let (exit, found) = Service::new(language, kind, postgres()).hunt("");
            assert_eq!(exit, Some(4), "{kind} in {language}: {found}");
            assert_eq!(extents(&found)[0], "not_controllable", "{kind}: {found}");
        }
    }
}

#[test]
fn the_token_of_a_race_shows_that_the_mended_service_holds() {
    let broken = Service::new("python", "read-write-back", postgres());
    let (_, found) = broken.hunt("");
    let mended = broken.changed_to("for-update");
    let (exit, played) = mended.hunt(&format!("--replay {} --trials 3", token(&found)));
    assert_eq!(exit, Some(0), "{played}");
    assert_eq!(played["last"]["verdict"], "holds", "{played}");
}

#[test]
fn a_setup_that_sets_another_limit_is_no_accusation() {
    let service = Service::new("python", "for-update", postgres());
    let folder = tempfile::tempdir().expect("a folder");
    let target = service.described(folder.path());
    let text = std::fs::read_to_string(&target).expect("a target file");
    let (exit, found) = service.hunt_by(&text.replace("{{limit}}", "5"), "");
    assert_eq!(exit, Some(4), "{found}");
    assert!(
        extents(&found).iter().all(|extent| *extent == "failed"),
        "{found}"
    );
    let (exit, found) = service.hunt_by(&text.replace("{{limit}}", "5"), "--limit 5");
    assert_eq!(exit, Some(0), "{found}");
}

#[test]
fn a_hunt_ends_at_its_bound() {
    let service = Service::new("python", "for-update", postgres());
    let (exit, found) = service.hunt("--schedules 2");
    assert_eq!(exit, Some(4), "{found}");
    assert!(extents(&found).contains(&"bounded"), "{found}");
}

/// A process that a test kills.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_hunt_ends_when_the_service_is_killed() {
    let service = Service::new("python", "redis-lock-commit-after", postgres());
    let folder = tempfile::tempdir().expect("a folder");
    let target = service.described(folder.path());
    let gate = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let first = gate.local_addr().expect("an address").port();
    drop(gate);
    let gates = service.gates();
    let mut hunt = program::command(&format!(
        "hunt {target} {gates} --json - --gate-port {first} --timeout 3s --start-timeout 60s"
    ));
    let hunt = hunt.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut hunt = Killed(hunt.spawn().expect("the hunt starts"));
    let behind = Service {
        db: format!("postgres://coupon:coupon@127.0.0.1:{first}/coupon"),
        ..service
    };
    let mut command = behind.script(&["run", "python"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let started = Killed(command.spawn().expect("the service starts"));
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", behind.port)).is_err() {
        assert!(begin.elapsed() < LONGEST, "the service does not start");
        std::thread::sleep(Duration::from_millis(50));
    }
    // The hunt observes the service for a second before the first schedule.
    std::thread::sleep(Duration::from_millis(1500));
    drop(started);
    let begin = Instant::now();
    while hunt.0.try_wait().expect("a status").is_none() {
        assert!(begin.elapsed() < Duration::from_mins(1), "the hunt hangs");
        std::thread::sleep(Duration::from_millis(50));
    }
    let code = hunt.0.wait().expect("a status").code();
    // The service can be killed before the first schedule (5), in the middle (4), and after the first witness (3).
    assert!(matches!(code, Some(3..=5)), "{code:?}");
}
