//! The result of a report in a word and a sentence: the first line of a document.

use super::{
    document::Tone,
    strategy_runs::{StrategyRuns, subjects},
};
use crate::{
    model::{
        report::{AssertionOutcome, Report, Run},
        verdict::Verdict,
    },
    strategies::Promise,
    text::format::{clean, plural},
};

/// The result of a report.
pub(super) struct Overall {
    pub(super) tone: Tone,
    /// The worst verdict: `violated`.
    pub(super) word: &'static str,
    /// All verdicts: `naive-lock broke its promise; 1 of 3 assertions failed`.
    pub(super) sentence: String,
}

/// The result of a strategy, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Violated,
    Inconclusive,
    Finding,
    Unpromised,
    Held,
}

impl State {
    const ALL: [Self; 5] = [
        Self::Violated,
        Self::Inconclusive,
        Self::Finding,
        Self::Unpromised,
        Self::Held,
    ];

    fn of(subject: &StrategyRuns, report: &Report) -> Self {
        match subject.worst().map(|(run, _)| run.verdict) {
            Some(Verdict::Violated) => Self::Violated,
            Some(Verdict::Finding) => Self::Finding,
            Some(Verdict::Inconclusive) => Self::Inconclusive,
            _ if promise(report, subject.first) == Promise::None => Self::Unpromised,
            _ => Self::Held,
        }
    }

    /// The verb for one strategy, and for several.
    fn verbs(self) -> [&'static str; 2] {
        match self {
            Self::Violated => ["broke its promise", "broke their promises"],
            Self::Inconclusive => ["is inconclusive", "are inconclusive"],
            Self::Finding => [
                "has findings that its promise does not cover",
                "have findings that their promises do not cover",
            ],
            Self::Unpromised => [
                "promises nothing, so a run without a finding proves nothing",
                "promise nothing, so runs without a finding prove nothing",
            ],
            Self::Held => ["held its promise", "held their promises"],
        }
    }
}

/// The promise in this run: a promise for one process does not cover several processes.
pub(super) fn promise(report: &Report, run: &Run) -> Promise {
    let is_shared_out = report.scenario.instances > 1 && run.target.is_none();
    match run.promise {
        Promise::SingleProcess if is_shared_out => Promise::None,
        promise => promise,
    }
}

/// The reason why the report does not cover all requested runs; `None` if the report covers them.
pub(super) fn gap(report: &Report) -> Option<&'static str> {
    let asked = report.scenario.strategies.len() as u64 * u64::from(report.scenario.trials);
    if report.interrupted {
        Some("interrupted: this covers only what had finished by then")
    } else if report.runs.is_empty() {
        Some("nothing was run")
    } else if (report.runs.len() as u64) < asked {
        Some("a service failed: this covers only what had finished by then")
    } else if report.left_behind {
        Some("a service failed: something of the run was left behind")
    } else {
        None
    }
}

/// Finds the result of a report.
pub(super) fn overall(report: &Report) -> Overall {
    let subjects = subjects(report);
    let of = |state| {
        let names = subjects
            .iter()
            .filter(move |subject| State::of(subject, report) == state);
        names.map(|subject| subject.name).collect::<Vec<_>>()
    };
    let of_assertions = |outcome| {
        let all = report.assertions.iter();
        all.filter(|it| it.outcome() == outcome).count()
    };
    let failed = of_assertions(AssertionOutcome::Failed);
    let open = of_assertions(AssertionOutcome::NotObserved);
    let any = |state| !of(state).is_empty();
    let (tone, word) = match () {
        () if any(State::Violated) || failed > 0 => (Tone::Bad, "violated"),
        () if gap(report).is_some() => (Tone::Warn, "incomplete"),
        () if any(State::Inconclusive) || open > 0 => (Tone::Warn, "inconclusive"),
        () if any(State::Finding) => (Tone::Warn, "finding"),
        () if any(State::Held) || !report.assertions.is_empty() => (Tone::Good, "holds"),
        // No strategy promises anything, so "holds" is no praise.
        () => (Tone::Warn, "holds"),
    };
    let clauses = State::ALL.map(|state| clause(&of(state), state.verbs()));
    let mut clauses: Vec<_> = clauses.into_iter().flatten().collect();
    clauses.extend(assertions(report.assertions.len(), failed, open));
    clauses.extend(gap(report).map(str::to_owned));
    Overall {
        tone,
        word,
        sentence: clauses.join("; "),
    }
}

