//! Runs every command of the documentation in a shell, in the order of its page.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::LazyLock,
};

use crate::services::{kafka, mysql, postgres, redis};

const PAGES: [&str; 9] = [
    "README.md",
    "README.ko.md",
    "docs/ci.md",
    "docs/fuzzing.md",
    "docs/services.md",
    "docs/measuring.md",
    "docs/talk.md",
    "docs/strategies.md",
    "docs/targets.md",
];

/// Commands of a page other than this program. The test only checks that a script exists.
const OTHER: [&str; 5] = ["scripts/", "eval ", "cargo install", "docker ", "wrk "];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A command of a page with the output that the page shows.
struct Example {
    command: String,
    shown: Vec<String>,
}

/// The commands after `$ ` in the console blocks of a page, with continued lines, and the output below each.
fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut inside = false;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            let mut command = command.to_owned();
            while let Some(more) = command.strip_suffix('\\') {
                command = format!("{more}{}", lines.next().unwrap_or_default().trim());
            }
            let shown = Vec::new();
            examples.push(Example { command, shown });
        } else if let Some(example) = examples.last_mut().filter(|_| inside) {
            example.shown.push(line.to_owned());
        }
    }
    examples
}

fn commands(page: &str) -> Vec<String> {
    let examples = examples(page).into_iter();
    examples.map(|example| example.command).collect()
}

/// Whether the shown lines equal the printed ones. A shown line `…` matches any number of lines.
fn is_shown(shown: &[String], printed: &[&str]) -> bool {
    let Some((first, rest)) = shown.split_first() else {
        return printed.is_empty();
    };
    if first == "…" {
        return (0..=printed.len()).any(|skipped| is_shown(rest, &printed[skipped..]));
    }
    printed
        .split_first()
        .is_some_and(|(line, left)| line == first && is_shown(rest, left))
}

/// A free address for the server of a page.
fn free() -> &'static str {
    static FREE: LazyLock<String> = LazyLock::new(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("its address").to_string()
    });
    &FREE
}

/// Replaces the services of a command by those of the tests.
fn on_the_tests_services(command: &str) -> String {
    let postgres = postgres();
    [
        ("cargo run --release --", "coupon-bench"),
        ("postgres://bench@localhost/bench", &postgres),
        ("postgres://user:password@localhost/shop", &postgres),
        ("mysql://bench@localhost/bench", &mysql()),
        ("redis://localhost", &redis()),
        ("localhost:9092", &kafka()),
        ("127.0.0.1:8080", free()),
    ]
    .into_iter()
    .fold(command.to_owned(), |command, (from, to)| {
        command.replace(from, to)
    })
}

/// A folder with the files that the pages use.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["scenarios", "results"] {
        let link = folder.path().join(name);
        std::os::unix::fs::symlink(root().join(name), link).expect("a link");
    }
    folder
}

fn path() -> String {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_coupon-bench"));
    let folder = binary.parent().expect("a folder").display().to_string();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

/// A shell in the folder of a page.
fn shell(command: &str, folder: &Path) -> Command {
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &on_the_tests_services(command)])
        .current_dir(folder)
        .env("PATH", path())
        .env_remove("GITHUB_STEP_SUMMARY");
    shell
}

/// A server that a page starts. It runs until the page ends.
struct Server(Child);

impl Server {
    /// Starts the server and waits until it listens.
    fn start(command: &str, folder: &Path) -> Self {
        let command = format!("exec {command}");
        let mut child = shell(&command, folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        let read = BufReader::new(stdout).read_line(&mut line);
        assert!(read.is_ok_and(|length| length > 0), "{command} ends");
        Self(child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// Runs a command of a page, and returns its output.
fn run(page: &str, command: &str, folder: &Path) -> String {
    let output = shell(command, folder).output().expect("bash");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let code = output.status.code();
    // The exit code is that of a verdict, and never that of an error.
    assert!(
        matches!(code, Some(0 | 3 | 4)),
        "{page}: {command}: {code:?}\n{stderr}"
    );
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!printed.is_empty(), "{page}: {command} prints nothing");
    printed
}

#[test]
fn every_command_of_the_documentation_runs_and_prints_the_shown_output() {
    // A command on several pages runs once, unless it belongs to a sequence of commands.
    let mut printed: HashMap<String, String> = HashMap::new();
    for name in PAGES {
        let folder = folder();
        let mut servers = Vec::new();
        for Example { command, shown } in examples(&page(name)) {
            if OTHER.iter().any(|other| command.starts_with(other)) {
                continue;
            }
            if command.contains(" serve ") && !command.contains("--print-target") {
                servers.push(Server::start(&command, folder.path()));
                continue;
            }
            let printed = printed
                .entry(command.clone())
                .or_insert_with(|| run(name, &command, folder.path()));
            let lines: Vec<_> = printed.lines().collect();
            // The output of a search does not depend on the machine.
            assert!(
                shown.is_empty() || !command.contains(" explore ") || is_shown(&shown, &lines),
                "{name}: {command} prints\n{printed}"
            );
        }
    }
    assert!(printed.len() > 20, "{:?}", printed.keys());
}

#[test]
fn both_readmes_show_the_same_commands() {
    assert_eq!(
        commands(&page("README.md")),
        commands(&page("README.ko.md"))
    );
}

#[test]
fn named_scripts_exist() {
    for name in PAGES {
        for command in commands(&page(name)) {
            if let Some(script) = command
                .split_whitespace()
                .next()
                .filter(|word| word.starts_with("scripts/"))
            {
                assert!(root().join(script).is_file(), "{name}: {script}");
            }
        }
    }
}
