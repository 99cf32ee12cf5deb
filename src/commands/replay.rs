//! `coupon-bench replay`.

use std::io;

use tokio::{runtime::Runtime, sync::watch};

use super::{
    Failure, SHUTDOWN, complain,
    run::{on_signal, sink},
    style,
};
use crate::{
    backend::OpenError,
    cli::{
        Cli, Env, OutputTarget,
        replay::{ReplayArgs, Replaying, replaying},
    },
    exit,
    replay::{self, Plan, Played},
    report::{Sink, interleaving, replayed},
    verdict::Verdict,
};

/// Plays a schedule and writes what happened.
pub fn run(cli: &Cli, args: &ReplayArgs, env: Env<'_>) -> Result<u8, Failure> {
    let replaying = replaying(args, env)?;
    // Before the work: a mistyped path must not cost it.
    let mut outputs = Outputs::open(&replaying)?;

    let runtime = Runtime::new()?;
    let (played, failed) = runtime.block_on(perform(&replaying.plan));
    runtime.shutdown_timeout(SHUTDOWN);

    for problem in played.iter().flat_map(|played| &played.left_behind) {
        complain(problem);
    }
    if let Some(failed) = &failed {
        complain(&failed.to_string());
    }
    let left_behind = played.iter().any(|played| !played.left_behind.is_empty());
    let interrupted = failed.is_none() && played.len() < replaying.plan.trials as usize;
    let code = match () {
        () if interrupted => exit::INTERRUPTED,
        () if failed.is_some() || left_behind => exit::SERVICE,
        () => exit_code(&replaying.plan, &played),
    };
    // Where nothing was played, the last documents stay.
    if !played.is_empty() {
        outputs.write(&replaying.plan, &played, code)?;
        if !replaying.takes_stdout() {
            let text = replayed::terminal::render(&replaying.plan, &played, style(cli, env));
            Sink::Stdout.write(&text)?;
        }
    }
    Ok(code)
}

/// Every trial until one fails, or somebody asks to stop.
async fn perform(plan: &Plan) -> (Vec<Played>, Option<OpenError>) {
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

/// A promise that breaks by an injected fault is a finding.
fn exit_code(plan: &Plan, played: &[Played]) -> u8 {
    let any = |verdict| {
        played
            .iter()
            .any(|played| played.judgement.verdict == verdict)
    };
    if any(Verdict::Violated) && !plan.token.has_faults() {
        exit::VIOLATED
    } else if any(Verdict::Inconclusive) && !plan.token.has_faults() {
        exit::INCONCLUSIVE
    } else {
        exit::OK
    }
}

struct Outputs {
    json: Option<Sink>,
    markdown: Option<Sink>,
    svg: Option<Sink>,
}

impl Outputs {
    fn open(replaying: &Replaying) -> Result<Self, Failure> {
        Ok(Self {
            json: sink("--json", replaying.json.as_ref())?,
            markdown: sink("--markdown", replaying.markdown.as_ref())?,
            svg: sink("--svg", replaying.svg.as_ref())?,
        })
    }

    fn write(&mut self, plan: &Plan, played: &[Played], code: u8) -> io::Result<()> {
        if let Some(sink) = &mut self.json {
            sink.write(&replayed::json::render(plan, played, code)?)?;
        }
        let Some(last) = played.last() else {
            return Ok(());
        };
        let picture = last.picture(plan);
        if let Some(sink) = &mut self.markdown {
            sink.write(&interleaving::markdown::render(&picture))?;
        }
        if let Some(sink) = &mut self.svg {
            sink.write(&interleaving::svg::render(&picture))?;
        }
        Ok(())
    }
}

impl Replaying {
    /// Whether a document, and so nothing else, goes to stdout.
    fn takes_stdout(&self) -> bool {
        [&self.json, &self.markdown, &self.svg]
            .into_iter()
            .any(|target| *target == Some(OutputTarget::Stdout))
    }
}