fn clause(names: &[&str], [one, several]: [&str; 2]) -> Option<String> {
    let listed = |some: &[&str]| {
        let some: Vec<_> = some.iter().map(|name| clean(name)).collect();
        some.join(", ")
    };
    match names {
        [] => None,
        [name] => Some(format!("{} {one}", clean(name))),
        [first @ .., last] if names.len() <= 3 => {
            Some(format!("{} and {} {several}", listed(first), clean(last)))
        }
        _ => Some(format!("{} strategies {several}", names.len())),
    }
}

fn assertions(all: usize, failed: usize, open: usize) -> Option<String> {
    let part = |some: usize, what: &str| match (all, some) {
        (_, 0) => None,
        (1, _) => Some(format!("the assertion {what}")),
        _ => Some(format!(
            "{some} of {} {what}",
            plural(all as u64, "assertion")
        )),
    };
    match (all, failed + open) {
        (0, _) => None,
        (1, 0) => Some("the assertion held".to_owned()),
        (_, 0) => Some(format!("all {all} assertions held")),
        _ => {
            let was = if open == 1 { "was" } else { "were" };
            let parts = [
                part(failed, "failed"),
                part(open, &format!("{was} not observed")),
            ];
            Some(parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::fixtures;

    fn said(report: &Report) -> (&'static str, String) {
        let overall = overall(report);
        (overall.word, overall.sentence)
    }

    #[test]
    fn the_word_is_the_worst_verdict_and_the_sentence_has_all() {
        for (report, word, sentence) in [
            (
                fixtures::redis_kafka_holds(),
                "holds",
                "redis-kafka held its promise",
            ),
            (
                fixtures::naive_over_issues(),
                "finding",
                "naive has findings that its promise does not cover",
            ),
            (
                fixtures::violated(),
                "violated",
                "redis-kafka broke its promise",
            ),
            (
                fixtures::inconclusive(),
                "inconclusive",
                "redis-kafka is inconclusive",
            ),
            (
                fixtures::comparison(),
                "finding",
                "naive has findings that its promise does not cover; redis-incr and redis-kafka held their promises",
            ),
            (
                fixtures::failed_assertions(),
                "violated",
                "naive has findings that its promise does not cover; 2 of 4 assertions failed; 1 of 4 assertions was not observed",
            ),
        ] {
            assert_eq!(said(&report), (word, sentence.to_owned()));
        }
    }

    #[test]
    fn an_incomplete_report_does_not_hold() {
        let mut report = fixtures::redis_kafka_holds();
        report.scenario.trials = 2;
        assert_eq!(said(&report).0, "incomplete");
        report.interrupted = true;
        assert!(said(&report).1.ends_with("what had finished by then"));
        assert_eq!(said(&fixtures::report(Vec::new())).1, "nothing was run");
    }

    #[test]
    fn a_promise_of_nothing_proves_nothing() {
        let mut report = fixtures::report(vec![fixtures::naive(0, 0)]);
        report.runs[0].findings.clear();
        assert_eq!(said(&report).0, "holds");
        assert!(said(&report).1.contains("proves nothing"));
        report.runs[0].promise = Promise::SingleProcess;
        assert_eq!(said(&report).0, "holds");
        report.scenario.instances = 2;
        assert_eq!(said(&report).0, "holds");
        assert!(said(&report).1.contains("proves nothing"));
    }
}
