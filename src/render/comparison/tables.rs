//! The tables of a comparison.

use super::{
    Tone,
    words::{heading, mean, mean_of, outcome, place, ratio},
};
use crate::{
    judge::compare::{Baseline, Contender, Metric},
    render::document::{Cell, Column, Table, Text},
    text::format::clean,
};

/// Each contender against the fastest one.
pub(super) fn ranking(metric: Metric, ranked: &[&Contender]) -> Table {
    let table = Table::new([
        Column::words(Text::toned(Tone::Good, "correct")).elsewhere("strategy"),
        Column::figures(heading(metric)).dispensable(0),
        Column::figures("times as slow"),
        Column::figures("95 % interval"),
        Column::figures("p"),
        Column::words(""),
    ]);
    named(table).with(ranked.iter().map(|one| {
        let [times, interval, p_value] = ratio(one.against_fastest.as_ref(), one.rank == Some(1));
        [
            Cell::name(clean(&one.label())),
            mean(metric, &one.figures).into(),
            times.into(),
            interval.into(),
            p_value.into(),
            place(one).into(),
        ]
    }))
}

/// Each contender against its baseline.
pub(super) fn changes(metric: Metric, baseline: &Baseline) -> Table {
    let unit = heading(metric);
    let table = Table::new([
        Column::words("since the baseline").elsewhere("strategy"),
        Column::figures(format!("{unit}\nthen")).dispensable(0),
        Column::figures(format!("{unit}\nnow"))
            .elsewhere("now")
            .dispensable(1),
        Column::figures("times\nas slow"),
        Column::figures("95 % interval"),
        Column::figures("p"),
        Column::words(""),
    ]);
    named(table).with(baseline.changes.iter().map(|change| {
        let [times, interval, p_value] = ratio(change.against_baseline.as_ref(), false);
        let (word, tone) = outcome(change.outcome);
        [
            Cell::name(clean(&change.label())),
            mean_of(metric, &change.before).into(),
            mean_of(metric, &change.after).into(),
            times.into(),
            interval.into(),
            p_value.into(),
            Text::toned(tone, word).into(),
        ]
    }))
}

/// The means of all other metrics.
pub(super) fn other_metrics(metric: Metric, ranked: &[&Contender]) -> Table {
    let others = || Metric::ALL.into_iter().filter(move |one| *one != metric);
    let heads = others().map(heading);
    let table = Table::of_figures(std::iter::once("means").chain(heads));
    named(table).with(ranked.iter().map(|one| {
        let cells = others().map(|metric| Cell::from(mean(metric, &one.figures)));
        std::iter::once(Cell::name(clean(&one.label()))).chain(cells)
    }))
}

/// Names of contenders may be long, as they can have the name of a report in them.
fn named(table: Table) -> Table {
    Table {
        shortens_names: true,
        ..table
    }
}
