//! Runs the binary and reads its report.

use std::{
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::common;

/// The program with these arguments, without the settings of the caller's environment.
pub fn command(args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coupon-bench"));
    command
        .args(args.split_whitespace())
        .stdin(Stdio::null())
        .env_remove("COUPON_BENCH_DB")
        .env_remove("COUPON_BENCH_REDIS")
        .env_remove("COUPON_BENCH_KAFKA")
        .env_remove("COUPON_BENCH_TLS_CA")
        .env_remove("GITHUB_STEP_SUMMARY");
    command
}

/// The result of a run.
pub struct Ran {
    pub exit: Option<i32>,
    pub report: Value,
    pub stderr: String,
    pub took: Duration,
}

impl Ran {
    /// The value of each run at a JSON pointer, such as `/ledger/issued`.
    pub fn each(&self, pointer: &str) -> Vec<Value> {
        let runs = self.report["runs"].as_array().expect("runs");
        runs.iter()
            .map(|run| run.pointer(pointer).unwrap_or(&Value::Null).clone())
            .collect()
    }

    pub fn verdicts(&self) -> Vec<Value> {
        self.each("/verdict")
    }
}

/// Runs `run` with these flags and returns its report, validated against the schema.
pub fn run(args: &str) -> Ran {
    let begin = Instant::now();
    let output = command(&format!("run --json - {args}"))
        .output()
        .expect("the program starts");
    read(output, begin.elapsed())
}

/// Parses the output of a run.
pub fn read(output: Output, took: Duration) -> Ran {
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("no report ({error}); stderr: {stderr}"));
    common::validate(&report).unwrap_or_else(|problems| panic!("{problems}\n{report}"));
    let exit = output.status.code();
    assert_eq!(
        report["exit_code"].as_i64(),
        exit.map(i64::from),
        "{stderr}"
    );
    Ran {
        exit,
        report,
        stderr,
        took,
    }
}
