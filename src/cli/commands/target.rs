//! `coupon-bench target`: creates a target file, and checks one with a single claim.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use tokio::runtime::Runtime;

use super::{CommandError, SHUTDOWN, complain, say, style};
use crate::{
    adapters::{
        OpenError,
        http::{Endpoint, EndpointError, Remote},
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
        STARTER, Target,
        check::{ServiceCheck, check as check_service},
        connected,
    },
};

/// Runs the subcommand.
pub fn run(cli: &Cli, command: &TargetCommand, env: Env<'_>) -> Result<u8, CommandError> {
    match command {
        TargetCommand::New(args) => new(args),
        TargetCommand::Check(args) => check(cli, args, env),
    }
}

/// Writes the commented target file. An existing file is not overwritten.
fn new(args: &NewArgs) -> Result<u8, CommandError> {
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
            CommandError::Refused(format!("{shown} exists already: name another file"))
        }
        _ => CommandError::Refused(format!("cannot write {shown}: {error}")),
    })?;
    file.write_all(STARTER.as_bytes())?;
    Destination::Stdout.write(&format!(
        "wrote {shown}: describe the requests of your service in it, then run\n  coupon-bench target check {shown}\n"
    ))?;
    Ok(exit::OK)
}

fn check(cli: &Cli, args: &CheckArgs, env: Env<'_>) -> Result<u8, CommandError> {
    let mut target = Target::read(&args.file, env)?;
    let timeout = args.timeout()?;
    if args.allow_remote {
        target.reach.remote = Remote::Allowed;
    }
    let target = Arc::new(target);
    let runtime = Runtime::new()?;
    let load = PlannedLoad {
        users: 1,
        attempts: 1,
    };
    runtime.block_on(announce(&target, load))?;
    let tried = runtime.block_on(check_service(&target, args.limit, timeout));
    runtime.shutdown_timeout(SHUTDOWN);
    match tried {
        Ok(tried) => {
            let text = check::render(&tried, &target, style(cli, env));
            Destination::Stdout.write(&text)?;
            Ok(match tried {
                ServiceCheck { .. } if tried.has_failed() => exit::SERVICE,
                ServiceCheck { doubts, .. } if doubts.is_empty() => exit::OK,
                ServiceCheck { .. } => exit::INCONCLUSIVE,
            })
        }
        Err(error) => {
            // The file of this command is an argument and not a flag.
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

/// The load that is about to be sent.
#[derive(Clone, Copy)]
pub(super) struct PlannedLoad {
    users: u64,
    attempts: u64,
}

/// Refuses load on another machine without `--allow-remote`. With the flag, prints the load and its destination.
pub(super) fn check_destination(scenario: &Scenario) -> Result<(), CommandError> {
    let targets = scenario
        .subjects
        .iter()
        .filter_map(|subject| match subject {
            Subject::Target(target) => Some(target),
            Subject::Strategy(_) => None,
        });
    let load = PlannedLoad {
        users: scenario.workload.users,
        attempts: scenario.workload.total_attempts() * u64::from(scenario.trials),
    };
    let runtime = Runtime::new()?;
    for target in targets {
        runtime.block_on(announce(target, load))?;
    }
    Ok(())
}

/// The address of a service on another machine; `None` for one on this machine. Without `--allow-remote`, another machine is an error.
pub(super) async fn destination(target: &Target) -> Result<Option<Endpoint>, CommandError> {
    match connected::endpoint(target).await {
        Ok(endpoint) => Ok(Some(endpoint).filter(|endpoint| !endpoint.is_loopback())),
        Err(error @ EndpointError::Remote { .. }) => Err(CommandError::Refused(
            target.secrets.mask(&error.to_string()),
        )),
        // The run reports every other error.
        Err(_) => Ok(None),
    }
}

async fn announce(target: &Target, load: PlannedLoad) -> Result<(), CommandError> {
    let Some(endpoint) = destination(target).await? else {
        return Ok(());
    };
    let PlannedLoad { users, attempts } = load;
    say(&format!(
        "note: the load leaves this machine: {attempts} × {} as {users} users, {} requests of each user before, and {} setup requests, to {} ({})",
        target.claim.name,
        target.steps.len(),
        target.setup.len(),
        target.address(),
        endpoint.addresses().join(", "),
    ));
    Ok(())
}
