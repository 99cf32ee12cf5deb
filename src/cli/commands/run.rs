//! `coupon-bench run`.

use std::{
    io::{self, IsTerminal},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{runtime::Runtime, sync::watch};

use super::{
    Failure, SHUTDOWN, complain,
    outputs::{AttemptsFile, Document, Written},
    say, style,
    target::check_destination,
};
use crate::{
    adapters::registry,
    cli::{self, Cli},
    config::{
        RunArgs,
        scenario::{Scenario, Subject},
    },
    engine::{
        limits::{self, Needs},
        run::{self, RunEvent, ScenarioResult},
    },
    input::Env,
    judge::exit,
    model::report::Report,
    render::{
        Destination, FORMATS, Format,
        attempts::Attempts,
        hgrm::Folder,
        progress::{Mode, PlannedRuns, Progress},
        run::{markdown, terminal},
    },
};

/// Runs a scenario and writes its report.
pub fn run(cli: &Cli, args: &RunArgs, env: Env<'_>) -> Result<u8, Failure> {
    let cli::Effective { scenario, output } = cli::effective(args, env)?;
    check_destination(&scenario)?;
    limits::check(&Needs::of_run(&scenario))?;
    // Before the run: a mistyped path must not cost one.
    let documents = open(&output)?;
    let mut attempts =
        Document::open("--attempts-csv", output.attempts_csv.as_ref())?.map(AttemptsFile::from);
    let folder = output.hgrm.as_deref().map(open_folder).transpose()?;
    let mode = mode(cli, output.progress, env);
    let file = attempts.as_mut().map(|file| &mut file.attempts);
    let report = perform(&scenario, mode, file)?;
    let mut written = Written::default();
    // Where nothing was run, the last report stays.
    if !report.runs.is_empty() {
        if output.shown {
            written.result(&terminal(&report, style(cli, env)));
        }
        for (document, format) in documents {
            written.document(document, || format.render(&report));
        }
        written.folder(folder.as_ref(), &report);
        if let Some(path) = &output.step_summary {
            summarize(path, &report);
        }
    }
    written.attempts(attempts);
    Ok(written.exit_code(report.exit_code))
}

/// A document and its format.
type Formatted = (Option<Document>, &'static dyn Format);

fn open(output: &cli::Output) -> Result<Vec<Formatted>, Failure> {
    let documents = FORMATS.into_iter().map(|(flag, format)| {
        let target = output.report(flag.trim_start_matches('-'));
        Ok((Document::open(flag, target)?, format))
    });
    documents.collect()
}

fn open_folder(path: &Path) -> Result<Folder, Failure> {
    Folder::open(path).map_err(|error| Failure::Output("--hgrm", path.display().to_string(), error))
}

/// Adds the report to the summary of a job. Nobody asked for it by a flag, so it fails nothing.
fn summarize(path: &Path, report: &Report) {
    if let Err(error) = Destination::append(path, &markdown(report)) {
        let path = path.display();
        say(&format!(
            "note: failed to append to GITHUB_STEP_SUMMARY ({path}): {error}"
        ));
    }
}

/// How progress is shown on stderr.
pub(super) fn mode(cli: &Cli, wanted: bool, env: Env<'_>) -> Mode {
    // Log lines would tear up what stays in place, and some terminals have no places.
    let log = cli.global.verbose > 0 || env("TERM").is_some_and(|term| term == "dumb");
    match wanted {
        false => Mode::Off,
        true if log => Mode::Lines,
        true => Mode::for_stderr(cli.global.color.enabled(io::stderr().is_terminal(), env)),
    }
}

/// Runs the scenario, and says what was in its way.
pub(super) fn perform(
    scenario: &Scenario,
    mode: Mode,
    attempts: Option<&mut Attempts>,
) -> io::Result<Report> {
    let runtime = Runtime::new()?;
    let finished = runtime.block_on(watched(scenario, mode, attempts));
    runtime.shutdown_timeout(SHUTDOWN);
    if let Some(error) = finished.error {
        complain(&error.to_string());
    }
    if let Some(why) = finished.cut_short {
        complain(&why);
    }
    Ok(finished.report)
}

async fn watched(
    scenario: &Scenario,
    mode: Mode,
    attempts: Option<&mut Attempts>,
) -> ScenarioResult {
    let progress = Arc::new(Progress::start(&plan(scenario), mode));
    let (stop, stopped) = watch::channel(false);
    let beside = Arc::clone(&progress);
    let signals = tokio::spawn(async move { on_signal_beside(&beside, stop).await });
    let attempts = Mutex::new(attempts);
    let observer = |event: RunEvent<'_>| {
        keep(&attempts, &event);
        show(&progress, &event);
    };
    let finished = run::run(scenario, &observer, stopped).await;
    signals.abort();
    progress.end();
    finished
}

fn plan(scenario: &Scenario) -> PlannedRuns {
    let subjects = scenario.subjects.iter();
    PlannedRuns {
        strategies: subjects.map(|subject| subject.name().to_owned()).collect(),
        trials: scenario.trials,
        total: scenario.workload.total_attempts(),
        limit: scenario.workload.limit,
        counts_rows: matches!(scenario.subjects.first(), Some(Subject::Strategy(_))),
    }
}

/// Writes a run's attempts down before they are forgotten.
fn keep(attempts: &Mutex<Option<&mut Attempts>>, event: &RunEvent<'_>) {
    let RunEvent::Recorded {
        strategy,
        trial,
        measurements,
    } = event
    else {
        return;
    };
    let mut attempts = attempts.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(attempts) = &mut *attempts {
        attempts.add(strategy, *trial, measurements.with_durable());
    }
}

/// Tells the progress what happens.
fn show(progress: &Progress, event: &RunEvent<'_>) {
    match event {
        RunEvent::Load {
            strategy,
            trial,
            counters,
        } => progress.load(strategy, *trial, Arc::clone(counters)),
        RunEvent::Drain => progress.drain(),
        RunEvent::Done => progress.done(),
        RunEvent::LeftBehind(problem) => progress.say(&format!("error: {problem}")),
        RunEvent::Recorded { .. } => {}
    }
}

/// The first signal asks the run to stop, report and clean up; the second does not ask.
pub(super) async fn on_signal(stop: watch::Sender<bool>) {
    on_signal_beside(&Progress::off(), stop).await;
}

async fn on_signal_beside(progress: &Progress, stop: watch::Sender<bool>) {
    signal().await;
    // Nobody listens any more if the run is just over.
    let _ = stop.send(true);
    progress.say(
        "stopping and cleaning up; once more to quit at once, which leaves the run's objects behind",
    );
    signal().await;
    progress.end();
    for line in left_behind() {
        say(&line);
    }
    std::process::exit(exit::INTERRUPTED.into());
}

/// What the runs that are under way leave behind if the process ends now, and how it is removed.
fn left_behind() -> Vec<String> {
    let runs = registry::under_way();
    let mut lines: Vec<_> = runs
        .iter()
        .map(|run| {
            format!(
                "left behind by run {}: {}",
                run.run_id,
                run.objects.join(", ")
            )
        })
        .collect();
    if !runs.is_empty() {
        let mut services: Vec<_> = runs
            .iter()
            .flat_map(|run| &run.services)
            .map(|(flag, target)| format!(" {flag} '{target}'"))
            .collect();
        services.sort();
        services.dedup();
        lines.push(format!(
            "remove it with: coupon-bench clean --yes{}",
            services.concat()
        ));
    }
    lines
}

/// Ctrl-C, a polite request to end, or a terminal that was closed.
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let mut streams: Vec<_> = kinds
        .into_iter()
        .filter_map(|kind| signal(kind).ok())
        .collect();
    if streams.is_empty() {
        // Nothing can be heard; the system's own answer to a signal remains.
        return std::future::pending().await;
    }
    let signals = streams.iter_mut().map(|stream| Box::pin(stream.recv()));
    futures::future::select_all(signals).await;
}
