//! What came of a replay: one file an output. Markdown and SVG are those of any [interleaving](super::interleaving).

pub mod json;
pub mod terminal;

use crate::engine::replay::ReplayResult;

/// How many of the trials did what the last one did.
fn alike(played: &[ReplayResult]) -> usize {
    let last = played.last().and_then(ReplayResult::finding);
    played.iter().filter(|one| one.finding() == last).count()
}
