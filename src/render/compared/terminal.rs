//! For people at a terminal: the ranking, the change since the baseline, every trial.

use super::{
    facts, members,
    remarks::{assertions, cautions, gate, notes, one_sided},
    why,
    words::{by_trial, heading, mean, mean_of, outcome, place, ratio},
};
use crate::{
    judge::compare::{Baseline, Comparison, Contender, Metric, Standing},
    render::terminal::{
        Style, Tone,
        layout::{Grid, Page},
    },
    text::format::clean,
};

/// The whole comparison.
pub fn render(comparison: &Comparison, style: Style) -> String {
    let mut page = Page::new(style.readable());
    for (label, text) in facts(comparison) {
        page.labelled(label, &text);
    }
    let ranked = members(comparison, Standing::Correct);
    if let Some(baseline) = &comparison.baseline {
        changes(&mut page, comparison.metric, baseline);
    }
    if comparison.is_ranking() {
        ranking(&mut page, comparison.metric, &ranked);
    }
    for note in notes(comparison) {
        page.note(&note);
    }
    trials(&mut page, comparison, &ranked);
    others(&mut page, comparison.metric, &ranked);
    for (standing, word, tone) in [
        (Standing::Inconclusive, "inconclusive", Tone::Warn),
        (Standing::Incorrect, "incorrect", Tone::Bad),
    ] {
        not_ranked(&mut page, &members(comparison, standing), word, tone);
    }
    bars(
        &mut page,
        cautions(comparison).map(|text| (Tone::Warn, text)),
    );
    bars(
        &mut page,
        assertions(comparison).map(|text| (Tone::Bad, text)),
    );
    bars(&mut page, gate(comparison).into_iter());
    page.finish()
}

/// Each against the fastest.
fn ranking(page: &mut Page, metric: Metric, ranked: &[&Contender]) {
    page.gap();
    if ranked.is_empty() {
        page.barred(
            Tone::Warn,
            "no strategy is correct, so there is nothing to rank",
        );
        return;
    }
    let style = page.style;
    let head = [
        &style.paint(Tone::Good, "correct"),
        heading(metric),
        "times as slow",
        "95 % interval",
        "p",
        "",
    ];
    let rows = ranked.iter().map(|one| {
        let [times, interval, p_value] = ratio(one.against_fastest.as_ref(), one.rank == Some(1));
        vec![
            name(style, &one.label()),
            mean(metric, &one.figures),
            times,
            interval,
            p_value,
            place(one).to_owned(),
        ]
    });
    table(page, &head, rows, 1..2);
}

/// Each against itself.
fn changes(page: &mut Page, metric: Metric, baseline: &Baseline) {
    page.gap();
    let style = page.style;
    let unit = heading(metric);
    let head = [
        "since the baseline",
        &format!("{unit}\nthen"),
        &format!("{unit}\nnow"),
        "times\nas slow",
        "95 % interval",
        "p",
        "",
    ];
    let rows = baseline.changes.iter().map(|change| {
        let [times, interval, p_value] = ratio(change.against_baseline.as_ref(), false);
        let (word, tone) = outcome(change.outcome);
        vec![
            name(style, &change.label()),
            mean_of(metric, &change.before),
            mean_of(metric, &change.after),
            times,
            interval,
            p_value,
            style.paint(tone, word),
        ]
    });
    table(page, &head, rows, 1..3);
    for line in one_sided(baseline) {
        page.note(&line);
    }
}

/// The values that the means are of: of each contender, and of its baseline right below it.
fn trials(page: &mut Page, comparison: &Comparison, ranked: &[&Contender]) {
    let metric = comparison.metric;
    let mut rows = Vec::new();
    for one in ranked {
        rows.push((one.label(), by_trial(metric, one.figures.of(metric))));
        let changes = comparison.baseline.iter().flat_map(|all| &all.changes);
        let then = changes.filter(|change| {
            let same = change.strategy == one.strategy && change.report == one.report;
            same && change.against_baseline.is_some()
        });
        rows.extend(then.map(|change| {
            let label = format!("{}, baseline", change.label());
            (label, by_trial(metric, change.before.figures.of(metric)))
        }));
    }
    listed(
        page,
        &format!("each trial: {}", heading(metric)),
        Tone::Heading,
        &rows,
    );
}

/// What else was measured.
fn others(page: &mut Page, metric: Metric, ranked: &[&Contender]) {
    if ranked.is_empty() {
        return;
    }
    page.gap();
    let style = page.style;
    let metrics: Vec<_> = Metric::ALL
        .into_iter()
        .filter(|one| *one != metric)
        .collect();
    let heads = metrics.iter().map(|metric| heading(*metric));
    let head: Vec<_> = std::iter::once("means").chain(heads).collect();
    let rows = ranked.iter().map(|one| {
        let cells = metrics.iter().map(|metric| mean(*metric, &one.figures));
        std::iter::once(name(style, &one.label()))
            .chain(cells)
            .collect()
    });
    table(page, &head, rows, 0..0);
    let names: Vec<_> = metrics.iter().map(|metric| metric.name()).collect();
    page.note(&format!(
        "to rank by one of these: --by {}",
        names.join(", ")
    ));
}

fn not_ranked(page: &mut Page, members: &[&Contender], word: &str, tone: Tone) {
    let rows: Vec<_> = members.iter().map(|one| (one.label(), why(one))).collect();
    listed(page, &format!("{word}, so not ranked"), tone, &rows);
}

/// Names, and text beside them that is wrapped.
fn listed(page: &mut Page, title: &str, tone: Tone, rows: &[(String, String)]) {
    if rows.is_empty() {
        return;
    }
    page.gap();
    let style = page.style;
    page.block(&style.paint(tone, title));
    let names: Vec<_> = rows.iter().map(|(label, _)| name(style, label)).collect();
    let widths = names.iter().map(|name| textwrap::core::display_width(name));
    let width = widths.max().unwrap_or(0);
    for (name, (_, text)) in names.iter().zip(rows) {
        let pad = " ".repeat(width - textwrap::core::display_width(name));
        page.hanging(&format!("{name}{pad}  "), text);
    }
}

/// The first column is text. Where there is no room for all, as many as it takes are left out from `dispensable` on:
/// they are told elsewhere.
fn table(
    page: &mut Page,
    head: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
    dispensable: std::ops::Range<usize>,
) {
    let style = page.style;
    let painted = head.iter().map(|name| {
        let lines = name.lines().map(|line| style.paint(Tone::Heading, line));
        lines.collect::<Vec<_>>().join("\n")
    });
    let mut grid = Grid {
        rows: std::iter::once(painted.collect()).chain(rows).collect(),
        left: vec![0],
        divider: None,
    };
    let mut last = head.len() - 1;
    for _ in dispensable.clone() {
        if grid.width(1) > style.width {
            grid.rows.iter_mut().for_each(|row| {
                row.remove(dispensable.start);
            });
            last -= 1;
        }
    }
    // A column without a name is what the others mean, in words.
    if head.last().is_some_and(|name| name.is_empty()) {
        grid.left.push(last);
    }
    page.block(&grid.draw(style));
}

/// Indented, and no longer than leaves room for the figures.
fn name(style: Style, label: &str) -> String {
    let label = crate::text::format::shorten(&clean(label), style.width * 3 / 10);
    format!("  {label}")
}

fn bars(page: &mut Page, lines: impl Iterator<Item = (Tone, String)>) {
    for (index, (tone, text)) in lines.enumerate() {
        if index == 0 {
            page.gap();
        }
        page.barred(tone, &text);
    }
}
