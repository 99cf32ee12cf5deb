//! The result of `hunt --replay`: the last trial as a picture, and what all trials came to.

pub use super::{html::replay as html, json::replay as json};

use super::{
    super::{Style, Tone, document::Document},
    picture, words,
};
use crate::{
    engine::hunt::Played,
    judge::verdict::Discrepancy,
    model::{hunt::HuntToken, verdict::Verdict},
    text::format::{clean, count, plural},
};

/// The replay of one schedule.
#[derive(Debug, Clone, Copy)]
pub struct Replay<'a> {
    /// The title of the target file, or its path.
    pub target: &'a str,
    /// The schedule, as it was asked for.
    pub token: &'a HuntToken,
    /// The trials, at least one.
    pub played: &'a [Played],
}

impl Replay<'_> {
    /// The worst verdict of all trials.
    pub fn verdict(&self) -> Verdict {
        let has = |verdict: &Verdict| self.played.iter().any(|one| one.verdict == *verdict);
        let worst = [Verdict::Violated, Verdict::Inconclusive, Verdict::Finding];
        worst.into_iter().find(has).unwrap_or(Verdict::Holds)
    }

    /// The number of trials with the verdict and the findings of the last one.
    pub fn alike(&self) -> usize {
        let Some(last) = self.played.last() else {
            return 0;
        };
        let is_alike = |one: &&Played| one.verdict == last.verdict && kinds(one).eq(kinds(last));
        self.played.iter().filter(is_alike).count()
    }

    /// The last trial with the worst verdict. The outputs for readers show it.
    pub fn shown(&self) -> Option<&Played> {
        let worst = self.verdict();
        self.played.iter().rfind(|one| one.verdict == worst)
    }
}

fn kinds(one: &Played) -> impl Iterator<Item = (&'static str, u64)> {
    let pair = |found: &Discrepancy| (found.kind.name(), found.count);
    one.findings.iter().map(pair)
}

/// The replay for a terminal.
pub fn terminal(replay: &Replay<'_>, style: Style) -> String {
    let mut document = Document::new();
    document.fact("service", clean(replay.target));
    document.gap();
    body(&mut document, replay);
    document.gap();
    let (tone, text) = conclusion(replay);
    document.bar(tone, text);
    document.terminal(style)
}

/// The replay as Markdown.
pub fn markdown(replay: &Replay<'_>) -> String {
    let mut document = Document::new();
    let (tone, text) = conclusion(replay);
    let title = format!("coupon-bench hunt: {}", clean(replay.target));
    document.title(Some(tone), title);
    document.bar(tone, text);
    body(&mut document, replay);
    document.markdown()
}

fn body(document: &mut Document, replay: &Replay<'_>) {
    let Some(shown) = replay.shown() else { return };
    document.picture(&picture(&shown.interleaving));
    if !shown.advice.is_empty() {
        document.fact("advice", clean(&shown.advice));
    }
    for deviation in &shown.deviations {
        document.fact("order", clean(deviation));
    }
    if replay.played.len() > 1 {
        let trials = count(replay.played.len() as u64);
        let alike = count(replay.alike() as u64);
        document.fact(
            "trials",
            format!("{trials}, {alike} of them like the last one"),
        );
    }
}

/// The verdict over all trials, as a sentence.
pub(super) fn conclusion(replay: &Replay<'_>) -> (Tone, String) {
    let verdict = replay.verdict();
    let all = replay.played.len();
    let same = replay.played.iter().filter(|one| one.verdict == verdict);
    let trials = match (all, same.count()) {
        (1, _) => String::new(),
        (all, same) if all == same => format!(" in all {}", plural(all as u64, "trial")),
        (all, same) => format!(
            " in {} of {}",
            count(same as u64),
            plural(all as u64, "trial")
        ),
    };
    let shown = replay.shown();
    let names = shown.map_or_else(String::new, |one| words::names(&one.findings));
    let rest = match verdict {
        Verdict::Violated => names,
        Verdict::Finding => format!("{names}; the promise does not cover it"),
        Verdict::Inconclusive => {
            let reasons = shown.map_or_else(Vec::new, |one| {
                one.reasons.iter().map(|it| clean(it)).collect()
            });
            reasons.join("; ")
        }
        Verdict::Holds => "nothing breaks in this order".to_owned(),
    };
    (
        words::tone(verdict),
        format!("{}{trials}: {rest}", verdict.name()),
    )
}
