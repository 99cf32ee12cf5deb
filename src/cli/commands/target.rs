//! `coupon-bench target`: a file to begin with, and one claim before anybody fires ten thousand.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use tokio::runtime::Runtime;

use super::{Failure, SHUTDOWN, complain, say, style};
use crate::{
    adapters::{
        OpenError,
        http::{EndpointError, Remote},
    },
    cli::{
        Cli,
        target::{CheckArgs, NewArgs, TargetCommand},
    },
    config::scenario::{Scenario, Subject},
    input::Env,
    judge::exit,
    render::{Destination, check},
    service::{
        STARTER, Target, stage,
        trial::{Trial, run as try_out},
    },
};

/// Does what was asked.
pub fn run(cli: &Cli, command: &TargetCommand, env: Env<'_>) -> Result<u8, Failure> {
    match command {
        TargetCommand::New(args) => new(args),
        TargetCommand::Check(args) => check(cli, args, env),
    }
}

/// Writes the file to begin with; one that is there may be somebody's work.
fn new(args: &NewArgs) -> Result<u8, Failure> {
    if args.file == Path::new("-") {
        Destination::Stdout.write(STARTER)?;
        return Ok(exit::OK);
    }
    let shown = args.file.display().to_string();
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&args.file);
    let mut file = created.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::Refused(format!("{shown} is there already: name another file"))
        }
        _ => Failure::Refused(format!("cannot write {shown}: {error}")),
    })?;
    file.write_all(STARTER.as_bytes())?;
    Destination::Stdout.write(&format!(
        "wrote {shown}: say in it how your service is asked, then try\n  coupon-bench target check {shown}\n"
    ))?;
    Ok(exit::OK)
}

fn check(cli: &Cli, args: &CheckArgs, env: Env<'_>) -> Result<u8, Failure> {
    let mut target = Target::read(&args.file, env)?;
    let patience = args.patience()?;
    if args.allow_remote {
        target.reach.remote = Remote::Allowed;
    }
    let target = Arc::new(target);
    let runtime = Runtime::new()?;
    let what = Sending {
        users: 1,
        attempts: 1,
    };
    runtime.block_on(announce(&target, what))?;
    let tried = runtime.block_on(try_out(&target, args.limit, patience));
    runtime.shutdown_timeout(SHUTDOWN);
    match tried {
        Ok(tried) => {
            let text = check::render(&tried, &target, style(cli, env));
            Destination::Stdout.write(&text)?;
            Ok(match tried {
                Trial { .. } if tried.has_failed() => exit::SERVICE,
                Trial { doubts, .. } if doubts.is_empty() => exit::OK,
                Trial { .. } => exit::INCONCLUSIVE,
            })
        }
        Err(error) => {
            // Here the file is no flag's.
            complain(
                &OpenError {
                    flag: "FILE",
                    ..error
                }
                .to_string(),
            );
            Ok(exit::SERVICE)
        }
    }
}

/// How much is about to be sent.
#[derive(Clone, Copy)]
pub(super) struct Sending {
    users: u64,
    attempts: u64,
}

/// Refuses load for another machine that nobody has allowed, and says what goes where if somebody has.
pub(super) fn check_destination(scenario: &Scenario) -> Result<(), Failure> {
    let targets = scenario
        .subjects
        .iter()
        .filter_map(|subject| match subject {
            Subject::Target(target) => Some(target),
            Subject::Strategy(_) => None,
        });
    let what = Sending {
        users: scenario.workload.users,
        attempts: scenario.workload.total_attempts() * u64::from(scenario.trials),
    };
    let runtime = Runtime::new()?;
    for target in targets {
        runtime.block_on(announce(target, what))?;
    }
    Ok(())
}

async fn announce(target: &Target, what: Sending) -> Result<(), Failure> {
    let endpoint = match stage::endpoint(target).await {
        Ok(endpoint) if endpoint.is_loopback() => return Ok(()),
        Ok(endpoint) => endpoint,
        Err(error @ EndpointError::Remote { .. }) => {
            return Err(Failure::Refused(target.secrets.mask(&error.to_string())));
        }
        // Whatever else is wrong is told by the run.
        Err(_) => return Ok(()),
    };
    let Sending { users, attempts } = what;
    say(&format!(
        "note: this leaves the machine: {attempts} × {} as {users} users, {} requests of each user before, and {} setup requests, to {} ({})",
        target.claim.name,
        target.steps.len(),
        target.setup.len(),
        target.address(),
        endpoint.addresses().join(", "),
    ));
    Ok(())
}
