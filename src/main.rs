//! The program: parse, run, exit code.

use std::process::ExitCode;

use coupon_bench::cli::{Cli, commands};

fn main() -> ExitCode {
    match Cli::parse_args(std::env::args_os()) {
        Ok(cli) => ExitCode::from(commands::run(&cli)),
        Err(error) => ExitCode::from(commands::usage(&error)),
    }
}
