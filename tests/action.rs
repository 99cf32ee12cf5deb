//! The scripts of `action.yml`, run with a fake `cargo` and a fake `rustup` that record their arguments.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// The script of a step, without its indentation.
fn script(step: &str) -> String {
    let file = fs::read_to_string(root().join("action.yml")).expect("action.yml");
    let from = file.find(&format!("- name: {step}\n")).expect("the step");
    let (_, after) = file[from..].split_once("run: |\n").expect("its script");
    let indented = after
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("        "));
    indented
        .map(|line| line.trim_start_matches("        ").to_owned() + "\n")
        .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A runner: a copy of the action without a repository, the repository of the action, and the fake programs.
struct Runner {
    folder: TempDir,
}

impl Runner {
    fn new(programs: &[&str]) -> Self {
        let runner = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        for folder in ["bin", "action", "report"] {
            fs::create_dir(runner.path(folder)).expect("a folder");
        }
        fs::copy(root().join("Cargo.toml"), runner.path("action/Cargo.toml")).expect("a copy");
        for program in programs {
            runner.program(program, "echo \"${0##*/} $*\" >>\"$CALLS\"");
        }
        runner.repository();
        runner
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str, does: &str) {
        let file = self.path("bin").join(name);
        fs::write(&file, format!("#!/bin/bash\n{does}\n")).expect("a program");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    /// `file://…/host/owner/repo` with a tag and a branch.
    fn repository(&self) {
        let folder = self.path("host/owner/repo");
        fs::create_dir_all(&folder).expect("a folder");
        for words in [
            "init --quiet --initial-branch main",
            "-c user.name=a -c user.email=a@b commit --quiet --allow-empty --message first",
            "tag v1.2.3",
            "branch next",
        ] {
            let git = Command::new("git")
                .args(words.split(' '))
                .current_dir(&folder)
                .status();
            assert!(git.expect("git").success(), "{words}");
        }
    }

    /// Runs the script of a step. Returns its output and the recorded arguments.
    fn run(&self, step: &str, variables: &[(&str, &str)]) -> (Output, Vec<String>) {
        let calls = self.path("calls");
        // Programs of this machine are not in the search path.
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let output = Command::new("bash")
            .args([
                "--noprofile",
                "--norc",
                "-eo",
                "pipefail",
                "-c",
                &script(step),
            ])
            .env("PATH", path)
            .env("CALLS", &calls)
            .env("SOURCE", self.path("action"))
            .env(
                "REPOSITORY",
                format!("file://{}/owner/repo", self.path("host").display()),
            )
            .env("GITHUB_OUTPUT", self.path("output"))
            .envs(variables.iter().copied())
            .output()
            .expect("bash");
        let told = fs::read_to_string(calls).unwrap_or_default();
        (output, told.lines().map(str::to_owned).collect())
    }
}

fn rust_version() -> String {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let line = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "));
    line.expect("a rust-version").trim_matches('"').to_owned()
}

#[test]
fn the_program_is_built_from_the_action_with_the_required_compiler() {
    let runner = Runner::new(&["cargo", "rustup"]);
    let (output, told) = runner.run("Build coupon-bench", &[("VERSION", "")]);
    assert!(output.status.success(), "{output:?}");
    let rust = rust_version();
    let source = runner.path("action");
    assert_eq!(
        told,
        [
            format!("rustup toolchain install {rust} --profile minimal --no-self-update"),
            format!("cargo +{rust} install --locked --path {}", source.display()),
        ]
    );
}

#[test]
fn a_version_comes_from_the_repository_of_the_action() {
    let revision = "0123456789abcdef0123456789abcdef01234567";
    for (version, expected) in [
        ("v1.2.3", "--tag v1.2.3"),
        ("next", "--branch next"),
        (revision, &*format!("--rev {revision}")),
    ] {
        // An installed program may have another version.
        let runner = Runner::new(&["cargo", "rustup", "coupon-bench"]);
        let (output, told) = runner.run("Build coupon-bench", &[("VERSION", version)]);
        assert!(output.status.success(), "{output:?}");
        let last = told.last().expect("cargo was called");
        let (_, from) = last.split_once("install --locked ").expect("an install");
        let repository = format!("file://{}/owner/repo", runner.path("host").display());
        assert_eq!(from, format!("--git {repository} {expected}"));
    }
}

#[test]
fn an_installed_program_is_used() {
    let runner = Runner::new(&["cargo", "rustup", "coupon-bench"]);
    let (output, told) = runner.run("Build coupon-bench", &[("VERSION", "")]);
    assert!(output.status.success(), "{output:?}");
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn a_runner_without_rustup_gets_an_error() {
    if Path::new("/usr/bin/rustup").exists() {
        // The script also searches there, and would find it.
        return;
    }
    let runner = Runner::new(&["cargo"]);
    let (output, told) = runner.run("Build coupon-bench", &[("VERSION", "")]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("::error::") && said.contains("rustup"),
        "{said}"
    );
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn the_step_has_the_exit_code_of_the_run_and_splits_its_arguments() {
    let runner = Runner::new(&[]);
    runner.program(
        "coupon-bench",
        "printf '<%s>\\n' \"$@\" >>\"$CALLS\"; exit 3",
    );
    let report = runner.path("report");
    let report = report.to_str().expect("a path");
    let arguments = "-s naive --assert 'issued == 100' $(touch injected)";
    let (output, told) = runner.run("Run", &[("ARGS", arguments), ("REPORT", report)]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert_eq!(
        told[..5],
        ["<run>", "<-s>", "<naive>", "<--assert>", "<issued == 100>"]
    );
    assert!(told.contains(&"<$(touch>".to_owned()), "{told:?}");
    let written = fs::read_to_string(runner.path("output")).expect("an output");
    assert_eq!(written, "exit-code=3\n");
}
