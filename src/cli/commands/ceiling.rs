//! `coupon-bench ceiling`.

use tokio::{runtime::Runtime, sync::watch};

use super::{
    Failure, SHUTDOWN, complain,
    outputs::{Document, Written},
    run::on_signal,
    style,
};
use crate::{
    cli::{self, CeilingArgs, Cli},
    config::OutputTarget,
    engine::{
        ceiling::{self, CeilingResult, CeilingSettings},
        limits,
    },
    input::Env,
    render::ceiling as output,
};

/// Measures the services and writes the figures.
pub fn run(cli: &Cli, args: &CeilingArgs, env: Env<'_>) -> Result<u8, Failure> {
    let (plan, json) = cli::ceiling::plan(args, env)?;
    limits::check(&plan.needs())?;
    // Before the work: a mistyped path must not cost it.
    let document = Document::open("--json", json.as_ref())?;

    let runtime = Runtime::new()?;
    let finished = runtime.block_on(perform(&plan));
    runtime.shutdown_timeout(SHUTDOWN);

    let CeilingResult {
        ceiling,
        error,
        left_behind,
    } = finished;
    let problems = error.map(|error| error.to_string()).into_iter();
    problems
        .chain(left_behind)
        .for_each(|problem| complain(&problem));
    let mut written = Written::default();
    // Where nothing was measured, the last figures stay.
    if !ceiling.ceilings.is_empty() {
        if json != Some(OutputTarget::Stdout) {
            written.result(&output::table(&ceiling, style(cli, env)));
        }
        written.document(document, || Ok(output::json(&ceiling)?));
    }
    Ok(written.exit_code(ceiling.exit_code))
}

async fn perform(plan: &CeilingSettings) -> CeilingResult {
    let (stop, stopped) = watch::channel(false);
    let signals = tokio::spawn(on_signal(stop));
    let finished = ceiling::run(plan, stopped).await;
    signals.abort();
    finished
}
