//! The judgement of a run, from its recording and the evidence of its ledger.

use super::{
    health,
    measure::{self, ReportInput},
    trial::{Recording, RunContext, ServicesUsed},
};
use crate::{
    config::scenario::{Scenario, Subject},
    judge::{
        ledger::Ledger,
        verdict::{self, Circumstances, LimitFrom, PromiseTerms, ResponseCounts},
        witness,
    },
    model::{
        environment::cores,
        outcome::{Attempt, Outcome},
        report::{Run, Strangers},
    },
    ports::UserId,
};

/// What the ledger of a run has shown.
#[derive(Default)]
pub struct Evidence {
    /// The ledger reconciled with the outcomes; `None` where the ledger could not be read.
    pub ledger: Option<Ledger>,
    /// The user of every coupon, in the order of the rows; `None` where the ledger does not name users.
    pub rows: Option<Vec<UserId>>,
    /// Why the ledger could not be read.
    pub trouble: Option<String>,
    /// Coupons of users who are not users of the run.
    pub strangers: Strangers,
}

/// Judges a run and makes its report.
pub fn judge(
    run: &RunContext<'_>,
    services: ServicesUsed,
    recording: &Recording,
    evidence: Evidence,
) -> Run {
    let Evidence {
        ledger,
        rows,
        trouble,
        ..
    } = evidence;
    let (scenario, subject) = (run.scenario, run.subject);
    let read = rows.as_ref().map(Vec::len);
    tracing::info!(rows = ?read, completion = ?recording.drained.completion, "ledger read");
    let measurements = &recording.measurements;
    let arrivals = scenario.workload.arrivals;
    let mut health = health::examine(arrivals, measurements, measurements.duration(), cores());
    health.warnings.extend(recording.notes.iter().cloned());
    let mut circumstances = circumstances(scenario, recording, trouble);
    if let Some(target) = &services.target {
        // These attempts have an answer, although no rule matches it.
        let unclassified = target.unclassified.count;
        circumstances.unanswered = circumstances.unanswered.saturating_sub(unclassified);
    }
    circumstances.problems.extend(health.doubt.clone());
    let claim = claim(scenario, subject);
    let judgement = verdict::judge(claim, ledger.as_ref(), &circumstances);
    let witness = recording.traced.as_ref().and_then(|traced| {
        let observation = witness::run::Run {
            strategy: subject.name(),
            attempts: &measurements.attempts,
            rows: rows.as_deref()?,
            ledger: ledger.as_ref()?.by_user()?,
            limit: scenario.workload.limit,
            users: scenario.workload.users,
        };
        witness::run::first(&observation, traced, &judgement.findings)
    });
    measure::report(&ReportInput {
        run,
        services,
        recording,
        ledger,
        health,
        judgement,
        witness,
    })
}

/// The claim that the run is judged by. A promise for a single process does not hold for several.
fn claim(scenario: &Scenario, subject: &Subject) -> PromiseTerms {
    // The instances send claims to a service. The number of processes of the service itself is not known.
    let instances = match subject {
        Subject::Strategy(_) => scenario.instances,
        Subject::Target(_) => 1,
    };
    PromiseTerms {
        promise: subject.promise().to_instances(instances),
        one_per_user: subject.one_per_user(),
        limit: scenario.workload.limit,
        limit_from: match subject {
            Subject::Strategy(_) => LimitFrom::Subject,
            Subject::Target(_) => LimitFrom::User,
        },
    }
}

fn circumstances(
    scenario: &Scenario,
    recording: &Recording,
    trouble: Option<String>,
) -> Circumstances {
    let Recording {
        measurements,
        drained,
        troubles,
        ..
    } = recording;
    let mut troubles = troubles.clone();
    troubles.extend(drained.trouble.clone());
    troubles.extend(trouble);
    let troubles: Vec<_> = troubles
        .iter()
        .map(|text| crate::text::redact::foreign(text))
        .collect();
    let told = told(&measurements.attempts);
    Circumstances {
        asked: scenario.workload.total_attempts(),
        made: measurements.attempts.len() as u64,
        told,
        faults: told.undecided() + measurements.deliveries.failed,
        injected: false,
        unanswered: told.indeterminate,
        max_undecided: Some(scenario.max_undecided),
        peak_in_flight: measurements.peak_in_flight,
        completion: drained.completion,
        problems: troubles,
    }
}

/// The number of attempts by response.
pub fn told(attempts: &[Attempt]) -> ResponseCounts {
    let mut told = ResponseCounts::default();
    for attempt in attempts {
        *match attempt.outcome {
            Outcome::Issued => &mut told.issued,
            Outcome::SoldOut => &mut told.sold_out,
            Outcome::Accepted => &mut told.accepted,
            Outcome::Failed => &mut told.failed,
            Outcome::Indeterminate => &mut told.indeterminate,
            Outcome::Duplicate => continue,
        } += 1;
    }
    told
}
