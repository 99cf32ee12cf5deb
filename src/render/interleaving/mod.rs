//! Pictures of an [`Interleaving`]: one column for each actor, one row for each step.
//!
//! The interleaving may come from a search, a replay or the trace of a run.

pub mod markdown;
pub mod svg;
pub mod terminal;

use crate::model::interleaving::{Interleaving, Mark, Step};

/// The sign of a mark, for pictures without colours.
pub(super) fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Plain => "",
        Mark::Stale => "?",
        Mark::Waits => "…",
        Mark::Fault => "!",
        Mark::Broke => "✗",
    }
}

/// The meaning of a mark.
fn meaning(mark: Mark) -> &'static str {
    match mark {
        Mark::Plain => "",
        Mark::Stale => "no longer true when it was acted upon",
        Mark::Waits => "has to wait for another step",
        Mark::Fault => "made to go wrong",
        Mark::Broke => "here it broke",
    }
}

/// The marks that occur, explained: `✗ here it broke`.
pub(super) fn legend(picture: &Interleaving) -> Vec<String> {
    [Mark::Stale, Mark::Waits, Mark::Fault, Mark::Broke]
        .into_iter()
        .filter(|mark| picture.steps.iter().any(|step| step.mark == *mark))
        .map(|mark| format!("{} {}", sign(mark), meaning(mark)))
        .collect()
}

/// Wraps a text to a width. Only a word that is longer than the width is divided.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let options = textwrap::Options::new(width.max(1))
        .subsequent_indent("  ")
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::wrap(text, options)
        .into_iter()
        .map(std::borrow::Cow::into_owned)
        .collect()
}

/// The lines of a cell: the step, and the answer to the user after it.
pub(super) fn lines(step: &Step) -> Vec<String> {
    let told = step.told.iter().map(|told| format!("= {told}"));
    std::iter::once(step.text()).chain(told).collect()
}

/// The column of a step; `None` for a step without an actor.
pub(super) fn column(picture: &Interleaving, step: &Step) -> Option<usize> {
    let actor = step.actor?;
    picture.actors.iter().position(|other| *other == actor)
}

/// The whole picture as sentences, for screen readers.
pub(super) fn in_words(picture: &Interleaving) -> String {
    let steps = (1..).zip(&picture.steps).map(|(number, step)| {
        let who = step
            .actor
            .map_or_else(String::new, |actor| format!("{actor}: "));
        let told = step
            .told
            .as_ref()
            .map_or_else(String::new, |told| format!(", told {told}"));
        let mark = match meaning(step.mark) {
            "" => String::new(),
            meaning => format!(" ({meaning})"),
        };
        format!("{number}. {who}{}{told}{mark}.", step.text())
    });
    let steps: Vec<_> = steps.collect();
    format!(
        "{} Ledger: {}. {}",
        steps.join(" "),
        picture.ledger,
        picture.why
    )
}

/// For tests and examples.
#[doc(hidden)]
pub fn example() -> Interleaving {
    use crate::model::interleaving::Actor;
    let user = |user| Some(Actor::Claim { user, attempt: 1 });
    let step = |actor, name: &str, saw: Option<&str>, told: Option<&str>, mark| Step {
        actor,
        name: name.to_owned(),
        saw: saw.map(str::to_owned),
        told: told.map(str::to_owned),
        mark,
    };
    Interleaving {
        title: "naive, 2 users, limit 1: over-issue".to_owned(),
        actors: [user(1), user(2)].into_iter().flatten().collect(),
        steps: vec![
            step(user(1), "SELECT count(*)", Some("0"), None, Mark::Stale),
            step(user(2), "SELECT count(*)", Some("0"), None, Mark::Plain),
            step(None, "all leases end", None, None, Mark::Fault),
            step(user(2), "INSERT coupon", None, Some("issued"), Mark::Plain),
            step(user(1), "INSERT coupon", None, Some("issued"), Mark::Broke),
        ],
        ledger: "2 rows (u2, u1), limit 1".to_owned(),
        why: "u1 read 0 before u2's INSERT coupon was visible, and went on when that was no longer true.".to_owned(),
        token: Some("naive:u2:l1:ABLBA".to_owned()),
    }
}

#[cfg(test)]
mod tests;
