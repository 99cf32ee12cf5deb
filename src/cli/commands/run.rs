//! `coupon-bench run`.

use std::{
    io::{self, IsTerminal},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{runtime::Runtime, sync::watch};

use super::{
    CommandError, SHUTDOWN, complain,
    outputs::{AttemptsOutput, OutputFile, OutputWriter},
    say, style,
    target::check_destination,
};
use crate::{
    adapters::run_registry,
    cli::Cli,
    config::{
        self, Output, RunArgs, RunConfig,
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
pub fn run(cli: &Cli, args: &RunArgs, env: Env<'_>) -> Result<u8, CommandError> {
    let RunConfig { scenario, output } = config::resolve(args, env)?;
    check_destination(&scenario)?;
    limits::check(&Needs::of_run(&scenario))?;
    // Opened before the run, so that a wrong path is reported first.
    let documents = open(&output)?;
    let mut attempts =
        OutputFile::open("--attempts-csv", output.attempts_csv.as_ref())?.map(AttemptsOutput::from);
    let folder = output.hgrm.as_deref().map(open_folder).transpose()?;
    let mode = mode(cli, output.progress, env);
    let file = attempts.as_mut().map(|file| &mut file.attempts);
    let report = perform(&scenario, mode, file)?;
    let mut writer = OutputWriter::default();
    // Without a run, the report of the last run stays.
    if !report.runs.is_empty() {
        if output.shown {
            writer.result(&terminal(&report, style(cli, env)));
        }
        for (document, format) in documents {
            writer.document(document, || format.render(&report));
        }
        writer.folder(folder.as_ref(), &report);
        if let Some(path) = &output.step_summary {
            summarize(path, &report);
        }
    }
    writer.attempts(attempts);
    Ok(writer.exit_code(report.exit_code))
}

/// A document and its format.
type Formatted = (Option<OutputFile>, &'static dyn Format);

fn open(output: &Output) -> Result<Vec<Formatted>, CommandError> {
    let documents = FORMATS.into_iter().map(|(flag, format)| {
        let target = output.report(flag.trim_start_matches('-'));
        Ok((OutputFile::open(flag, target)?, format))
    });
    documents.collect()
}

fn open_folder(path: &Path) -> Result<Folder, CommandError> {
    Folder::open(path)
        .map_err(|error| CommandError::Output("--hgrm", path.display().to_string(), error))
}

/// Appends the report to the summary of a GitHub job. An error does not change the exit code, because no flag asks for the summary.
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
    // A progress bar cannot share the terminal with log lines, and a dumb terminal cannot move the cursor.
    let log = cli.global.verbose > 0 || env("TERM").is_some_and(|term| term == "dumb");
    match wanted {
        false => Mode::Off,
        true if log => Mode::Lines,
        true => Mode::for_stderr(cli.global.color.enabled(io::stderr().is_terminal(), env)),
    }
}

/// Runs the scenario and prints its errors.
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

/// Writes the attempts of a run to the CSV file, before they are dropped.
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

/// Passes an event of the run to the progress display.
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

/// The first signal stops the run, which then reports and cleans up. The second signal exits at once.
pub(super) async fn on_signal(stop: watch::Sender<bool>) {
    on_signal_beside(&Progress::off(), stop).await;
}

async fn on_signal_beside(progress: &Progress, stop: watch::Sender<bool>) {
    signal().await;
    // The receiver is gone if the run has just ended.
    let _ = stop.send(true);
    progress.say(
        "stopping and cleaning up; press Ctrl-C again to exit at once and leave the run's objects behind",
    );
    signal().await;
    progress.end();
    for line in left_behind() {
        say(&line);
    }
    std::process::exit(exit::INTERRUPTED.into());
}

/// The objects that the current runs leave behind if the process exits now, and the command that removes them.
fn left_behind() -> Vec<String> {
    let runs = run_registry::under_way();
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
            "remove them with: coupon-bench clean --yes{}",
            services.concat()
        ));
    }
    lines
}

/// Waits for SIGINT (Ctrl-C), SIGTERM, or SIGHUP (the terminal was closed).
pub(super) async fn signal() {
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
        // No handler could be installed: a signal ends the process.
        return std::future::pending().await;
    }
    let signals = streams.iter_mut().map(|stream| Box::pin(stream.recv()));
    futures::future::select_all(signals).await;
}
