//! `coupon-bench explore`.

use super::{Failure, complain, documents::Sinks, outputs::Written, say, style};
use crate::{
    cli::{
        Cli,
        explore::{ExploreArgs, exploring},
    },
    engine::{
        explore::{self, Bounds, Exploration},
        limits::memory,
    },
    input::Env,
    judge::exit,
    render::{exploration, interleaving},
};

/// Explores the strategies and writes what was found.
pub fn run(cli: &Cli, args: &ExploreArgs, env: Env<'_>) -> Result<u8, Failure> {
    let mut exploring = exploring(args)?;
    within_memory(&mut exploring.settings.bounds);
    let sinks = Sinks::open(&exploring.documents)?;
    let mut found = Vec::new();
    let mut unexplored = false;
    for entry in &exploring.strategies {
        match explore::explore(entry, &exploring.settings) {
            Ok(exploration) => found.push(exploration),
            Err(trouble) => {
                complain(&format!("{} cannot be explored: {trouble}", entry.name));
                unexplored = true;
            }
        }
    }
    let code = if unexplored {
        exit::UNEXPECTED
    } else {
        exit_code(&found)
    };
    let mut written = Written::default();
    if exploring.documents.shown {
        written.result(&exploration::terminal(&found, style(cli, env)));
    }
    write(&mut written, sinks, &found, code);
    Ok(written.exit_code(code))
}

/// A search that needs more memory than there is ends as one that needs more states than it may have.
fn within_memory(bounds: &mut Bounds) {
    if let Some(states) = memory::states()
        && states < bounds.states
    {
        let asked = bounds.states;
        say(&format!(
            "note: there is memory for about {states} states, so a search ends there and not at {asked}"
        ));
        bounds.states = states;
    }
}

/// A promise that breaks without a fault is one whatever else was not seen.
fn exit_code(found: &[Exploration]) -> u8 {
    if found.iter().any(Exploration::is_violated) {
        exit::VIOLATED
    } else if found.iter().all(Exploration::is_exhaustive) {
        exit::OK
    } else {
        exit::INCONCLUSIVE
    }
}

fn write(written: &mut Written, sinks: Sinks, found: &[Exploration], code: u8) {
    written.document(sinks.json, || Ok(exploration::json(found, code)?));
    written.document(sinks.markdown, || Ok(exploration::markdown(found)));
    match found.first().and_then(Exploration::first_witness) {
        Some(witness) => {
            written.document(sinks.svg, || {
                Ok(interleaving::svg::render(&witness.interleaving))
            });
        }
        None if sinks.svg.is_some() => {
            complain("nothing broke, so there is nothing to draw (--svg)");
        }
        None => {}
    }
}
