//! The result of an exploration: for a terminal, as Markdown, as JSON.

mod json;

pub use json::render as json;

use super::{
    Style,
    document::{Cell, Column, Document, Table, Text, Tone},
};
use crate::{
    engine::explore::{Exploration, Hit, Invariant, InvariantResult, SearchSummary, Witness},
    strategies::Promise,
    text::format,
};

/// The explorations for a terminal: one with its pictures, or several in a table.
pub fn terminal(found: &[Exploration], style: Style) -> String {
    let document = match found {
        [one] => single(one),
        several => overview(several),
    };
    document.terminal(style)
}

/// The explorations as Markdown, with a section for each strategy.
pub fn markdown(found: &[Exploration]) -> String {
    let sections = found.iter().map(|exploration| {
        let mut document = Document::new();
        document.title(None, exploration.entry.name);
        let promise = format!("Promise: {}. ", exploration.promise);
        section(&mut document, exploration, &promise);
        document.markdown()
    });
    sections.collect::<Vec<_>>().join("\n")
}

/// The bounds of the search, what holds, and the witnesses, as Markdown.
pub(super) fn found(exploration: &Exploration) -> String {
    let mut document = Document::new();
    section(&mut document, exploration, "");
    document.markdown()
}

fn section(document: &mut Document, exploration: &Exploration, promise: &str) {
    document.paragraph(format!("{promise}Searched: {}.", searched(exploration)));
    for line in extents(exploration) {
        document.bar(Tone::Plain, line);
    }
    document.table(invariants(exploration));
    pictures(document, exploration);
}

fn single(exploration: &Exploration) -> Document {
    let mut document = Document::new();
    document.fact("strategy", exploration.entry.name);
    document.fact("promise", exploration.promise.to_string());
    document.fact("searched", searched(exploration));
    for line in extents(exploration) {
        document.fact("", line);
    }
    document.gap();
    document.table(invariants(exploration));
    document.gap();
    judgement(&mut document, exploration);
    bounds(&mut document, exploration);
    pictures(&mut document, exploration);
    document
}

/// `without faults: 6 schedules, 7 states`, for each number of faults.
fn extents(exploration: &Exploration) -> impl Iterator<Item = String> {
    (0..=exploration.settings.faults).filter_map(|faults| {
        let round = exploration.round(faults)?;
        Some(format!("{}: {}", heading(faults), extent(round)))
    })
}

/// What each invariant came to, without faults and with them.
fn invariants(exploration: &Exploration) -> Table {
    let most = exploration.settings.faults;
    let columns: Vec<u8> = if most == 0 { vec![0] } else { vec![0, most] };
    let heads = columns.iter().map(|faults| Column::words(heading(*faults)));
    let table = Table::new(std::iter::once(Column::words("invariant")).chain(heads));
    table.with(exploration.answers.iter().map(|answer| {
        let (name, sentence) = (answer.invariant.name(), answer.invariant.sentence());
        let name = Cell::Either(name.into(), format!("{name}: {sentence}"));
        let verdicts = columns.iter().map(|faults| {
            let text = verdict(exploration, answer, *faults);
            Text::toned(tone(answer, *faults), text).into()
        });
        std::iter::once(name).chain(verdicts)
    }))
}

fn pictures(document: &mut Document, exploration: &Exploration) {
    for (names, witness) in witnesses(exploration) {
        let mut picture = witness.interleaving.clone();
        if let Some((title, _)) = picture.title.rsplit_once(": ") {
            picture.title = format!("{title}: {}", names.join(", "));
        }
        document.gap();
        document.picture(&picture);
    }
}

fn tone(answer: &InvariantResult, faults: u8) -> Tone {
    match (&answer.without_faults, &answer.with_faults) {
        (Some(witness), _) if witness.against_promise => Tone::Bad,
        (Some(_), _) => Tone::Warn,
        (None, Some(_)) if faults > 0 => Tone::Warn,
        _ => Tone::Plain,
    }
}

