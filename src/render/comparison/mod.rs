//! A comparison of runs: the ranking, the change since a baseline, every trial.
//!
//! # Layout
//!
//! - `mod`: the order of the parts on a terminal and in Markdown, and the facts
//! - `tables`: the tables, for both
//! - `remarks`: cautions, notes and the answer of the gate; `words`: figures as text

mod remarks;
mod tables;
mod words;

pub use remarks::refusal;

use super::{
    Style,
    document::{Document, Text, Tone, VerdictLine},
    head::{Fact, consumers, database, describe, shape},
    json::indented,
    judgement,
};
use crate::{
    judge::compare::{Comparison, Contender, Correctness, Defect, Metric, Source},
    strategies::Promise,
    text::format::{clean, count, plural, rate},
};
use remarks::{assertions, cautions, gate, notes, one_sided};
use words::{by_trial, heading, metric_in_words};

/// The text in place of a ranking without strategies.
const NOTHING_TO_RANK: &str = "no strategy is correct, so there is nothing to rank";

/// Groups of strategies that are not ranked.
const NOT_RANKED: [(Correctness, &str, Tone); 2] = [
    (Correctness::Inconclusive, "inconclusive", Tone::Warn),
    (Correctness::Incorrect, "incorrect", Tone::Bad),
];

/// The comparison for a terminal: how it was measured first, the answer last.
pub fn terminal(comparison: &Comparison, style: Style) -> String {
    let metric = comparison.metric;
    let ranked = members(comparison, Correctness::Correct);
    let mut document = Document::new();
    document.facts(facts(comparison));
    if let Some(baseline) = &comparison.baseline {
        document.gap();
        document.table(tables::changes(metric, baseline));
        document.notes(one_sided(baseline));
    }
    if comparison.is_ranking() {
        document.gap();
        if ranked.is_empty() {
            document.bar(Tone::Warn, NOTHING_TO_RANK);
        } else {
            document.table(tables::ranking(metric, &ranked));
        }
    }
    document.notes(notes(comparison));
    let title = format!("each trial: {}", heading(metric));
    let each = trials(comparison, &ranked);
    entries(&mut document, Text::toned(Tone::Heading, title), each);
    if !ranked.is_empty() {
        document.gap();
        document.table(tables::other_metrics(metric, &ranked));
        let names = Metric::ALL.iter().filter(|one| **one != metric);
        let names: Vec<_> = names.map(|metric| metric.name()).collect();
        let names = names.join(", ");
        document.note(format!("to rank by one of these: --by {names}"));
    }
    for (standing, word, tone) in NOT_RANKED {
        let others = members(comparison, standing).into_iter();
        let others = others.map(|one| (one.label(), why(one))).collect();
        let title = format!("{word}, so not ranked");
        entries(&mut document, Text::toned(tone, title), others);
    }
    bars(
        &mut document,
        cautions(comparison).map(|it| (Tone::Warn, it)),
    );
    bars(
        &mut document,
        assertions(comparison).map(|it| (Tone::Bad, it)),
    );
    bars(&mut document, gate(comparison));
    document.terminal(style)
}

/// The comparison as Markdown: the answer first, how it was measured last.
pub fn markdown(comparison: &Comparison) -> String {
    let metric = comparison.metric;
    let ranked = members(comparison, Correctness::Correct);
    let mut document = Document::new();
    headline(&mut document, comparison);
    if let Some(baseline) = &comparison.baseline {
        document.heading(format!("Since {}", clean(&baseline.source.name)));
        document.table(tables::changes(metric, baseline));
        document.notes(one_sided(baseline));
    }
    if comparison.is_ranking() && ranked.is_empty() {
        document.heading("Speed");
        document.paragraph("No strategy is correct, so there is nothing to rank.");
    } else if comparison.is_ranking() {
        document.heading("Speed of what is correct");
        document.table(tables::ranking(metric, &ranked));
    }
    document.notes(notes(comparison));
    let mut not_ranked = Document::new();
    for (standing, word, tone) in NOT_RANKED {
        for one in members(comparison, standing) {
            not_ranked.line(VerdictLine {
                tone,
                is_signed: true,
                name: clean(&one.label()),
                separator: " is ",
                text: format!("{word}: {}", why(one)).into(),
                ..VerdictLine::default()
            });
        }
    }
    document.section("Not ranked", not_ranked);
    document.list("Assertions", assertions(comparison));
    document.list("Cautions", cautions(comparison));
    let mut measured = Document::new();
    measured.facts(facts(comparison));
    for one in &ranked {
        let label = format!("trials of {}", clean(&one.label()));
        measured.fact(&label, by_trial(metric, one.figures.of(metric)));
    }
    document.folded("How it was measured", measured);
    document.markdown()
}

/// The comparison as JSON: `schema/compare.schema.json` describes it.
///
/// # Errors
///
/// If a value cannot be written as JSON.
pub fn json(comparison: &Comparison) -> Result<String, serde_json::Error> {
    indented(comparison)
}

