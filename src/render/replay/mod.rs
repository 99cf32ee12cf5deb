//! The result of a replay. Markdown and SVG are those of any [interleaving](super::interleaving).

mod json;

pub use json::render as json;

use super::document::{Document, Style, Tone};
use crate::{
    engine::replay::{ReplayResult, ReplaySettings},
    judge::verdict::Judgement,
    model::verdict::Verdict,
    strategies::Promise,
};

/// The last trial as a picture, and its verdict.
pub fn terminal(plan: &ReplaySettings, played: &[ReplayResult], style: Style) -> String {
    let mut document = Document::new();
    let Some(last) = played.last() else {
        return document.terminal(style);
    };
    let picture = last.picture(plan);
    document.picture(&picture);
    if last.scheduled < last.history.len() {
        let from = last.scheduled + 1;
        let text = format!("from step {from} on one after the other: the schedule had ended");
        document.fact("order", text);
    }
    for deviation in &last.deviations {
        document.fact("order", deviation.to_string());
    }
    for name in &last.kept {
        document.fact("kept", name);
    }
    if played.len() > 1 {
        let trials = format!("{}, {} of them like this one", played.len(), alike(played));
        document.fact("trials", trials);
    }
    document.gap();
    judgement(&mut document, plan, &last.judgement);
    document.terminal(style)
}

fn judgement(document: &mut Document, plan: &ReplaySettings, judgement: &Judgement) {
    let names: Vec<_> = judgement
        .findings
        .iter()
        .map(|found| format!("{} {}", found.kind.name(), found.count))
        .collect();
    let names = names.join(", ");
    match judgement.verdict {
        Verdict::Violated => {
            let promise = plan.entry.promise;
            document.bar(Tone::Bad, format!("violated: {names} · promise {promise}"));
        }
        Verdict::Finding => {
            let why = match plan.entry.promise {
                _ if plan.token.has_faults() => "as it takes a fault",
                Promise::None => "as it promises nothing",
                Promise::SingleProcess if plan.token.instances > 1 => {
                    "as it promises nothing to several processes"
                }
                _ => "as the promise does not cover it",
            };
            document.bar(Tone::Warn, format!("finding: {names}, {why}"));
        }
        Verdict::Inconclusive => {
            let reasons = judgement.reasons.join("; ");
            document.bar(Tone::Warn, format!("inconclusive: {reasons}"));
        }
        Verdict::Holds => document.bar(Tone::Good, "holds: nothing breaks in this order"),
    }
}

/// The number of trials with the findings of the last one.
fn alike(played: &[ReplayResult]) -> usize {
    let last = played.last().and_then(ReplayResult::finding);
    played.iter().filter(|one| one.finding() == last).count()
}
