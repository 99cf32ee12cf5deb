//! The commands: each puts its parts together, prints, and ends with an exit code.

mod ceiling;
mod clean;
mod compare;
mod documents;
mod explore;
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

/// For the report where the terminal does not say.
const WIDTH: usize = 100;

/// What threads may still do after the last line of output: nothing that anybody waits for.
const SHUTDOWN: Duration = Duration::from_millis(200);

/// How a command ends without having done its work.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Usage(#[from] crate::input::UsageError),
    #[error("{0}: {1}")]
    Unknown(String, String),
    #[error("failed to open {0} ({place}): {2}", place = redact::value(.1))]
    Output(&'static str, String, io::Error),
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Limits(#[from] limits::Shortage),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_)
            | Self::Unknown(..)
            | Self::Output(..)
            | Self::Refused(_)
            | Self::Limits(_) => exit::USAGE,
            Self::Io(_) => exit::UNEXPECTED,
        }
    }
}

/// Does what was asked; the exit code.
pub fn run(cli: &Cli) -> u8 {
    let env: Env<'_> = &|name| std::env::var_os(name);
    log(cli, env);
    let done = match &cli.command {
        Command::Run(args) => run::run(cli, args, env),
        Command::Compare(args) => compare::run(cli, args, env),
        Command::Explore(args) => explore::run(cli, args, env),
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
    done.unwrap_or_else(|failure| {
        complain(&failure.to_string());
        failure.exit_code()
    })
}

/// Says what is wrong with the arguments; the exit code.
pub fn usage(error: &clap::Error) -> u8 {
    let env: Env<'_> = &|name| std::env::var_os(name);
    let to_stderr = error.use_stderr();
    // What clap does not understand, it repeats, and a value may have spaces in it.
    for typed in std::env::args() {
        redact::remember_typed(&typed);
    }
    let terminal = if to_stderr {
        io::stderr().is_terminal()
    } else {
        io::stdout().is_terminal()
    };
    let text = cli::clap_error::clap_error(error, crate::cli::Color::Auto.enabled(terminal, env));
    // Nobody to tell is nothing to fail for.
    let _ = if to_stderr {
        io::stderr().write_all(text.as_bytes())
    } else {
        io::stdout().write_all(text.as_bytes())
    };
    u8::try_from(error.exit_code()).unwrap_or(exit::USAGE)
}

fn strategies(cli: &Cli, args: &StrategiesArgs, env: Env<'_>) -> Result<u8, Failure> {
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

fn strategy(name: &str) -> Result<&'static Entry, Failure> {
    let found = crate::config::strategies::known_strategy(name);
    found.map_err(|problem| Failure::Unknown(problem.what, problem.advice))
}

fn examine(cli: &Cli, args: &DoctorArgs, env: Env<'_>) -> Result<u8, Failure> {
    let services = doctor_services(&args.services, env)?;
    limits::check(&Needs::of_services(&services, |_| true))?;
    let runtime = Runtime::new()?;
    let findings = runtime.block_on(doctor::examine(&services));
    runtime.shutdown_timeout(SHUTDOWN);
    Destination::Stdout.write(&doctor::render(&findings, style(cli, env)))?;
    let all_well = findings.iter().all(|finding| finding.answer.is_ok());
    Ok(if all_well { exit::OK } else { exit::SERVICE })
}

/// One of several processes of a run.
fn instance() -> Result<u8, Failure> {
    let runtime = Runtime::new()?;
    let well = runtime.block_on(instances::child());
    runtime.shutdown_timeout(SHUTDOWN);
    Ok(if well { exit::OK } else { exit::SERVICE })
}

/// How stdout wants it.
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

/// A note to stderr.
fn say(text: &str) {
    // Nobody to tell is nothing to fail for.
    let _ = writeln!(io::stderr(), "{}", printable(&redact::output(text)));
}

/// One line, or a few where an expression is shown, to stderr.
fn complain(text: &str) {
    say(&format!("error: {text}"));
}

/// `-v` and more of them: what happens, to stderr.
fn log(cli: &Cli, env: Env<'_>) {
    let level = cli.global.level();
    let filter = tracing_subscriber::EnvFilter::new(format!("off,coupon_bench={level}"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| redact::Stderr)
        .with_ansi(cli.global.color.enabled(io::stderr().is_terminal(), env))
        .with_target(false);
    // Set already only where this is not the program but a test.
    let _ = subscriber.try_init();
}