/// The title of the Markdown, and the answer of the gate.
fn headline(document: &mut Document, comparison: &Comparison) {
    let lines = gate(comparison);
    let has = |tone| lines.iter().any(|(of_line, _)| *of_line == tone);
    let (tone, word) = match () {
        () if lines.is_empty() => (None, "comparison"),
        () if has(Tone::Bad) => (Some(Tone::Bad), "regression"),
        () if has(Tone::Good) => (Some(Tone::Good), "no regression"),
        () => (Some(Tone::Warn), "undecided"),
    };
    document.title(tone, format!("coupon-bench: {word}"));
    if let Some(title) = &comparison.scenario.title {
        document.strong(clean(title));
    }
    bars(document, lines);
}

fn bars(document: &mut Document, lines: impl IntoIterator<Item = (Tone, String)>) {
    for (index, (tone, text)) in lines.into_iter().enumerate() {
        if index == 0 {
            document.gap();
        }
        document.bar(tone, text);
    }
}

fn entries(document: &mut Document, title: Text, entries: Vec<(String, String)>) {
    if !entries.is_empty() {
        document.gap();
        document.lines(title);
        document.entries(entries);
    }
}

/// The values behind the means: those of each contender, and of its baseline right below it.
fn trials(comparison: &Comparison, ranked: &[&Contender]) -> Vec<(String, String)> {
    let metric = comparison.metric;
    let mut trials = Vec::new();
    for one in ranked {
        trials.push((one.label(), by_trial(metric, one.figures.of(metric))));
        let changes = comparison.baseline.iter().flat_map(|all| &all.changes);
        let before = changes.filter(|change| {
            let same = change.strategy == one.strategy && change.report == one.report;
            same && change.against_baseline.is_some()
        });
        trials.extend(before.map(|change| {
            let label = format!("{}, baseline", change.label());
            (label, by_trial(metric, change.before.figures.of(metric)))
        }));
    }
    trials
}

/// The compared reports and their settings.
fn facts(comparison: &Comparison) -> Vec<Fact> {
    let settings = &comparison.scenario;
    let mut facts = vec![compared(&comparison.reports)];
    if let Some(baseline) = &comparison.baseline {
        facts.push(("baseline", source(&baseline.source)));
    }
    facts.push(("workload", shape(settings)));
    facts.push(("db pool", database(settings)));
    let kafka = comparison.backends.iter().any(|one| one.kind == "kafka");
    if let (true, Some(consumers)) = (kafka, consumers(settings)) {
        facts.push(("consumers", consumers));
    }
    if let Some(per_second) = settings.bystander_rate_per_s {
        let orders = format!("orders at {} on the same database", rate(per_second));
        facts.push(("bystander", orders));
    }
    let backends: Vec<_> = comparison.backends.iter().map(describe).collect();
    facts.push(("backends", backends.join(" · ")));
    facts.push(("speed", metric_in_words(comparison.metric).to_owned()));
    facts
}

fn compared(reports: &[Source]) -> Fact {
    let label = if reports.len() == 1 {
        "report"
    } else {
        "reports"
    };
    let sources: Vec<_> = reports.iter().map(source).collect();
    (label, sources.join(" · "))
}

/// `a.json (2026-01-02 03:04, 5 trials each)`
fn source(source: &Source) -> String {
    let trials = plural(source.trials.into(), "trial");
    let each = if source.trials > 1 { " each" } else { "" };
    let time = source.started_at.replace('T', " ");
    let time = time.get(..16).unwrap_or(&time);
    let title = source.title.as_deref();
    let title = title.map_or(String::new(), |title| format!(" “{}”", clean(title)));
    let name = clean(&source.name);
    format!("{name}{title} ({}, {trials}{each})", clean(time))
}

/// The contenders of one standing.
fn members(comparison: &Comparison, standing: Correctness) -> Vec<&Contender> {
    let all = comparison.contenders.iter();
    all.filter(|one| one.standing == standing).collect()
}

/// The reason why a contender is not ranked.
fn why(contender: &Contender) -> String {
    let mut parts: Vec<_> = contender
        .troubles
        .iter()
        .map(|trouble| trouble_in_words(trouble, contender.trials))
        .collect();
    if contender.standing == Correctness::Inconclusive {
        parts.extend(contender.reasons.iter().map(|reason| clean(reason)));
    } else if contender.troubles.iter().any(|one| one.against_promise) {
        parts.push(format!("breaks its promise: {}", contender.promise));
    } else if contender.promise == Promise::None {
        parts.push("promises nothing".to_owned());
    } else {
        parts.push(format!("its promise is {}", contender.promise));
    }
    parts.join(" · ")
}

fn trouble_in_words(trouble: &Defect, trials: u64) -> String {
    let what = judgement::past(trouble.kind);
    let number = if trouble.least == trouble.most {
        count(trouble.most)
    } else {
        format!("{}–{}", count(trouble.least), count(trouble.most))
    };
    if trials == 1 {
        format!("{what} {number}")
    } else {
        format!("{what} {number} in {} of {trials} trials", trouble.trials)
    }
}

#[cfg(test)]
mod tests;
