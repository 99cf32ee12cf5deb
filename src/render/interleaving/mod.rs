//! Pictures of an [`Interleaving`]: one column an actor, one row a step. One file a format.
//!
//! They know nothing of where it comes from: a search, a replay or the trace of a run.

pub mod markdown;
pub mod svg;
pub mod terminal;

use crate::model::interleaving::{Interleaving, Mark, Step};

/// The sign of a mark, so that colour is never needed.
pub(super) fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Plain => "",
        Mark::Stale => "?",
        Mark::Waits => "…",
        Mark::Fault => "!",
        Mark::Broke => "✗",
    }
}

/// What a mark means.
fn meaning(mark: Mark) -> &'static str {
    match mark {
        Mark::Plain => "",
        Mark::Stale => "no longer true when it was acted upon",
        Mark::Waits => "has to wait for somebody",
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

/// Wraps to a width, and never in the middle of a word such as `coupon_count`, unless it is longer than that.
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

/// What a cell says: the step, and what the user was told after it.
pub(super) fn lines(step: &Step) -> Vec<String> {
    let told = step.told.iter().map(|told| format!("= {told}"));
    std::iter::once(step.text()).chain(told).collect()
}

/// The column of a step; `None` for one that is nobody's.
pub(super) fn column(picture: &Interleaving, step: &Step) -> Option<usize> {
    let actor = step.actor?;
    picture.actors.iter().position(|other| *other == actor)
}

/// The whole picture as sentences, for those who cannot see it.
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
