//! What an exploration has found: one file an output.

pub mod json;
pub mod markdown;
pub mod terminal;

use crate::{
    engine::explore::{Exploration, InvariantResult, SearchSummary, Witness},
    text::format,
};

/// `6 schedules, 7 states`
fn extent(round: &SearchSummary) -> String {
    let more = if round.hit.is_some() {
        "more than "
    } else {
        ""
    };
    let schedules = match u64::try_from(round.schedules) {
        Ok(number) => format::plural(number, "schedule"),
        Err(_) => "more than 10^19 schedules".to_owned(),
    };
    format!(
        "{more}{schedules}, {}",
        format::plural(round.states, "state")
    )
}

/// `breaks in 4 steps`, `holds in all 6`
fn verdict(exploration: &Exploration, answer: &InvariantResult, faults: u8) -> String {
    let witness = if faults == 0 {
        answer.without_faults.as_ref()
    } else {
        answer
            .without_faults
            .as_ref()
            .or(answer.with_faults.as_ref())
    };
    match (witness, exploration.round(faults)) {
        (Some(witness), _) => format!(
            "breaks: {}, {}",
            format::plural(witness.users, "user"),
            format::plural(witness.steps as u64, "step")
        ),
        (None, Some(round)) if round.hit.is_none() => match u64::try_from(round.schedules) {
            Ok(1) => "holds in the only one".to_owned(),
            Ok(number) => format!("holds in all {}", format::count(number)),
            Err(_) => "holds in all".to_owned(),
        },
        _ => "not broken so far".to_owned(),
    }
}

/// `with 1 fault`
fn heading(faults: u8) -> String {
    match faults {
        0 => "without faults".to_owned(),
        1 => "with 1 fault".to_owned(),
        several => format!("with up to {several} faults"),
    }
}

/// The witnesses with what each breaks; one that breaks several things is there once.
fn witnesses(exploration: &Exploration) -> Vec<(Vec<&'static str>, &Witness)> {
    let mut found: Vec<(Vec<&'static str>, &Witness)> = Vec::new();
    for answer in &exploration.answers {
        for witness in answer.without_faults.iter().chain(&answer.with_faults) {
            let token = &witness.interleaving.token;
            match found
                .iter_mut()
                .find(|(_, known)| known.interleaving.token == *token)
            {
                Some((names, _)) => names.push(answer.invariant.name()),
                None => found.push((vec![answer.invariant.name()], witness)),
            }
        }
    }
    found
}

/// What was searched, and within which bounds.
fn searched(exploration: &Exploration) -> String {
    let settings = &exploration.settings;
    let users = match settings.users {
        1 => "1 user".to_owned(),
        several => format!("1 to {several} users"),
    };
    let mut parts = vec![users, format!("limit {}", settings.limit)];
    if settings.attempts > 1 {
        parts.push(format!("{} attempts each", settings.attempts));
    }
    if settings.instances > 1 {
        parts.push(format!("{} instances", settings.instances));
    }
    if settings.faults > 0 {
        parts.push(format!(
            "at most {}",
            format::plural(settings.faults.into(), "fault")
        ));
    }
    if settings.batch > 1 {
        parts.push(format!("batches of {}", settings.batch));
    }
    parts.push(format!(
        "at most {} tries of a conflict or a lock",
        settings.tries
    ));
    parts.push(format!("{} steps", settings.bounds.steps));
    parts.push(format::plural(settings.bounds.states, "state"));
    parts.join(", ")
}

#[cfg(test)]
mod tests;
