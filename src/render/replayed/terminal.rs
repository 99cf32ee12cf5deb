//! For people: the last trial as a picture, and what it comes to.

use super::alike;
use crate::{
    engine::replay::{ReplayResult, ReplaySettings},
    judge::verdict::Judgement,
    model::verdict::Verdict,
    render::{
        interleaving,
        terminal::{Style, Tone, layout::Page},
    },
    strategies::Promise,
};

/// Everything that happened.
pub fn render(plan: &ReplaySettings, played: &[ReplayResult], style: Style) -> String {
    let mut page = Page::new(style.readable());
    let style = page.style;
    let Some(last) = played.last() else {
        return page.finish();
    };
    let picture = last.picture(plan);
    page.block(&interleaving::terminal::render(&picture, style));
    if last.scheduled < last.history.len() {
        let from = last.scheduled + 1;
        let text = format!("from step {from} on one after the other: the schedule had ended");
        page.labelled("order", &text);
    }
    for deviation in &last.deviations {
        page.labelled("order", &deviation.to_string());
    }
    for name in &last.kept {
        page.labelled("kept", name);
    }
    if played.len() > 1 {
        let trials = format!("{}, {} of them like this one", played.len(), alike(played));
        page.labelled("trials", &trials);
    }
    page.gap();
    judgement(&mut page, plan, &last.judgement);
    page.finish()
}

fn judgement(page: &mut Page, plan: &ReplaySettings, judgement: &Judgement) {
    let names: Vec<_> = judgement
        .findings
        .iter()
        .map(|found| format!("{} {}", found.kind.name(), found.count))
        .collect();
    let names = names.join(", ");
    match judgement.verdict {
        Verdict::Violated => {
            let promise = plan.entry.promise;
            page.barred(Tone::Bad, &format!("violated: {names} · promise {promise}"));
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
            page.barred(Tone::Warn, &format!("finding: {names}, {why}"));
        }
        Verdict::Inconclusive => {
            let reasons = judgement.reasons.join("; ");
            page.barred(Tone::Warn, &format!("inconclusive: {reasons}"));
        }
        Verdict::Holds => page.barred(Tone::Good, "holds: nothing breaks in this order"),
    }
}
