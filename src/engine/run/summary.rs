//! The summary of all runs: how often each subject raced, the assertions, the exit code.

use super::{ScenarioResult, spread::spreads, trial::FinishedRun};
use crate::{
    adapters::OpenError,
    config::scenario::Scenario,
    judge::{assertion, exit},
    model::{
        environment::{environment, tool},
        report::{
            AssertionOutcome, AssertionResult, Environment, Race, Report, Run, SCHEMA_VERSION,
        },
        verdict::Verdict,
    },
    statistics::wilson,
};

/// The runs so far.
pub struct Collected {
    environment: Environment,
    runs: Vec<Run>,
    left_behind: bool,
    pub interrupted: bool,
    pub error: Option<OpenError>,
    cut_short: Option<String>,
}

impl Default for Collected {
    fn default() -> Self {
        Self {
            environment: environment(),
            runs: Vec::new(),
            left_behind: false,
            interrupted: false,
            error: None,
            cut_short: None,
        }
    }
}

impl Collected {
    /// Adds a run; returns why no other may begin.
    pub fn add(&mut self, done: FinishedRun) -> Option<String> {
        self.runs.push(done.run);
        self.left_behind |= done.left_behind;
        done.outstanding
    }

    /// Records that trial `next` does not begin, also in the report.
    pub fn cut_short(&mut self, next: u32, why: &str) {
        let text = format!("trial {next} does not begin: {why}");
        if let Some(run) = self.runs.last_mut() {
            run.reasons.push(text.clone());
        }
        self.cut_short = Some(text);
    }

    /// Judges all runs together.
    pub fn finish(self, scenario: &Scenario) -> ScenarioResult {
        let assertions = assertion::check_all(&scenario.assertions, &self.runs);
        let exit_code = self.exit_code(&assertions);
        let report = Report {
            schema_version: SCHEMA_VERSION,
            tool: tool(),
            environment: self.environment,
            scenario: scenario.settings(),
            race: race(scenario, &self.runs),
            spread: spreads(scenario, &self.runs),
            runs: self.runs,
            assertions,
            exit_code,
            interrupted: self.interrupted,
            left_behind: self.left_behind,
        };
        ScenarioResult {
            report,
            error: self.error,
            cut_short: self.cut_short,
        }
    }

    /// A proven violation comes first. A service that fails after the first load makes the runs inconclusive; a service that
    /// fails before the first load could not be reached.
    fn exit_code(&self, assertions: &[AssertionResult]) -> u8 {
        let any = |outcome| assertions.iter().any(|result| result.outcome() == outcome);
        let violated = self.any(Verdict::Violated) || any(AssertionOutcome::Failed);
        let open = self.any(Verdict::Inconclusive) || any(AssertionOutcome::NotObserved);
        match () {
            () if self.interrupted => exit::INTERRUPTED,
            () if violated => exit::VIOLATED,
            () if self.error.is_some() && self.runs.is_empty() => exit::SERVICE,
            () if self.error.is_some() || self.cut_short.is_some() || self.left_behind || open => {
                exit::INCONCLUSIVE
            }
            () => exit::OK,
        }
    }

    fn any(&self, verdict: Verdict) -> bool {
        self.runs.iter().any(|run| run.verdict == verdict)
    }
}

fn race(scenario: &Scenario, runs: &[Run]) -> Vec<Race> {
    let of = |name: &str| {
        let readable = runs
            .iter()
            .filter(|run| run.strategy == name && could_race(run));
        let trials = readable.clone().count() as u64;
        let over_issued = readable.filter(|run| run.ledger.is_over_issued()).count() as u64;
        (trials > 0).then(|| Race {
            strategy: name.to_owned(),
            trials,
            over_issued,
            probability: over_issued as f64 / trials as f64,
            interval: wilson(over_issued, trials),
        })
    };
    scenario
        .subjects
        .iter()
        .filter_map(|subject| of(subject.name()))
        .collect()
}

/// A trial without a proof counts for the race only if it raced.
fn could_race(run: &Run) -> bool {
    run.verdict != Verdict::Inconclusive || run.ledger.is_over_issued()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::fixtures;

    fn of(runs: Vec<Run>) -> Collected {
        Collected {
            runs,
            ..Collected::default()
        }
    }

    fn assertion(observed: serde_json::Value) -> Vec<AssertionResult> {
        vec![AssertionResult {
            expression: "issued == 100".to_owned(),
            observed,
            ok: false,
            broken_by: None,
        }]
    }

    #[test]
    fn an_unreachable_service_and_a_service_that_died_have_different_exit_codes() {
        let gone = || Some(OpenError::new("--redis", "redis://here", "refused"));
        let mut before = of(Vec::new());
        before.error = gone();
        assert_eq!(before.exit_code(&[]), exit::SERVICE);
        let mut between = of(vec![fixtures::redis_kafka(0)]);
        between.error = gone();
        assert_eq!(between.exit_code(&[]), exit::INCONCLUSIVE);
        let mut at_the_end = of(vec![fixtures::redis_kafka(0)]);
        at_the_end.left_behind = true;
        assert_eq!(at_the_end.exit_code(&[]), exit::INCONCLUSIVE);
        // A proven violation stays.
        let mut violated = of(fixtures::violated().runs);
        (violated.error, violated.left_behind) = (gone(), true);
        assert_eq!(violated.exit_code(&[]), exit::VIOLATED);
        violated.interrupted = true;
        assert_eq!(violated.exit_code(&[]), exit::INTERRUPTED);
    }

    #[test]
    fn an_unobserved_assertion_is_inconclusive_unless_another_check_is_violated() {
        let holds = || of(vec![fixtures::redis_kafka(0)]);
        let unobserved = assertion(serde_json::Value::Null);
        let failed = assertion(99.into());
        assert_eq!(holds().exit_code(&[]), exit::OK);
        assert_eq!(holds().exit_code(&unobserved), exit::INCONCLUSIVE);
        assert_eq!(holds().exit_code(&failed), exit::VIOLATED);
        let both = [unobserved.clone(), failed].concat();
        assert_eq!(holds().exit_code(&both), exit::VIOLATED);
        let broken = of(fixtures::violated().runs);
        assert_eq!(broken.exit_code(&unobserved), exit::VIOLATED);
        let finding = of(vec![fixtures::naive(0, 900)]);
        assert_eq!(finding.exit_code(&[]), exit::OK);
        let open = of(fixtures::inconclusive().runs);
        assert_eq!(open.exit_code(&[]), exit::INCONCLUSIVE);
    }
}
