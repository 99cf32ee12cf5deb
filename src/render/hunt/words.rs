//! The result of a case in a few words, and the last lines of a hunt: what is proved, and what is not.
//!
//! A case is said to hold only if every order of its statements was played.

use crate::{
    engine::hunt::{CaseResult, Extent, HuntResult, HuntWitness},
    judge::verdict::Discrepancy,
    model::verdict::Verdict,
    render::Tone,
    text::format::{clean, count, duration, plural},
};

const NOT_SEARCHED: &str = "not searched";

/// A line of the conclusion: a word, and the rest of its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conclusion {
    pub(super) tone: Tone,
    pub(super) word: &'static str,
    /// With the separator after the word.
    pub(super) rest: String,
}

impl Conclusion {
    fn new(tone: Tone, word: &'static str, rest: String) -> Self {
        Self { tone, word, rest }
    }

    /// The whole line.
    pub(super) fn text(&self) -> String {
        format!("{}{}", self.word, self.rest)
    }
}

/// `over-issue 1, lost 1`
pub(super) fn names(findings: &[Discrepancy]) -> String {
    let names = findings.iter();
    let names = names.map(|found| format!("{} {}", found.kind.name(), count(found.count)));
    names.collect::<Vec<_>>().join(", ")
}

/// The result of one case for the table.
pub(super) fn outcome(case: &CaseResult) -> (Tone, String) {
    if let Some(witness) = &case.witness {
        let tone = tone(witness.verdict);
        let names = names(&witness.findings);
        return (tone, format!("{}: {names}", witness.verdict.name()));
    }
    match &case.extent {
        Extent::Exhausted => (Tone::Good, "holds: exhausted".to_owned()),
        Extent::Found => (Tone::Warn, "inconclusive".to_owned()),
        Extent::Bounded { left: 0 } => (Tone::Warn, "bounded".to_owned()),
        Extent::Bounded { left } => {
            let left = count(*left);
            (Tone::Warn, format!("bounded, about {left} left"))
        }
        Extent::NotControllable(_) => (Tone::Warn, "not controllable".to_owned()),
        Extent::Failed(_) => (Tone::Warn, "failed".to_owned()),
        Extent::NotSearched => (Tone::Warn, NOT_SEARCHED.to_owned()),
    }
}

/// The tone of a verdict.
pub(super) fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Holds => Tone::Good,
        Verdict::Violated => Tone::Bad,
        Verdict::Finding | Verdict::Inconclusive => Tone::Warn,
    }
}

/// The last lines. The last of them decides the exit code.
pub(super) fn conclusions(result: &HuntResult) -> Vec<Conclusion> {
    let of = |verdict| {
        let cases = result.cases.iter();
        cases.filter_map(move |case| {
            let witness = case.witness.as_ref()?;
            (witness.verdict == verdict).then(|| witnessed(case, witness))
        })
    };
    let mut lines: Vec<_> = of(Verdict::Finding).collect();
    lines.extend(open(result));
    if result.interrupted {
        let schedules = plural(result.schedules(), "schedule");
        let rest = format!(": the search was stopped after {schedules}");
        lines.push(Conclusion::new(Tone::Warn, "interrupted", rest));
    }
    lines.extend(of(Verdict::Inconclusive));
    lines.extend(of(Verdict::Violated));
    if result.is_exhausted() && lines.is_empty() {
        let schedules = plural(result.schedules(), "schedule");
        let rest = format!(
            ": every order of the statements was played (exhausted at statement granularity), {schedules}"
        );
        lines.push(Conclusion::new(Tone::Good, "holds", rest));
    }
    if lines.is_empty() {
        let rest = ": no case was searched".to_owned();
        lines.push(Conclusion::new(Tone::Warn, "inconclusive", rest));
    }
    lines
}

/// `violated: over-issue 1 (two users, limit 1), after 3 schedules and 140 ms`
fn witnessed(case: &CaseResult, witness: &HuntWitness) -> Conclusion {
    let names = names(&witness.findings);
    let schedules = plural(witness.schedules, "schedule");
    let after = duration(super::nanoseconds(witness.after));
    let mut rest = format!(": {names} ({}), after {schedules} and {after}", case.case);
    if witness.serial {
        rest += "; the requests ran one after the other, so it takes no race";
    }
    if witness.verdict == Verdict::Finding {
        rest += "; the promise does not cover it";
    }
    Conclusion::new(tone(witness.verdict), witness.verdict.name(), rest)
}

/// The cases without a witness that were not exhausted. Cases of the same kind share a line.
fn open(result: &HuntResult) -> Vec<Conclusion> {
    let mut lines: Vec<(Conclusion, Vec<String>)> = Vec::new();
    for case in result.cases.iter().filter(|case| case.witness.is_none()) {
        // What is not searched after an interruption is covered by the line of the interruption, and after a witness by its line.
        let is_covered = case.extent == Extent::NotSearched
            && (result.interrupted || result.witnesses().next().is_some());
        let Some(line) = open_case(case).filter(|_| !is_covered) else {
            continue;
        };
        match lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, cases)) => cases.push(case.case.to_string()),
            None => lines.push((line, vec![case.case.to_string()])),
        }
    }
    // A case is not searched because of an earlier one, whose line comes last.
    lines.sort_by_key(|(line, _)| line.word != NOT_SEARCHED);
    let lines = lines.into_iter().map(|(line, cases)| {
        let cases = match cases.len() {
            several if several > 1 && several == result.cases.len() => "every case".to_owned(),
            several if several > 1 && line.word == NOT_SEARCHED => format!("{several} cases"),
            _ => cases.join("; "),
        };
        let rest = format!("{} ({cases})", line.rest);
        Conclusion { rest, ..line }
    });
    lines.collect()
}

/// `None` for an exhausted case.
fn open_case(case: &CaseResult) -> Option<Conclusion> {
    let played = plural(case.schedules, "schedule");
    let (word, rest) = match &case.extent {
        Extent::Exhausted => return None,
        Extent::Found => (
            "inconclusive",
            format!(": the search ended after {played} without a witness"),
        ),
        Extent::Bounded { left: 0 } => ("bounded", format!(" after {played}")),
        Extent::Bounded { left } => {
            let all = plural(case.schedules + left, "schedule");
            let rest = format!(" after {} of about {all}", count(case.schedules));
            ("bounded", rest)
        }
        Extent::NotControllable(why) => ("not controllable", format!(" because {}", reason(why))),
        Extent::Failed(why) => ("failed", format!(" after {played}: {}", reason(why))),
        Extent::NotSearched => (NOT_SEARCHED, String::new()),
    };
    Some(Conclusion::new(Tone::Warn, word, rest))
}

/// A reason within a sentence: without its full stop.
fn reason(why: &str) -> String {
    clean(why).trim_end_matches('.').to_owned()
}
