//! `coupon-bench explore`.

use super::{
    CommandError, complain,
    outputs::{DocumentFiles, OutputWriter},
    say, style,
};
use crate::{
    cli::{
        Cli,
        explore::{ExploreArgs, resolve},
    },
    engine::{
        explore::{self, Bounds, Exploration},
        limits::memory,
    },
    input::Env,
    judge::exit,
    render::{exploration, interleaving},
};

/// Searches the interleavings of each strategy and writes the results.
pub fn run(cli: &Cli, args: &ExploreArgs, env: Env<'_>) -> Result<u8, CommandError> {
    let mut config = resolve(args)?;
    within_memory(&mut config.settings.bounds);
    let files = DocumentFiles::open(&config.documents)?;
    let mut explorations = Vec::new();
    let mut failed = false;
    for entry in &config.strategies {
        match explore::explore(entry, &config.settings) {
            Ok(exploration) => explorations.push(exploration),
            Err(error) => {
                complain(&format!("{} cannot be explored: {error}", entry.name));
                failed = true;
            }
        }
    }
    let code = if failed {
        exit::UNEXPECTED
    } else {
        exit_code(&explorations)
    };
    let mut writer = OutputWriter::default();
    if config.documents.shown {
        writer.result(&exploration::terminal(&explorations, style(cli, env)));
    }
    write(&mut writer, files, &explorations, code);
    Ok(writer.exit_code(code))
}

/// Lowers the bound of states to what fits the memory: a search that reaches it is inconclusive.
fn within_memory(bounds: &mut Bounds) {
    if let Some(states) = memory::states()
        && states < bounds.states
    {
        let asked = bounds.states;
        say(&format!(
            "note: the memory is enough for about {states} states, so a search ends at this number and not at {asked}"
        ));
        bounds.states = states;
    }
}

/// A promise that broke without a fault is a violation, even if other searches were not exhaustive.
fn exit_code(explorations: &[Exploration]) -> u8 {
    if explorations.iter().any(Exploration::is_violated) {
        exit::VIOLATED
    } else if explorations.iter().all(Exploration::is_exhaustive) {
        exit::OK
    } else {
        exit::INCONCLUSIVE
    }
}

fn write(writer: &mut OutputWriter, files: DocumentFiles, explorations: &[Exploration], code: u8) {
    writer.document(files.json, || Ok(exploration::json(explorations, code)?));
    writer.document(files.markdown, || Ok(exploration::markdown(explorations)));
    match explorations.first().and_then(Exploration::first_witness) {
        Some(witness) => {
            writer.document(files.svg, || {
                Ok(interleaving::svg::render(&witness.interleaving))
            });
        }
        None if files.svg.is_some() => {
            complain("no promise broke, so there is no interleaving to draw (--svg)");
        }
        None => {}
    }
}
