//! For people: one strategy with its pictures, or a line for each of several.

use super::{extent, heading, searched, verdict, witnesses};
use crate::{
    engine::explore::{Exploration, Hit, Invariant, InvariantResult, Witness},
    render::{
        interleaving,
        terminal::{
            Style, Tone,
            layout::{Grid, Page},
        },
    },
    strategies::Promise,
};

/// Everything that was found.
pub fn render(found: &[Exploration], style: Style) -> String {
    match found {
        [one] => single(one, style),
        several => table(several, style),
    }
}

fn single(exploration: &Exploration, style: Style) -> String {
    let mut page = Page::new(style.readable());
    let style = page.style;
    page.labelled("strategy", exploration.entry.name);
    page.labelled("promise", &exploration.promise.to_string());
    page.labelled("searched", &searched(exploration));
    for faults in 0..=exploration.settings.faults {
        if let Some(round) = exploration.round(faults) {
            page.labelled("", &format!("{}: {}", heading(faults), extent(round)));
        }
    }
    page.gap();
    page.block(&invariants(exploration, style).draw(style));
    page.gap();
    judgement(&mut page, exploration);
    for (names, witness) in witnesses(exploration) {
        page.gap();
        let mut picture = witness.interleaving.clone();
        if let Some((title, _)) = picture.title.rsplit_once(": ") {
            picture.title = format!("{title}: {}", names.join(", "));
        }
        page.block(&interleaving::terminal::render(&picture, style));
    }
    page.finish()
}

fn invariants(exploration: &Exploration, style: Style) -> Grid {
    let columns = 0..=exploration.settings.faults.min(1) * exploration.settings.faults;
    let columns: Vec<u8> = columns
        .filter(|faults| *faults == 0 || *faults == exploration.settings.faults)
        .collect();
    let mut head = vec!["invariant".to_owned()];
    head.extend(columns.iter().map(|faults| heading(*faults)));
    let mut rows = vec![head];
    for answer in &exploration.answers {
        let mut row = vec![answer.invariant.name().to_owned()];
        for faults in &columns {
            let text = verdict(exploration, answer, *faults);
            row.push(style.paint(tone(answer, *faults), text));
        }
        rows.push(row);
    }
    Grid {
        left: (0..=columns.len()).collect(),
        rows,
        divider: None,
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

fn judgement(page: &mut Page, exploration: &Exploration) {
    let broken = |wanted: fn(&InvariantResult) -> Option<&Witness>| {
        let names = exploration
            .answers
            .iter()
            .filter(|answer| wanted(answer).is_some());
        let names: Vec<_> = names.map(|answer| answer.invariant.name()).collect();
        names.join(", ")
    };
    let against = broken(|answer| {
        answer
            .without_faults
            .as_ref()
            .filter(|found| found.against_promise)
    });
    let other = broken(|answer| {
        answer
            .without_faults
            .as_ref()
            .filter(|found| !found.against_promise)
    });
    let with_faults = broken(|answer| answer.with_faults.as_ref());
    if !against.is_empty() {
        let promise = exploration.promise;
        page.barred(
            Tone::Bad,
            &format!("violated: {against}, without a fault, against the promise {promise}"),
        );
    }
    if !other.is_empty() {
        let why = match (exploration.promise, exploration.entry.promise) {
            (Promise::None, Promise::None) => "it promises nothing",
            (Promise::None, _) => "it promises nothing to several processes",
            _ => "the promise does not cover it",
        };
        page.barred(Tone::Warn, &format!("{other}: a finding, as {why}"));
    }
    if !with_faults.is_empty() {
        page.barred(
            Tone::Warn,
            &format!("{with_faults}: a finding, as it takes a fault"),
        );
    }
    if against.is_empty()
        && other.is_empty()
        && with_faults.is_empty()
        && exploration.is_exhaustive()
    {
        page.barred(Tone::Good, "holds: nothing breaks, in any order");
    }
    for round in &exploration.rounds {
        let flag = match round.hit {
            None => continue,
            Some(Hit::Steps) => "--steps",
            Some(Hit::States) => "--states",
        };
        let users = round.users;
        let text = format!(
            "not exhaustive: {users} users {} hit {flag}, so what holds is not proved",
            heading(round.faults)
        );
        page.barred(Tone::Warn, &text);
    }
}

fn table(found: &[Exploration], style: Style) -> String {
    let mut page = Page::new(style.readable());
    let style = page.style;
    if let Some(first) = found.first() {
        page.labelled("searched", &searched(first));
        page.gap();
    }
    let mut head = vec![
        "strategy".to_owned(),
        "promise".to_owned(),
        "states".to_owned(),
    ];
    head.extend(Invariant::ALL.map(|invariant| invariant.name().replace('-', "-\n")));
    let mut rows = vec![head];
    for exploration in found {
        let states = exploration.rounds.iter().map(|round| round.states).sum();
        let more = if exploration.is_exhaustive() {
            ""
        } else {
            "> "
        };
        let mut row = vec![
            exploration.entry.name.to_owned(),
            exploration.promise.to_string(),
            format!("{more}{}", crate::text::format::count(states)),
        ];
        for answer in &exploration.answers {
            row.push(style.paint(
                tone(answer, exploration.settings.faults),
                word(exploration, answer),
            ));
        }
        rows.push(row);
    }
    let mut grid = Grid {
        left: [0, 1]
            .into_iter()
            .chain(3..3 + Invariant::ALL.len())
            .collect(),
        rows,
        divider: None,
    };
    if grid.width(1) > style.width {
        // What was found comes first; the rest is on each strategy's own page.
        grid.rows.iter_mut().for_each(|row| drop(row.drain(1..3)));
        grid.left = (0..=Invariant::ALL.len()).collect();
    }
    page.block(&grid.draw(style));
    page.gap();
    page.note("holds: in every order · breaks: against the promise · finding: not promised · fault: only with a fault · ?: a bound was hit");
    page.finish()
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
