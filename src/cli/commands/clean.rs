//! `coupon-bench clean`.

use tokio::runtime::Runtime;

use super::{
    CommandError, SHUTDOWN, complain,
    outputs::{OutputFile, OutputWriter},
};
use crate::{
    cli::{self, CleanArgs},
    config::OutputTarget,
    engine::clean,
    input::Env,
    render,
};

/// Lists the objects that runs left behind, or removes them.
pub fn run(args: &CleanArgs, env: Env<'_>) -> Result<u8, CommandError> {
    let (plan, json) = cli::clean::resolve(args, env)?;
    let document = OutputFile::open("--json", json.as_ref())?;
    let runtime = Runtime::new()?;
    let cleaned = runtime.block_on(clean::clean(&plan));
    runtime.shutdown_timeout(SHUTDOWN);

    let mut writer = OutputWriter::default();
    if json != Some(OutputTarget::Stdout) {
        writer.result(&render::clean::text(&plan, &cleaned));
    }
    writer.document(document, || Ok(render::clean::json(&cleaned)?));
    for problem in &cleaned.problems {
        complain(problem);
    }
    Ok(writer.exit_code(cleaned.exit_code()))
}
