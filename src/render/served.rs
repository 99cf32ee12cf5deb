//! `serve`: the addresses and commands at the start, the number of coupons at the end.

use super::document::{Document, Style, Text, Tone};
use crate::{
    model::verdict::Completion,
    serve::{DecisionCounts, Ledger, Listen, Listening, ServeSettings, Served},
    text::format::{count, plural},
};

/// The commands that use the server, for the start.
pub fn greeting(plan: &ServeSettings, listening: &Listening<'_>, style: Style) -> String {
    let mut document = Document::new();
    let at = listening.at;
    let curl = curl(at);
    let (strategy, limit) = (plan.entry.name, count(plan.limit()));
    let lines = [
        (
            "serving",
            format!("{strategy}, limit {limit}, on {}", listening.backends),
        ),
        ("claim", format!("{curl}/claim -d '{{\"user\": 17}}'")),
        (
            "look",
            format!("{curl}/ledger   (/metrics, /health, /openapi.json)"),
        ),
        ("reset", format!("{curl}/reset -X POST")),
        ("stop", "Ctrl-C".to_owned()),
    ];
    // Not wrapped, so that a command can be copied.
    for (label, text) in lines {
        document.lines(Text::toned(Tone::Quiet, format!("{label:<12}")).then(text));
    }
    if at.is_remote() {
        let whom = "every machine that can reach this one: each user there can claim, reset the event and read the ledger";
        document.fact("open to", whom);
    }
    if let Some(connections) = listening.fewer_connections {
        let text = format!(
            "the system allows about {} (ulimit -n) of the {} asked for",
            plural(connections, "connection"),
            count(plan.max_connections.into()),
        );
        document.fact("note", text);
    }
    document.terminal(style)
}

fn curl(at: &Listen) -> String {
    let base_url = at.base_url();
    match at {
        Listen::Tcp(_) => format!("curl {base_url}"),
        Listen::Unix(path) => format!("curl --unix-socket {} {base_url}", path.display()),
    }
}

/// The outcomes and the ledger, for the end.
pub fn closing(plan: &ServeSettings, served: &Served, style: Style) -> String {
    let mut document = Document::new();
    if served.events > 1 {
        let events = count(served.events);
        document.fact("events", format!("{events}; what follows is the last"));
    }
    document.fact("told", told(served.told));
    match &served.ledger {
        Ok(ledger) => document.fact("ledger", rows(plan, ledger)),
        Err(problem) => document.fact("ledger", format!("unknown: {problem}")),
    }
    if let Some(drained) = &served.drained
        && drained.completion != Completion::Proven
    {
        let lag = drained.lag.map_or_else(String::new, |lag| {
            format!(", {} not consumed", plural(lag, "record"))
        });
        let why = drained
            .trouble
            .as_deref()
            .unwrap_or("the pipeline no longer moves");
        document.fact("drain", format!("incomplete{lag}: {why}"));
    }
    for name in &served.kept {
        document.fact("kept", name);
    }
    document.terminal(style)
}

fn told(told: DecisionCounts) -> String {
    let all = [
        (told.issued, "issued"),
        (told.accepted, "accepted"),
        (told.sold_out, "sold out"),
        (told.duplicate, "duplicate"),
        (told.failed, "failed"),
        (told.indeterminate, "indeterminate"),
    ];
    let some = all.into_iter().filter(|(number, _)| *number > 0);
    let some: Vec<_> = some
        .map(|(number, outcome)| format!("{} {outcome}", count(number)))
        .collect();
    if some.is_empty() {
        "no claims".to_owned()
    } else {
        some.join(", ")
    }
}

fn rows(plan: &ServeSettings, ledger: &Ledger) -> String {
    let limit = plan.limit();
    let surplus = match ledger.issued.saturating_sub(limit) {
        0 => String::new(),
        surplus => format!(", over-issued {}", count(surplus)),
    };
    let rows = plural(ledger.issued, "row");
    format!("{rows}, limit {}{surplus}", count(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_outcomes_that_occurred_are_named() {
        let some = DecisionCounts {
            issued: 100,
            sold_out: 9_900,
            ..DecisionCounts::default()
        };
        assert_eq!(told(some), "100 issued, 9,900 sold out");
        assert_eq!(told(DecisionCounts::default()), "no claims");
    }
}
