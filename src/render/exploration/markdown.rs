//! As Markdown, for slides and reports.

use std::fmt::Write;

use super::{extent, heading, searched, verdict, witnesses};
use crate::{engine::explore::Exploration, render::interleaving};

/// A section for each strategy.
pub fn render(found: &[Exploration]) -> String {
    let sections: Vec<_> = found.iter().map(section).collect();
    sections.join("\n")
}

fn section(exploration: &Exploration) -> String {
    format!(
        "## {}\n\nPromise: {}. {}",
        exploration.entry.name,
        exploration.promise,
        found(exploration)
    )
}

/// What was searched, what holds, and the witnesses.
pub(in crate::render) fn found(exploration: &Exploration) -> String {
    let most = exploration.settings.faults;
    let mut text = format!("Searched: {}.\n\n", searched(exploration));
    // Writing to a string cannot fail.
    for faults in 0..=most {
        if let Some(round) = exploration.round(faults) {
            let _ = writeln!(text, "- {}: {}", heading(faults), extent(round));
        }
    }
    let columns: Vec<u8> = if most == 0 { vec![0] } else { vec![0, most] };
    let heads: Vec<_> = columns.iter().map(|faults| heading(*faults)).collect();
    let _ = writeln!(text, "\n| invariant | {} |", heads.join(" | "));
    let _ = writeln!(text, "| --- {}|", "| --- ".repeat(columns.len()));
    for answer in &exploration.answers {
        let cells = columns
            .iter()
            .map(|faults| verdict(exploration, answer, *faults));
        let cells: Vec<_> = cells.collect();
        let _ = writeln!(
            text,
            "| {}: {} | {} |",
            answer.invariant,
            answer.invariant.sentence(),
            cells.join(" | ")
        );
    }
    for (names, witness) in witnesses(exploration) {
        let mut picture = witness.interleaving.clone();
        if let Some((title, _)) = picture.title.rsplit_once(": ") {
            picture.title = format!("{title}: {}", names.join(", "));
        }
        let _ = write!(text, "\n{}", interleaving::markdown::render(&picture));
    }
    text
}
