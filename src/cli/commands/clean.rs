//! `coupon-bench clean`.

use tokio::runtime::Runtime;

use super::{
    Failure, SHUTDOWN, complain,
    outputs::{Document, Written},
};
use crate::{
    cli::{self, CleanArgs},
    config::OutputTarget,
    engine::clean,
    input::Env,
    render,
};

/// Lists what runs have left behind, or removes it.
pub fn run(args: &CleanArgs, env: Env<'_>) -> Result<u8, Failure> {
    let (plan, json) = cli::clean::plan(args, env)?;
    let document = Document::open("--json", json.as_ref())?;
    let runtime = Runtime::new()?;
    let cleaned = runtime.block_on(clean::clean(&plan));
    runtime.shutdown_timeout(SHUTDOWN);

    let mut written = Written::default();
    if json != Some(OutputTarget::Stdout) {
        written.result(&render::clean::text(&plan, &cleaned));
    }
    written.document(document, || Ok(render::clean::json(&cleaned)?));
    for problem in &cleaned.problems {
        complain(problem);
    }
    Ok(written.exit_code(cleaned.exit_code()))
}
