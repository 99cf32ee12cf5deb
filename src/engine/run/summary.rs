//! All runs together: how often each strategy raced, the assertions, the exit code.

use std::time::Duration;

use super::{Finished, one::Done, spread::spreads};
use crate::model::environment::{environment, tool};
use crate::{
    adapters::{OpenError, http::Remote},
    config::scenario::{Scenario, Subject},
    judge::{assertion, exit},
    model::{
        report::{
            AssertionOutcome, AssertionResult, Environment, OpenLoop, Race, Refused, Report, Run,
            SCHEMA_VERSION, Settings, TargetSettings,
        },
        verdict::Verdict,
        workload::{Arrivals, Profile, Rate, Workload},
    },
    service::Target,
    statistics::wilson,
};

/// What the runs have brought so far.
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
    /// Takes a run in; returns why no other may begin.
    pub fn add(&mut self, done: Done) -> Option<String> {
        self.runs.push(done.run);
        self.left_behind |= done.left_behind;
        done.outstanding
    }

    /// Notes, for whoever reads the report too, that trial `next` does not begin.
    pub fn cut_short(&mut self, next: u32, why: &str) {
        let text = format!("trial {next} does not begin: {why}");
        if let Some(run) = self.runs.last_mut() {
            run.reasons.push(text.clone());
        }
        self.cut_short = Some(text);
    }

    /// Judges all of them together.
    pub fn finish(self, scenario: &Scenario) -> Finished {
        let assertions = assertion::check_all(&scenario.assertions, &self.runs);
        let exit_code = self.exit_code(&assertions);
        let report = Report {
            schema_version: SCHEMA_VERSION,
            tool: tool(),
            environment: self.environment,
            scenario: settings(scenario),
            race: race(scenario, &self.runs),
            spread: spreads(scenario, &self.runs),
            runs: self.runs,
            assertions,
            exit_code,
            interrupted: self.interrupted,
            left_behind: self.left_behind,
        };
        Finished {
            report,
            error: self.error,
            cut_short: self.cut_short,
        }
    }

    /// What is proven comes first. A service that fails after the first load has begun leaves the runs without proof; only one
    /// that was not there before it could not be reached.
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

/// A trial that proves nothing says nothing about the race either, unless it raced.
fn could_race(run: &Run) -> bool {
    run.verdict != Verdict::Inconclusive || run.ledger.is_over_issued()
}

fn open_loop(arrivals: Arrivals) -> Option<OpenLoop> {
    let Arrivals::OpenLoop { profile, spacing } = arrivals else {
        return None;
    };
    let nanoseconds = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let mut settings = OpenLoop {
        rate_per_s: None,
        ramp_ns: None,
        spike_ns: None,
        spacing,
    };
    match profile {
        Profile::Constant { per_second } => settings.rate_per_s = Some(per_second),
        Profile::Ramp {
            over,
            up_to_per_second,
        } => {
            settings.ramp_ns = Some(nanoseconds(over));
            settings.rate_per_s = up_to_per_second;
        }
        Profile::Spike { over } => settings.spike_ns = Some(nanoseconds(over)),
    }
    Some(settings)
}

/// The scenario as a report tells it.
pub fn settings(scenario: &Scenario) -> Settings {
    let (workload, services) = (&scenario.workload, &scenario.services);
    let target = scenario.subjects.iter().find_map(|subject| match subject {
        Subject::Target(target) => Some(described(target, workload)),
        Subject::Strategy(_) => None,
    });
    // None of our services has a part in it.
    let unless_target = |service: String| match &target {
        Some(_) => "none".to_owned(),
        None => service,
    };
    Settings {
        title: scenario.title.clone(),
        strategies: scenario
            .subjects
            .iter()
            .map(|subject| subject.name().to_owned())
            .collect(),
        refused: scenario
            .refused
            .iter()
            .map(|refused| Refused {
                strategy: refused.entry.name.to_owned(),
                reason: refused.reason.to_owned(),
            })
            .collect(),
        users: workload.users,
        limit: workload.limit,
        attempts: workload.attempts,
        in_flight: workload.arrivals.in_flight(),
        open_loop: open_loop(workload.arrivals),
        trials: scenario.trials,
        instances: scenario.instances,
        warmup: workload.warmup,
        seed: workload.seed,
        db: unless_target(services.db.to_string()),
        db_pool: services.db_pool,
        db_connection: services.db_connection,
        redis: unless_target(services.redis.to_string()),
        redis_connections: services.redis_connections,
        kafka: unless_target(services.kafka.to_string()),
        consumers: services.consumers,
        consumer_batch: services.consumer_batch,
        consumer_rate_per_s: services.consumer_rate.map(Rate::per_second),
        tls_ca: services
            .tls_ca
            .as_ref()
            .map(|ca| ca.path().display().to_string()),
        timeout_ns: u64::try_from(workload.timeout.as_nanos()).unwrap_or(u64::MAX),
        max_undecided: Some(scenario.max_undecided),
        bystander_rate_per_s: scenario.bystander_rate.map(Rate::per_second),
        trace: scenario.trace,
        keep: scenario.keep,
        target,
    }
}

fn described(target: &Target, workload: &Workload) -> TargetSettings {
    TargetSettings {
        file: target.path.display().to_string(),
        address: target.address(),
        http_version: target.service.version.to_string(),
        connections: target.connections(workload) as u64,
        claim: target.claim.name.clone(),
        ledger: target.ledger.describe(),
        allow_remote: target.reach.remote == Remote::Allowed,
    }
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
    fn a_service_that_was_never_there_is_told_from_one_that_died_in_the_middle() {
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
        // What is proven stays so.
        let mut violated = of(fixtures::violated().runs);
        (violated.error, violated.left_behind) = (gone(), true);
        assert_eq!(violated.exit_code(&[]), exit::VIOLATED);
        violated.interrupted = true;
        assert_eq!(violated.exit_code(&[]), exit::INTERRUPTED);
    }

    #[test]
    fn what_was_not_observed_is_inconclusive_unless_something_else_is_violated() {
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
