//! The program: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser;
use coupon_bench::{cli::Cli, commands};

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => ExitCode::from(commands::run(&cli)),
        Err(error) => ExitCode::from(commands::usage(&error)),
    }
}
