//! `coupon-bench serve`.

use std::io::{self, IsTerminal, Write};

use tokio::{runtime::Runtime, sync::watch};

use super::{CommandError, SHUTDOWN, complain, run::on_signal, style};
use crate::{
    cli::{
        Cli,
        serve::{ServeArgs, resolve},
    },
    engine::limits::{self, Needs},
    input::Env,
    judge::exit,
    render::{Destination, Style, served},
    serve::{self, Listening, ServeError, ServeSettings, Served},
    text::redact,
};

/// Serves until a signal stops the server; with `--print-target`, prints the target file.
pub fn run(cli: &Cli, args: &ServeArgs, env: Env<'_>) -> Result<u8, CommandError> {
    let plan = resolve(args, env)?;
    if args.print_target {
        Destination::Stdout.write(&serve::target(&plan))?;
        return Ok(exit::OK);
    }
    limits::check(&Needs::of_strategy(plan.entry, &plan.scenario))?;
    let quiet = Style {
        color: cli.global.color.enabled(io::stderr().is_terminal(), env),
        ..style(cli, env)
    };
    let runtime = Runtime::new()?;
    let served = runtime.block_on(perform(&plan, quiet));
    runtime.shutdown_timeout(SHUTDOWN);
    let served = match served {
        Ok(served) => served,
        Err(error @ ServeError::Listen(..)) => {
            return Err(CommandError::Refused(error.to_string()));
        }
        Err(error @ ServeError::Open(_)) => {
            complain(&error.to_string());
            return Ok(exit::SERVICE);
        }
    };
    for problem in &served.left_behind {
        complain(problem);
    }
    Destination::Stdout.write(&served::closing(&plan, &served, style(cli, env)))?;
    Ok(exit_code(&served))
}

async fn perform(plan: &ServeSettings, quiet: Style) -> Result<Served, ServeError> {
    let (stop, stopped) = watch::channel(false);
    let signals = tokio::spawn(on_signal(stop));
    let announce = |listening: &Listening<'_>| announce(plan, listening, quiet);
    let served = serve::serve(plan.clone(), announce, stopped).await;
    signals.abort();
    served
}

/// Writes the address to stdout, for scripts that wait for it, and the greeting to stderr.
fn announce(plan: &ServeSettings, listening: &Listening<'_>, quiet: Style) {
    // A closed stream does not stop the server.
    let _ = Destination::Stdout.write(&format!("listening on {}\n", listening.at));
    let greeting = served::greeting(plan, listening, quiet);
    let _ = io::stderr().write_all(redact::output(&greeting).as_bytes());
}

/// An error of the drain, the ledger or the removal is inconclusive: the responses of the server are not proved.
fn exit_code(served: &Served) -> u8 {
    let trouble = served
        .drained
        .as_ref()
        .and_then(|drained| drained.trouble.as_ref());
    if served.left_behind.is_empty() && served.ledger.is_ok() && trouble.is_none() {
        exit::OK
    } else {
        exit::INCONCLUSIVE
    }
}
