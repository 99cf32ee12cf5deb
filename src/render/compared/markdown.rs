//! As Markdown, made for the comment on a pull request. Names may come from anywhere: all text passes through [`escaped`].

use std::fmt::Write;

use super::{
    facts, members,
    remarks::{assertions, cautions, gate, notes, one_sided},
    why,
    words::{by_trial, heading, mean, mean_of, outcome, place, ratio},
};
use crate::{
    judge::compare::{Baseline, Comparison, Contender, Standing},
    render::{
        markdown::{escaped, section, sign, table},
        terminal::Tone,
    },
    text::format::clean,
};

/// The answer first, how it was measured last and folded away.
pub fn render(comparison: &Comparison) -> String {
    let parts = [
        headline(comparison),
        comparison
            .baseline
            .as_ref()
            .map_or(String::new(), |baseline| changes(comparison, baseline)),
        ranking(comparison),
        remarks(&notes(comparison)),
        not_ranked(comparison),
        section("Assertions", &list(assertions(comparison))),
        section("Cautions", &list(cautions(comparison))),
        details(comparison),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

fn headline(comparison: &Comparison) -> String {
    let title = comparison
        .scenario
        .title
        .as_deref()
        .map_or_else(String::new, |title| {
            format!("\n**{}**\n", escaped(&clean(title)))
        });
    let lines = gate(comparison);
    if lines.is_empty() {
        return format!("## coupon-bench: comparison\n{title}");
    }
    let tones: Vec<_> = lines.iter().map(|(tone, _)| *tone).collect();
    let (tone, word) = match () {
        () if tones.contains(&Tone::Bad) => (Tone::Bad, "regression"),
        () if tones.contains(&Tone::Good) => (Tone::Good, "no regression"),
        () => (Tone::Warn, "undecided"),
    };
    let lines = list(lines.into_iter().map(|(_, text)| text));
    let sign = sign(tone);
    format!("## {sign} coupon-bench: {word}\n{title}\n{lines}")
}

fn ranking(comparison: &Comparison) -> String {
    let ranked = members(comparison, Standing::Correct);
    if !comparison.is_ranking() {
        return String::new();
    }
    if ranked.is_empty() {
        return section(
            "Speed",
            "No strategy is correct, so there is nothing to rank.\n",
        );
    }
    let metric = comparison.metric;
    let mut rows = vec![head(&[
        "strategy",
        heading(metric),
        "times as slow",
        "95 % interval",
        "p",
        "",
    ])];
    rows.extend(ranked.iter().map(|one| {
        let [times, interval, p_value] = ratio(one.against_fastest.as_ref(), one.rank == Some(1));
        cells(&[
            &clean(&one.label()),
            &mean(metric, &one.figures),
            &times,
            &interval,
            &p_value,
            place(one),
        ])
    }));
    section(
        "Speed of what is correct",
        &table(&rows, |index| (1..5).contains(&index)),
    )
}

fn changes(comparison: &Comparison, baseline: &Baseline) -> String {
    let metric = comparison.metric;
    let mut rows = vec![head(&[
        "strategy",
        &format!("{} then", heading(metric)),
        "now",
        "times as slow",
        "95 % interval",
        "p",
        "",
    ])];
    rows.extend(baseline.changes.iter().map(|change| {
        let [times, interval, p_value] = ratio(change.against_baseline.as_ref(), false);
        cells(&[
            &clean(&change.label()),
            &mean_of(metric, &change.before),
            &mean_of(metric, &change.after),
            &times,
            &interval,
            &p_value,
            outcome(change.outcome).0,
        ])
    }));
    let title = format!("Since {}", escaped(&clean(&baseline.source.name)));
    let rows = table(&rows, |index| (1..6).contains(&index));
    match remarks(&one_sided(baseline)) {
        none if none.is_empty() => section(&title, &rows),
        remarks => section(&title, &format!("{rows}\n{remarks}")),
    }
}

fn not_ranked(comparison: &Comparison) -> String {
    let lines = |standing, tone, word: &str| {
        let members = members(comparison, standing).into_iter();
        let lines = members.map(|one: &Contender| {
            let (label, why) = (escaped(&clean(&one.label())), escaped(&why(one)));
            format!("- {} **{label}** is {word}: {why}\n", sign(tone))
        });
        lines.collect::<String>()
    };
    let text = lines(Standing::Inconclusive, Tone::Warn, "inconclusive")
        + &lines(Standing::Incorrect, Tone::Bad, "incorrect");
    section("Not ranked", &text)
}

fn details(comparison: &Comparison) -> String {
    let metric = comparison.metric;
    let mut rows = vec![head(&["", ""])];
    let facts = facts(comparison).into_iter();
    rows.extend(facts.map(|(label, text)| cells(&[label, &text])));
    rows.extend(members(comparison, Standing::Correct).iter().map(|one| {
        let label = format!("trials of {}", clean(&one.label()));
        cells(&[&label, &by_trial(metric, one.figures.of(metric))])
    }));
    // The empty lines make it Markdown within HTML.
    format!(
        "<details>\n<summary>How it was measured</summary>\n\n{}\n</details>\n",
        table(&rows, |_| false)
    )
}

fn list(lines: impl IntoIterator<Item = String>) -> String {
    let mut text = String::new();
    for line in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- {}", escaped(&line));
    }
    text
}

fn remarks(lines: &[String]) -> String {
    let lines = lines
        .iter()
        .map(|line| format!("<sub>{}</sub>\n", escaped(line)));
    lines.collect::<Vec<_>>().join("\n")
}

fn head(titles: &[&str]) -> Vec<String> {
    titles.iter().map(|title| (*title).to_owned()).collect()
}

fn cells(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| escaped(text)).collect()
}
