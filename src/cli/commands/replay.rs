//! `coupon-bench replay`.

use tokio::{runtime::Runtime, sync::watch};

use super::{
    CommandError, SHUTDOWN, complain,
    outputs::{DocumentFiles, OutputWriter},
    run::on_signal,
    style,
};
use crate::{
    adapters::OpenError,
    cli::{
        Cli,
        replay::{ReplayArgs, ReplayConfig, resolve},
    },
    engine::{
        limits::{self, Needs},
        replay::{self, ReplayResult, ReplaySettings},
    },
    input::Env,
    judge::exit,
    model::verdict::Verdict,
    render::{interleaving, replay as output},
};

/// Replays a schedule and writes the results.
pub fn run(cli: &Cli, args: &ReplayArgs, env: Env<'_>) -> Result<u8, CommandError> {
    let ReplayConfig { plan, documents } = resolve(args, env)?;
    limits::check(&Needs::of_services(&plan.services, |need| {
        plan.entry.needs(need)
    }))?;
    let files = DocumentFiles::open(&documents)?;

    let runtime = Runtime::new()?;
    let (played, failed) = runtime.block_on(perform(&plan));
    runtime.shutdown_timeout(SHUTDOWN);

    for problem in played.iter().flat_map(|played| &played.left_behind) {
        complain(problem);
    }
    if let Some(failed) = &failed {
        complain(&failed.to_string());
    }
    let left_behind = played.iter().any(|played| !played.left_behind.is_empty());
    let interrupted = failed.is_none() && played.len() < plan.trials as usize;
    let cut_short = failed.is_some() || left_behind;
    let code = match exit_code(&played) {
        _ if interrupted => exit::INTERRUPTED,
        exit::VIOLATED => exit::VIOLATED,
        _ if failed.is_some() && played.is_empty() => exit::SERVICE,
        // A service failed after the first trial: the schedule is not proved.
        _ if cut_short => exit::INCONCLUSIVE,
        code => code,
    };
    let mut writer = OutputWriter::default();
    // Without a trial, the documents of the last replay stay.
    if !played.is_empty() {
        if documents.shown {
            let text = output::terminal(&plan, &played, style(cli, env));
            writer.result(&text);
        }
        write(&mut writer, files, &plan, &played, code);
    }
    Ok(writer.exit_code(code))
}

/// Runs every trial, until a service fails or a signal stops the replay.
async fn perform(plan: &ReplaySettings) -> (Vec<ReplayResult>, Option<OpenError>) {
    let (stop, mut stopped) = watch::channel(false);
    let signals = tokio::spawn(on_signal(stop));
    let mut played = Vec::new();
    let mut failed = None;
    for trial in 1..=plan.trials {
        if *stopped.borrow_and_update() {
            break;
        }
        match replay::play(plan, plan.keep && trial == plan.trials).await {
            Ok(one) => played.push(one),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    signals.abort();
    (played, failed)
}

fn exit_code(played: &[ReplayResult]) -> u8 {
    let any = |verdict| {
        played
            .iter()
            .any(|played| played.judgement.verdict == verdict)
    };
    if any(Verdict::Violated) {
        exit::VIOLATED
    } else if any(Verdict::Inconclusive) {
        exit::INCONCLUSIVE
    } else {
        exit::OK
    }
}

fn write(
    writer: &mut OutputWriter,
    files: DocumentFiles,
    plan: &ReplaySettings,
    played: &[ReplayResult],
    code: u8,
) {
    let Some(last) = played.last() else { return };
    let picture = last.picture(plan);
    writer.document(files.json, || Ok(output::json(plan, played, code)?));
    writer.document(files.markdown, || {
        Ok(interleaving::markdown::render(&picture))
    });
    writer.document(files.svg, || Ok(interleaving::svg::render(&picture)));
}
