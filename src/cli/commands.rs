//! The commands: each calls the engine, writes the result, and returns an exit code.

mod ceiling;
mod clean;
mod compare;
mod explore;
mod hunt;
mod manual;
mod outputs;
mod replay;
mod run;
mod serve;
mod target;

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use tokio::runtime::Runtime;

use crate::{
    cli::{self, Cli, Command, DoctorArgs, StrategiesArgs, doctor},
    config::doctor_services,
    engine::{
        limits::{self, Needs},
        run::instances,
    },
    input::Env,
    judge::exit,
    render::{Destination, Style, catalogue},
    strategies::{Entry, REGISTRY},
    text::{printable, redact},
};

/// Columns of the text report where stdout is not a terminal.
const WIDTH: usize = 100;

/// The time that threads have to end after the last line of output. No result depends on them any more.
const SHUTDOWN: Duration = Duration::from_millis(200);

/// Why a command ended before its result.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Usage(#[from] crate::input::UsageError),
    #[error("{0}: {1}")]
    UnknownName(String, String),
    #[error("failed to open {0} ({place}): {2}", place = redact::value(.1))]
    Output(&'static str, String, io::Error),
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Limits(#[from] limits::Shortage),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl CommandError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_)
            | Self::UnknownName(..)
            | Self::Output(..)
            | Self::Refused(_)
            | Self::Limits(_) => exit::USAGE,
            Self::Io(_) => exit::UNEXPECTED,
        }
    }
}

/// Runs the command of the arguments, and returns the exit code.
pub fn run(cli: &Cli) -> u8 {
    let env: Env<'_> = &|name| std::env::var_os(name);
    log(cli, env);
    let result = match &cli.command {
        Command::Run(args) => run::run(cli, args, env),
        Command::Compare(args) => compare::run(cli, args, env),
        Command::Explore(args) => explore::run(cli, args, env),
        Command::Hunt(args) => hunt::run(cli, args, env),
        Command::Replay(args) => replay::run(cli, args, env),
        Command::Serve(args) => serve::run(cli, args, env),
        Command::Target(args) => target::run(cli, &args.command, env),
        Command::Strategies(args) => strategies(cli, args, env),
        Command::Ceiling(args) => ceiling::run(cli, args, env),
        Command::Clean(args) => clean::run(args, env),
        Command::Doctor(args) => examine(cli, args, env),
        Command::Completions(args) => manual::completions(args),
        Command::Man(args) => manual::man(args),
        Command::Instance => instance(),
    };
    result.unwrap_or_else(|error| {
        complain(&error.to_string());
        error.exit_code()
    })
}

/// Prints clap's error about the arguments, or the help, and returns the exit code.
pub fn usage(error: &clap::Error) -> u8 {
    let env: Env<'_> = &|name| std::env::var_os(name);
    let to_stderr = error.use_stderr();
    // clap repeats an argument that it does not understand, and the argument may hold a password and spaces.
    for argument in std::env::args() {
        redact::remember_typed(&argument);
    }
    let terminal = if to_stderr {
        io::stderr().is_terminal()
    } else {
        io::stdout().is_terminal()
    };
    let text = cli::clap_error::clap_error(error, crate::cli::Color::Auto.enabled(terminal, env));
    // A closed stream does not change the exit code.
    let _ = if to_stderr {
        io::stderr().write_all(text.as_bytes())
    } else {
        io::stdout().write_all(text.as_bytes())
    };
    u8::try_from(error.exit_code()).unwrap_or(exit::USAGE)
}

fn strategies(cli: &Cli, args: &StrategiesArgs, env: Env<'_>) -> Result<u8, CommandError> {
    let text = match &args.name {
        Some(name) => catalogue::strategy(strategy(name)?, style(cli, env)),
        None if args.json => catalogue::json(REGISTRY).map_err(io::Error::from)?,
        None if args.markdown => {
            let found = crate::engine::explore::catalogue().map_err(io::Error::other)?;
            catalogue::markdown(&found)
        }
        None => catalogue::table(REGISTRY, style(cli, env)),
    };
    Destination::Stdout.write(&text)?;
    Ok(exit::OK)
}

fn strategy(name: &str) -> Result<&'static Entry, CommandError> {
    let found = crate::config::strategies::known_strategy(name);
    found.map_err(|problem| CommandError::UnknownName(problem.what, problem.advice))
}

fn examine(cli: &Cli, args: &DoctorArgs, env: Env<'_>) -> Result<u8, CommandError> {
    let services = doctor_services(&args.services, env)?;
    limits::check(&Needs::of_services(&services, |_| true))?;
    let runtime = Runtime::new()?;
    let checks = runtime.block_on(doctor::examine(&services));
    runtime.shutdown_timeout(SHUTDOWN);
    Destination::Stdout.write(&doctor::render(&checks, style(cli, env)))?;
    let all_ok = checks.iter().all(|check| check.info.is_ok());
    Ok(if all_ok { exit::OK } else { exit::SERVICE })
}

/// A process of `--instances`.
fn instance() -> Result<u8, CommandError> {
    let runtime = Runtime::new()?;
    let ok = runtime.block_on(instances::child());
    runtime.shutdown_timeout(SHUTDOWN);
    Ok(if ok { exit::OK } else { exit::SERVICE })
}

/// The colour and width of text on stdout.
fn style(cli: &Cli, env: Env<'_>) -> Style {
    let columns = terminal_width();
    Style {
        color: cli.global.color.enabled(io::stdout().is_terminal(), env),
        width: columns.unwrap_or(WIDTH).clamp(60, 120),
    }
}

fn terminal_width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let (_, columns) = console::Term::stdout().size_checked()?;
    Some(usize::from(columns))
}

/// Writes a line to stderr.
fn say(text: &str) {
    // A closed stderr does not change the exit code.
    let _ = writeln!(io::stderr(), "{}", printable(&redact::output(text)));
}

/// Writes an error to stderr: one line, or several where an expression is shown.
fn complain(text: &str) {
    say(&format!("error: {text}"));
}

/// Sends the log to stderr, at the level of `-v`.
fn log(cli: &Cli, env: Env<'_>) {
    let level = cli.global.level();
    let filter = tracing_subscriber::EnvFilter::new(format!("off,coupon_bench={level}"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| redact::Stderr)
        .with_ansi(cli.global.color.enabled(io::stderr().is_terminal(), env))
        .with_target(false);
    // It fails only in a test, where a subscriber is set already.
    let _ = subscriber.try_init();
}
