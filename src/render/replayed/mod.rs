//! What came of a replay: one file an output. Markdown and SVG are those of any [interleaving](super::interleaving).

pub mod json;
pub mod terminal;

use crate::engine::replay::Played;

/// How many of the trials did what the last one did.
fn alike(played: &[Played]) -> usize {
    let last = played.last().and_then(Played::finding);
    played.iter().filter(|one| one.finding() == last).count()
}
