//! What a comparison has found: one file an output, and the words that they share.

pub mod json;
pub mod markdown;
mod remarks;
pub mod terminal;
mod words;

pub use remarks::refusal;

use super::{
    head::{Fact, consumers, database, describe, shape},
    judgement,
};
use crate::text::format::{clean, count, plural, rate};
use crate::{
    judge::compare::{Comparison, Contender, Source, Standing, Trouble},
    strategies::Promise,
};
use words::metric_in_words;

/// What was compared.
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

/// Contenders of one standing.
fn members(comparison: &Comparison, standing: Standing) -> Vec<&Contender> {
    let all = comparison.contenders.iter();
    all.filter(|one| one.standing == standing).collect()
}

/// Why a contender is not ranked.
fn why(contender: &Contender) -> String {
    let mut parts: Vec<_> = contender
        .troubles
        .iter()
        .map(|trouble| trouble_in_words(trouble, contender.trials))
        .collect();
    if contender.standing == Standing::Inconclusive {
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

fn trouble_in_words(trouble: &Trouble, trials: u64) -> String {
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
