//! `coupon-bench hunt`.

use tokio::{runtime::Runtime, sync::watch};
use url::Url;

use super::{
    CommandError, SHUTDOWN, complain,
    outputs::{DocumentFiles, OutputWriter},
    run::{mode, signal},
    say, style,
    target::destination,
};
use crate::{
    adapters::{
        OpenError,
        http::{Endpoint, EndpointError},
    },
    cli::{
        Cli,
        hunt::{HuntArgs, HuntConfig, resolve},
    },
    engine::hunt::{self, CaseResult, Extent, HuntProgress, HuntResult, HuntSettings, Played},
    input::Env,
    judge::exit,
    model::verdict::Verdict,
    render::{
        Style,
        hunt::{self as output, progress::HuntDisplay, replay::Replay},
        interleaving::svg,
    },
};

/// What was found, by a search or by a replay.
enum Found {
    Search(HuntResult),
    Replay(Vec<Played>),
}

/// Searches the orders of two requests, or replays one order, and writes the result.
pub fn run(cli: &Cli, args: &HuntArgs, env: Env<'_>) -> Result<u8, CommandError> {
    let config = resolve(args, env)?;
    let files = DocumentFiles::open(&config.documents)?;
    let runtime = Runtime::new()?;
    runtime.block_on(check_destinations(&config.settings))?;
    let display = HuntDisplay::new(mode(cli, true, env));
    let (stop, stopped) = watch::channel(false);
    let work = perform(&config, &display, stopped.clone());
    let found = runtime.block_on(until_stopped(&display, stop, work));
    runtime.shutdown_timeout(SHUTDOWN);
    display.end();
    let style = style(cli, env);
    Ok(match found {
        None => exit::INTERRUPTED,
        Some(Err(error)) => {
            complain(&as_argument(error).to_string());
            exit::SERVICE
        }
        Some(Ok(Found::Search(result))) => write_search(&config, files, &result, style),
        Some(Ok(Found::Replay(played))) => {
            let code = replay_exit_code(&played, *stopped.borrow());
            write_replay(&config, files, &played, code, style)
        }
    })
}

/// The target file of this command is an argument and not a flag.
fn as_argument(error: OpenError) -> OpenError {
    match error.flag {
        "--target" => OpenError {
            flag: "TARGET",
            ..error
        },
        _ => error,
    }
}

async fn perform(
    config: &HuntConfig,
    display: &HuntDisplay,
    stopped: watch::Receiver<bool>,
) -> Result<Found, OpenError> {
    let settings = &config.settings;
    let mut show = |progress: HuntProgress| display.show(&progress);
    match &config.replay {
        None => {
            let found = hunt::hunt(settings, &mut show, stopped).await;
            found.map(Found::Search)
        }
        Some((token, trials)) => {
            let played = hunt::replay(settings, token, *trials, &mut show, stopped).await;
            played.map(Found::Replay)
        }
    }
}

/// Waits for the end of the work, which the first signal asks to stop. A second signal drops the work, and the service with it.
async fn until_stopped<T>(
    display: &HuntDisplay,
    stop: watch::Sender<bool>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let signals = async {
        signal().await;
        // The receiver is gone if the hunt has just ended.
        let _ = stop.send(true);
        display.say("stopping; press Ctrl-C again to exit at once");
        signal().await;
    };
    tokio::select! {
        biased;
        done = work => Some(done),
        () = signals => None,
    }
}

/// Refuses a service or a database on another machine without `--allow-remote`.
async fn check_destinations(settings: &HuntSettings) -> Result<(), CommandError> {
    let target = &settings.target;
    if let Some(endpoint) = destination(target).await? {
        say(&format!(
            "note: the requests leave this machine, to {} ({})",
            target.address(),
            endpoint.addresses().join(", ")
        ));
    }
    for upstream in &settings.upstreams {
        let Ok(url) = Url::parse(&format!("http://{}", upstream.address())) else {
            continue;
        };
        // The hunt reports every other error.
        if let Err(error @ EndpointError::Remote { .. }) =
            Endpoint::resolve(&url, None, target.reach.remote).await
        {
            let text = format!("{error} (--{})", upstream.kind);
            return Err(CommandError::Refused(text));
        }
    }
    Ok(())
}

fn write_search(
    config: &HuntConfig,
    files: DocumentFiles,
    result: &HuntResult,
    style: Style,
) -> u8 {
    let code = exit_code(result);
    let command = &config.command;
    let mut writer = OutputWriter::default();
    if config.documents.shown {
        writer.result(&output::terminal(result, command, style));
    }
    writer.document(files.json, || Ok(output::json(result, code)?));
    writer.document(files.markdown, || Ok(output::markdown(result, command)));
    writer.document(files.html, || output::html(result, command));
    match result.witnesses().next() {
        Some(witness) => {
            let picture = output::picture(&witness.interleaving);
            writer.document(files.svg, || Ok(svg::render(&picture)));
        }
        None if files.svg.is_some() => {
            complain("no promise broke, so there is no interleaving to draw (--svg)");
        }
        None => {}
    }
    writer.exit_code(code)
}