fn breaks_without_faults(answer: &InvariantResult, against_promise: bool) -> bool {
    let witness = answer.without_faults.as_ref();
    witness.is_some_and(|witness| witness.against_promise == against_promise)
}

/// The broken invariants, and whether the promise covers them.
fn judgement(document: &mut Document, exploration: &Exploration) {
    let broken = |is_broken: fn(&InvariantResult) -> bool| {
        let answers = exploration.answers.iter().filter(|it| is_broken(it));
        let names: Vec<_> = answers.map(|answer| answer.invariant.name()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let promise = exploration.promise;
    let lines = [
        broken(|answer| breaks_without_faults(answer, true)).map(|names| {
            let text = format!("violated: {names}, without a fault, against the promise {promise}");
            (Tone::Bad, text)
        }),
        broken(|answer| breaks_without_faults(answer, false)).map(|names| {
            let why = match (promise, exploration.entry.promise) {
                (Promise::None, Promise::None) => "it promises nothing",
                (Promise::None, _) => "it promises nothing to several processes",
                _ => "the promise does not cover it",
            };
            (Tone::Warn, format!("{names}: a finding, as {why}"))
        }),
        broken(|answer| answer.with_faults.is_some()).map(|names| {
            (
                Tone::Warn,
                format!("{names}: a finding, as it takes a fault"),
            )
        }),
    ];
    if lines.iter().all(Option::is_none) && exploration.is_exhaustive() {
        document.bar(Tone::Good, "holds: nothing breaks, in any order");
    }
    for (tone, text) in lines.into_iter().flatten() {
        document.bar(tone, text);
    }
}

/// The bounds that ended the search early.
fn bounds(document: &mut Document, exploration: &Exploration) {
    for round in &exploration.rounds {
        let flag = match round.hit {
            None => continue,
            Some(Hit::Steps) => "--steps",
            Some(Hit::States) => "--states",
        };
        let text = format!(
            "not exhaustive: {} users {} hit {flag}, so what holds is not proved",
            round.users,
            heading(round.faults)
        );
        document.bar(Tone::Warn, text);
    }
}

/// A row for each of several strategies.
fn overview(found: &[Exploration]) -> Document {
    let mut document = Document::new();
    if let Some(first) = found.first() {
        document.fact("searched", searched(first));
        document.gap();
    }
    let invariants = Invariant::ALL.map(|it| Column::words(it.name().replace('-', "-\n")));
    let first = [
        Column::words("strategy"),
        Column::words("promise").dispensable(0),
        Column::figures("states").dispensable(0),
    ];
    let table = Table::new(first.into_iter().chain(invariants));
    document.table(table.with(found.iter().map(|exploration| {
        let states = exploration.rounds.iter().map(|round| round.states).sum();
        let more = if exploration.is_exhaustive() {
            ""
        } else {
            "> "
        };
        let first: [Cell; 3] = [
            exploration.entry.name.into(),
            exploration.promise.to_string().into(),
            format!("{more}{}", format::count(states)).into(),
        ];
        let answers = exploration.answers.iter().map(|answer| {
            let tone = tone(answer, exploration.settings.faults);
            Text::toned(tone, word(exploration, answer)).into()
        });
        first.into_iter().chain(answers)
    })));
    document.gap();
    document.note("holds: in every order · breaks: against the promise · finding: not promised · fault: only with a fault · ?: a bound was hit");
    document
}

fn word(exploration: &Exploration, answer: &InvariantResult) -> &'static str {
    match (&answer.without_faults, &answer.with_faults) {
        (Some(witness), _) if witness.against_promise => "breaks",
        (Some(_), _) => "finding",
        (None, Some(_)) => "fault",
        _ if exploration.is_exhaustive() => "holds",
        _ => "?",
    }
}

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

/// Each witness once, with the names of all invariants that it breaks.
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

/// The bounds of the search.
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
