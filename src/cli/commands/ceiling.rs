//! `coupon-bench ceiling`.

use tokio::{runtime::Runtime, sync::watch};

use super::{
    CommandError, SHUTDOWN, complain,
    outputs::{OutputFile, OutputWriter},
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
pub fn run(cli: &Cli, args: &CeilingArgs, env: Env<'_>) -> Result<u8, CommandError> {
    let (plan, json) = cli::ceiling::resolve(args, env)?;
    limits::check(&plan.needs())?;
    // Opened before the measurement, so that a wrong path is reported first.
    let document = OutputFile::open("--json", json.as_ref())?;

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
    let mut writer = OutputWriter::default();
    // Without a measurement, the files of the last measurement stay.
    if !ceiling.ceilings.is_empty() {
        if json != Some(OutputTarget::Stdout) {
            writer.result(&output::table(&ceiling, style(cli, env)));
        }
        writer.document(document, || Ok(output::json(&ceiling)?));
    }
    Ok(writer.exit_code(ceiling.exit_code))
}

async fn perform(plan: &CeilingSettings) -> CeilingResult {
    let (stop, stopped) = watch::channel(false);
    let signals = tokio::spawn(on_signal(stop));
    let finished = ceiling::run(plan, stopped).await;
    signals.abort();
    finished
}
