//! `coupon-bench clean`: the objects of killed runs, for a terminal and as JSON.

use std::fmt::Write;

use super::json::indented;
use crate::{
    engine::clean::{CleanResult, CleanSettings, RunObjects, RunState, is_removable},
    text::format::plural,
};

/// Units of an age with their seconds; the longest that fits is used.
const UNITS: [(u64, &str); 3] = [(86_400, "d"), (3_600, "h"), (60, "min")];

/// The objects of each run, and the flag that removes them.
pub fn text(plan: &CleanSettings, cleaned: &CleanResult) -> String {
    let mut text = String::new();
    for left in &cleaned.runs {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", head(plan, left));
        for object in &left.objects {
            let _ = writeln!(text, "  {:<20}  {}", object.kind, object.name);
        }
        for service in &left.elsewhere {
            let _ = writeln!(text, "  not looked at: it has also used {service}");
        }
    }
    let _ = writeln!(text, "{}", summary(plan, cleaned));
    text
}

fn head(plan: &CleanSettings, left: &RunObjects) -> String {
    let age = left.age_s.map_or("at an unknown time".to_owned(), |age| {
        format!("{} ago", span(age))
    });
    let state = match left.state {
        RunState::Alive => "alive",
        RunState::Ended => "ended",
        RunState::Kept => "ended, its objects were kept",
        RunState::Unknown => "not known to this machine",
    };
    let done = match (left.removed, is_removable(plan, left)) {
        (true, _) => "removed",
        (false, true) if plan.remove => "failed to remove",
        (false, true) => "removed with --yes",
        (false, false) => match left.state {
            RunState::Alive => "stays",
            RunState::Kept => "stays; removed with --yes --kept",
            _ => "stays; removed with --yes --older-than DURATION",
        },
    };
    format!("run {} began {age}, {state}: {done}", left.run_id)
}

fn summary(plan: &CleanSettings, cleaned: &CleanResult) -> String {
    let count = |of: &dyn Fn(&RunObjects) -> bool| {
        let runs = cleaned.runs.iter().filter(|left| of(left));
        runs.map(|left| left.objects.len() as u64).sum::<u64>()
    };
    let removed = count(&|left| left.removed);
    let removable = count(&|left| !left.removed && is_removable(plan, left));
    match (plan.remove, removed, removable) {
        _ if cleaned.runs.is_empty() && cleaned.problems.is_empty() => {
            "nothing is left behind".to_owned()
        }
        (true, removed, _) => format!("{} removed", plural(removed, "object")),
        (false, _, 0) => "nothing to remove".to_owned(),
        (false, _, some) => format!("{} to remove: add --yes", plural(some, "object")),
    }
}

/// `3 d`, `5 min`, `12 s`.
fn span(seconds: u64) -> String {
    let unit = UNITS.iter().find(|(length, _)| seconds >= *length);
    unit.map_or_else(
        || format!("{seconds} s"),
        |(length, name)| format!("{} {name}", seconds / length),
    )
}

/// As JSON.
///
/// # Errors
///
/// If a value cannot be written as JSON.
pub fn json(cleaned: &CleanResult) -> Result<String, serde_json::Error> {
    indented(cleaned)
}