fn write_replay(
    config: &HuntConfig,
    files: DocumentFiles,
    played: &[Played],
    code: u8,
    style: Style,
) -> u8 {
    let Some((token, _)) = &config.replay else {
        return exit::UNEXPECTED;
    };
    let target = &config.settings.target;
    let replay = Replay {
        target: target.title.as_deref().unwrap_or(&target.name),
        token,
        played,
    };
    let mut writer = OutputWriter::default();
    // Without a trial, the documents of the last replay stay.
    if let Some(shown) = replay.shown() {
        if config.documents.shown {
            writer.result(&output::replay::terminal(&replay, style));
        }
        writer.document(files.json, || Ok(output::replay::json(&replay, code)?));
        writer.document(files.markdown, || Ok(output::replay::markdown(&replay)));
        writer.document(files.html, || output::replay::html(&replay));
        let picture = output::picture(&shown.interleaving);
        writer.document(files.svg, || Ok(svg::render(&picture)));
    }
    writer.exit_code(code)
}

/// A violation is proved by one order, even if other cases were not exhausted. Without one, every case must be exhausted or have a
/// finding.
fn exit_code(result: &HuntResult) -> u8 {
    let has_finding = |case: &CaseResult| {
        let verdict = case.witness.as_ref().map(|witness| witness.verdict);
        verdict == Some(Verdict::Finding)
    };
    let any_finding = result.cases.iter().any(has_finding);
    let is_settled = |case: &CaseResult| match case.extent {
        _ if has_finding(case) => true,
        Extent::Exhausted => case.witness.is_none(),
        Extent::NotSearched => any_finding,
        Extent::Found | Extent::Bounded { .. } | Extent::NotControllable(_) | Extent::Failed(_) => {
            false
        }
    };
    if result.is_violated() {
        exit::VIOLATED
    } else if result.interrupted {
        exit::INTERRUPTED
    } else if !result.cases.is_empty() && result.cases.iter().all(is_settled) {
        exit::OK
    } else {
        exit::INCONCLUSIVE
    }
}

fn replay_exit_code(played: &[Played], interrupted: bool) -> u8 {
    let any = |verdict| played.iter().any(|one| one.verdict == verdict);
    if any(Verdict::Violated) {
        exit::VIOLATED
    } else if interrupted {
        exit::INTERRUPTED
    } else if played.is_empty() || any(Verdict::Inconclusive) {
        exit::INCONCLUSIVE
    } else {
        exit::OK
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::fixtures::hunts;

    #[test]
    fn only_a_search_without_an_open_case_succeeds() {
        for (result, expected) in [
            (hunts::found(), exit::VIOLATED),
            (hunts::serial(), exit::VIOLATED),
            (hunts::exhausted(), exit::OK),
            (hunts::bounded(), exit::INCONCLUSIVE),
            (hunts::not_controllable(), exit::INCONCLUSIVE),
            (hunts::failed(), exit::INTERRUPTED),
        ] {
            assert_eq!(exit_code(&result), expected, "{result:?}");
        }
        let mut stopped = hunts::found();
        stopped.interrupted = true;
        assert_eq!(exit_code(&stopped), exit::VIOLATED);
        let mut failed = hunts::failed();
        failed.interrupted = false;
        assert_eq!(exit_code(&failed), exit::INCONCLUSIVE);
        failed.cases.clear();
        assert_eq!(exit_code(&failed), exit::INCONCLUSIVE);
    }

    #[test]
    fn a_finding_alone_succeeds() {
        let mut finding = hunts::serial();
        finding.cases.remove(0);
        assert_eq!(exit_code(&finding), exit::OK);
        let bounded = hunts::bounded().cases.swap_remove(0);
        finding.cases.push(bounded);
        assert_eq!(exit_code(&finding), exit::INCONCLUSIVE);
        let mut skipped = hunts::serial();
        skipped.cases[0] = hunts::found().cases.swap_remove(1);
        assert_eq!(exit_code(&skipped), exit::OK);
    }

    #[test]
    fn the_worst_trial_of_a_replay_decides() {
        let code = |verdicts: &[Verdict], interrupted| {
            let played: Vec<_> = verdicts.iter().map(|it| hunts::played(*it)).collect();
            replay_exit_code(&played, interrupted)
        };
        let (holds, violated) = (Verdict::Holds, Verdict::Violated);
        assert_eq!(code(&[holds, holds], false), exit::OK);
        assert_eq!(code(&[violated, holds], true), exit::VIOLATED);
        assert_eq!(code(&[holds], true), exit::INTERRUPTED);
        let failed = [holds, Verdict::Inconclusive];
        assert_eq!(code(&failed, false), exit::INCONCLUSIVE);
        assert_eq!(code(&[Verdict::Finding], false), exit::OK);
        assert_eq!(code(&[], false), exit::INCONCLUSIVE);
    }
}
